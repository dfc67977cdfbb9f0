//! What `?name` says about a function, a variable or a job.

use std::{collections::BTreeSet, fmt::Write};

use bgjobs::{AnyJob, many_lines, one_line, uncoloured};
use rhai::Engine;
use serde_json::Value as Json;

use super::{
    jobs::Jobs,
    show::show,
    values::{language::Language, names::Names, type_name},
};
use crate::text::shortened;

/// How much of a value is shown, in characters.
const LONGEST_VALUE: usize = 400;

/// How many lines of a log are shown.
const MOST_LINES: usize = 10;

/// Functions that Rhai documents wrongly for a prompt: it speaks of the text that they make.
const PRINTS: [(&str, &str); 2] = [
    ("fn print(value)", "Prints a value on a line of its own; in a job, to its log."),
    ("fn debug(value)", "Prints a value on a line of its own, with its position in the program."),
];

/// What is known about a name, or about the job of a number.
pub(crate) fn describe(name: &str, names: &Names, language: &Language, jobs: &Jobs) -> Option<String> {
    if let Ok(number) = name.trim_start_matches(['#', '%']).parse::<u64>() {
        return jobs.handle.get(number).ok().map(|job| of_job(&job, names, jobs));
    }
    let mut text = String::new();
    // Writing to a string can't fail.
    if let Some(value) = names.variable(name) {
        let shown = show(value, names);
        let _ = writeln!(
            text,
            "{name}: {}\n{}",
            type_name::registered_name(value.data().type_name(), language),
            many_lines(&shortened(&shown, LONGEST_VALUE, " …"))
        );
        if let Some(job) = value.data().read_lock::<AnyJob>() {
            let _ = writeln!(text, "{}", of_job(&job, names, jobs));
        }
    }
    if let Some(function) = names.function(name) {
        let definition =
            names.definition(name).map(|(source, position)| (source.name.clone(), position.line().unwrap_or(1)));
        let parameters = function.params.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let _ = write!(text, "fn {name}({parameters})");
        let _ = match definition {
            Some((source, line)) => writeln!(text, "  from {source}, line {line}"),
            None => writeln!(text),
        };
        function.comments.iter().for_each(|comment| write_comment(&mut text, comment));
    } else if text.is_empty() {
        describe_own(&mut text, name, language);
    }
    (!text.is_empty()).then(|| text.trim_end().to_owned())
}

/// Functions in Rust of that name: the prompt's, Rhai's, and the host program's.
///
/// Each form of the call is shown once; the names of the parameters imply the types.
fn describe_own(text: &mut String, name: &str, language: &Language) {
    let mut described = BTreeSet::new();
    if let Some((call, what)) = PRINTS.iter().find(|(call, _)| call.starts_with(&format!("fn {name}("))) {
        let _ = writeln!(text, "{call}\n    {what}");
        return;
    }
    // Later modules hide earlier ones.
    for module in language.modules().rev() {
        let mut engine = Engine::new_raw();
        engine.register_global_module(rhai::Shared::clone(module));
        let functions = engine.gen_fn_metadata_to_json(true).unwrap_or_default();
        let functions = serde_json::from_str::<Json>(&functions).unwrap_or_default();
        let functions = functions["functions"].as_array().into_iter().flatten();
        let mut functions: Vec<_> = functions.filter(|function| function["name"] == name).collect();
        // A variadic function is registered once for each number of arguments, and documented once.
        if functions.iter().any(|function| !function["docComments"].is_null()) {
            functions.retain(|function| function["numParams"] == 0 || !function["params"].is_null());
        }
        // Rhai returns them unordered.
        functions.sort_by_key(|function| function["signature"].to_string());
        for function in functions {
            let parameters = || function["params"].as_array().into_iter().flatten();
            if parameters().any(|parameter| is_strange(parameter["type"].as_str().unwrap_or_default())) {
                continue;
            }
            let parameters = parameters().map(|parameter| parameter["name"].as_str().unwrap_or("_"));
            let call = format!("fn {name}({})\n", parameters.collect::<Vec<_>>().join(", "));
            if described.insert(call.clone()) {
                text.push_str(&call);
                for comment in function["docComments"].as_array().into_iter().flatten() {
                    write_comment(text, comment.as_str().unwrap_or_default());
                }
            }
        }
    }
}

/// Whether only Rust code makes values of a type: at the prompt there are just two types of numbers.
fn is_strange(kind: &str) -> bool {
    matches!(kind, "f32" | "i8" | "i16" | "i32" | "i128" | "u8" | "u16" | "u32" | "u64" | "u128")
}

/// The lines of a comment without its marks.
pub(super) fn comment_lines(comment: &str) -> impl Iterator<Item = &str> {
    comment.lines().map(|line| {
        let line = line.trim_start().trim_start_matches("/**").trim_start_matches("///").trim_end_matches("*/").trim();
        line.trim_start_matches('#').trim_start()
    })
}

fn write_comment(text: &mut String, comment: &str) {
    for line in comment_lines(comment) {
        if !line.is_empty() && !line.starts_with("```") {
            let _ = writeln!(text, "    {}", one_line(line));
        }
    }
}

fn of_job(job: &AnyJob, names: &Names, jobs: &Jobs) -> String {
    let mut text = format!("{job:?}: {}", job.status());
    if let Some(time) = job.times().ran() {
        let _ = write!(text, ", ran for {time:.1?}");
    }
    let folder = jobs.origin(job).map(|origin| origin.environment.folder().to_owned());
    if let Some(folder) = folder.filter(|folder| folder != names.environment.folder()) {
        let _ = write!(text, "\n    in {}", one_line(&folder.to_string_lossy()));
    }
    for waiting in job.why() {
        let _ = write!(text, "\n    {waiting}");
    }
    let lines = job.log().tail(MOST_LINES);
    for line in lines {
        let _ = write!(text, "\n    {}", one_line(&uncoloured(&line.text)));
    }
    text
}
