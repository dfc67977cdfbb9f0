//! What the tools of an agent do.
//!
//! Knows nothing of how they are described. The arguments are of the kinds that the table of tools says.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use bgjobs::{KeepOptions, KeptId, KeptJob, KeptJobs, one_line};
use bgjobs_cli::{durations, listing as kept_listing, looking, removing, text};
use serde_json::{Map, Value as Json};

use super::tail::{self, Place, Portion};
use crate::text::shortened;

/// The longest wait, in seconds: clients give up after 60.
pub(super) const LONGEST_WAIT: f64 = 50.0;

/// The pause of a wait between two looks whether the agent has left.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest line of a list, in characters.
const LONGEST_LINE: usize = 200;

/// The longest answer about one job, in characters: a command may be of any length.
const LONGEST_ANSWER: usize = 2_000;

/// The texts of an answer, or why there is none and what the agent can do about it.
pub(super) type Said = Result<Vec<String>, String>;

/// What a call was given.
pub(super) struct Arguments<'a> {
    pub(super) values: &'a Map<String, Json>,
    pub(super) is_over: &'a AtomicBool,
}

impl Arguments<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_str()
    }

    fn job(&self) -> Result<KeptJob, String> {
        let id: KeptId = self.text("job").unwrap_or_default().parse().map_err(to_text)?;
        jobs()?.get(id).map_err(|error| format!("{error}: list shows all"))
    }
}

pub(super) fn start(arguments: &Arguments<'_>) -> Said {
    let text = |name| arguments.text(name);
    let time_limit = text("time_limit").map(|word| {
        durations::typed(word).ok_or_else(|| format!("`{}` is no time: write 30s, 5m or 1h30m", one_line(word)))
    });
    let options = KeepOptions {
        name: text("name").map(|name| name.to_owned().into()),
        key: text("key").map(str::to_owned),
        time_limit: time_limit.transpose()?,
        folder: text("dir").map(Into::into),
        ..KeepOptions::default()
    };
    let command: Vec<&str> = match &arguments.values["command"] {
        Json::String(line) => vec!["sh", "-c", line],
        words => words.as_array().into_iter().flatten().filter_map(Json::as_str).collect(),
    };
    let job = jobs()?.start(command, options).map_err(to_text)?;
    Ok(vec![line(&job)])
}

pub(super) fn list(arguments: &Arguments<'_>) -> Said {
    let all = arguments.values.get("all") == Some(&Json::Bool(true));
    let listed = kept_listing::listed(&jobs()?, all).map_err(to_text)?;
    if listed.is_empty() {
        return Ok(vec![kept_listing::listing([])]);
    }
    Ok(vec![listed.iter().map(line).collect::<Vec<_>>().join("\n")])
}

pub(super) fn wait(arguments: &Arguments<'_>) -> Said {
    let job = arguments.job()?;
    let seconds = arguments.values.get("seconds").and_then(Json::as_f64).unwrap_or(LONGEST_WAIT);
    let deadline = Instant::now() + Duration::from_secs_f64(seconds);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let state = job.wait_timeout(left.min(PAUSE)).map_err(to_text)?;
        if state.is_over() || left.is_zero() || arguments.is_over.load(Ordering::Relaxed) {
            return told(&job, kept_listing::line);
        }
    }
}

pub(super) fn tail(arguments: &Arguments<'_>) -> Said {
    let cursor = arguments.text("cursor").map(str::parse).transpose()?;
    let job = arguments.job()?;
    // What was printed before the end is there once the end is.
    let stands = line(&job);
    let place: Place = cursor.map_or_else(|| tail::newest(&job), Ok).map_err(to_text)?;
    let Portion { text, next, has_more } = Portion::read(&job, place).map_err(to_text)?;
    let mut remarks = Vec::new();
    if cursor.is_none() && place != Place::default() {
        remarks.push(format!("[what came before is left out: it begins at cursor 0, and ends at {place}]"));
    }
    remarks.push(format!("[next cursor: {next}; {}]", if has_more { "there is more" } else { "this is all so far" }));
    remarks.push(stands);
    Ok(vec![text, remarks.join("\n")])
}

pub(super) fn result(arguments: &Arguments<'_>) -> Said {
    told(&arguments.job()?, text::whole)
}

pub(super) fn stop(arguments: &Arguments<'_>) -> Said {
    let job = arguments.job()?;
    removing::end(&job, "bgjobs mcp").map_err(to_text)?;
    Ok(vec![line(&job)])
}

fn jobs() -> Result<KeptJobs, String> {
    KeptJobs::of_user().map_err(to_text)
}

/// Tells of a job, after which its end has been seen.
fn told(job: &KeptJob, in_words: fn(&kept_listing::Read) -> String) -> Said {
    let read = job.summary();
    let told = looking::told(job, &read, in_words);
    read.map_err(to_text)?;
    job.mark_seen();
    Ok(vec![shortened(&told, LONGEST_ANSWER, "…").into_owned()])
}

/// A job on one line, which is never long.
fn line(job: &KeptJob) -> String {
    shortened(&kept_listing::line(&job.summary()), LONGEST_LINE, "…").into_owned()
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` has it")]
fn to_text(error: impl ToString) -> String {
    error.to_string()
}
