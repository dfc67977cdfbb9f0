//! The table of the tools of an agent: what each is for, and what it takes.
//!
//! Knows nothing of what a tool does.

use std::sync::atomic::AtomicBool;

use bgjobs::one_line;
use serde_json::{Map, Value as Json, json};

use super::{
    calls::{self, Arguments, LONGEST_WAIT, Said},
    message::Request,
};
use crate::text::shortened;

struct Tool {
    name: &'static str,
    description: &'static str,
    changes_nothing: bool,
    takes_time: bool,
    /// The first is needed if `needs_first`.
    arguments: &'static [(&'static str, Kind, &'static str)],
    needs_first: bool,
    call: fn(&Arguments<'_>) -> Said,
}

/// What an argument is.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Command,
    Seconds,
    Flag,
}

impl Kind {
    fn schema(self) -> Json {
        match self {
            Self::Text => json!({"type": "string"}),
            Self::Command => json!({"anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ]}),
            Self::Seconds => json!({"type": "number", "minimum": 0, "maximum": LONGEST_WAIT}),
            Self::Flag => json!({"type": "boolean"}),
        }
    }

    /// What it wants, unless `value` is that.
    fn wish(self, value: &Json) -> Option<&'static str> {
        let (fits, wish) = match self {
            Self::Text => (value.is_string(), "a text"),
            Self::Command => {
                let is_list = value.as_array().is_some_and(|words| words.iter().all(Json::is_string));
                (value.is_string() || is_list, "a text or a list of texts")
            }
            Self::Seconds => {
                let fits = value.as_f64().is_some_and(|seconds| (0.0..=LONGEST_WAIT).contains(&seconds));
                (fits, "a number from 0 to 50; a longer wait is several")
            }
            Self::Flag => (value.is_boolean(), "true or false"),
        };
        (!fits).then_some(wish)
    }
}

const JOB: (&str, Kind, &str) = ("job", Kind::Text, "its number, such as k12");

const TOOLS: [Tool; 6] = [
    Tool {
        name: "start",
        description: "Starts a command that goes on without this session, with no input, and says its number.",
        changes_nothing: false,
        takes_time: false,
        arguments: &[
            ("command", Kind::Command, "the program and its arguments as a list, or a text that sh runs"),
            ("key", Kind::Text, "starts it only once: while there is a job with this key, says that one"),
            ("time_limit", Kind::Text, "stops it after this time: 30s, 5m, 1h30m"),
            ("name", Kind::Text, "what it is called, instead of its command"),
            ("dir", Kind::Text, "where it runs, instead of the server's folder"),
        ],
        needs_first: true,
        call: calls::start,
    },
    Tool {
        name: "list",
        description: "Lists the jobs that run and the newest 20, a line each.",
        changes_nothing: true,
        takes_time: false,
        arguments: &[("all", Kind::Flag, "lists all jobs")],
        needs_first: false,
        call: calls::list,
    },
    Tool {
        name: "wait",
        description: "Waits until a job has ended, 50 seconds at most, and says where it stands. Call it again while it runs.",
        changes_nothing: true,
        takes_time: true,
        arguments: &[JOB, ("seconds", Kind::Seconds, "how long at most; 50 by default")],
        needs_first: true,
        call: calls::wait,
    },
    Tool {
        name: "tail",
        description: "Shows what a job printed, 8,000 characters at most, without control codes; then the next cursor.",
        changes_nothing: true,
        takes_time: false,
        arguments: &[
            JOB,
            ("cursor", Kind::Text, "where to begin: 0, or what tail said last; by default the newest is shown"),
        ],
        needs_first: true,
        call: calls::tail,
    },
    Tool {
        name: "result",
        description: "Says what a job was and how it ended, without waiting.",
        changes_nothing: true,
        takes_time: false,
        arguments: &[JOB],
        needs_first: true,
        call: calls::result,
    },
    Tool {
        name: "stop",
        description: "Ends a job with all processes that it started: SIGTERM, and SIGKILL after a second.",
        changes_nothing: false,
        takes_time: true,
        arguments: &[JOB],
        needs_first: true,
        call: calls::stop,
    },
];

/// All tools, as the protocol describes them.
pub(super) fn described() -> Vec<Json> {
    let described = |tool: &Tool| {
        let property = |&(name, kind, description): &(&str, Kind, &str)| {
            let mut schema = kind.schema();
            schema["description"] = description.into();
            (name.to_owned(), schema)
        };
        let properties: Map<_, _> = tool.arguments.iter().map(property).collect();
        json!({
            "name": tool.name,
            "description": tool.description,
            "inputSchema": {
                "type": "object",
                "properties": properties,
                "required": required(tool),
                "additionalProperties": false,
            },
            "annotations": {"readOnlyHint": tool.changes_nothing},
        })
    };
    TOOLS.iter().map(described).collect()
}

fn required(tool: &Tool) -> Vec<&'static str> {
    tool.arguments.iter().map(|(name, ..)| *name).take(tool.needs_first.into()).collect()
}

/// Whether a request is better answered beside others.
pub(super) fn takes_time(request: &Request) -> bool {
    request.method == "tools/call"
        && TOOLS.iter().any(|tool| tool.takes_time && request.parameters["name"] == tool.name)
}

/// Calls a tool; the outer error is that there is none. A wait ends early once `is_over` is set.
pub(super) fn call(parameters: &Json, is_over: &AtomicBool) -> Result<Said, String> {
    let name = parameters["name"].as_str().ok_or("`name` is no text: which tool?")?;
    let tool = TOOLS.iter().find(|tool| tool.name == name);
    let tool = tool.ok_or_else(|| format!("there is no tool `{}`: tools/list lists them", one_line(name)))?;
    let none = Map::new();
    let values = match &parameters["arguments"] {
        Json::Null => &none,
        Json::Object(values) => values,
        _ => return Err("`arguments` is no object".to_owned()),
    };
    Ok(check(tool, values).and_then(|()| (tool.call)(&Arguments { values, is_over })))
}

/// Checks that a tool has what it needs, and nothing that it does not know.
fn check(tool: &Tool, values: &Map<String, Json>) -> Result<(), String> {
    let Tool { name: tool_name, arguments, .. } = tool;
    if let Some(missing) = required(tool).into_iter().find(|name| values.get(*name).is_none_or(Json::is_null)) {
        return Err(format!("{tool_name} needs `{missing}`"));
    }
    for (name, value) in values {
        let Some((_, kind, _)) = arguments.iter().find(|(known, ..)| known == name) else {
            let known: Vec<_> = arguments.iter().map(|(known, ..)| *known).collect();
            return Err(format!("{tool_name} has no `{}`: it takes {}", one_line(name), known.join(", ")));
        };
        // Many agents write down what they leave out.
        if let Some(wish) = kind.wish(value).filter(|_| !value.is_null()) {
            let value = one_line(&shortened(&value.to_string(), 80, "…")).to_string();
            return Err(format!("`{name}` is {value}: it takes {wish}"));
        }
    }
    Ok(())
}
