//! The list of all jobs: the original's three lists, with a short summary of each job.
//!
//! Knows nothing of where it is shown.

use std::fmt::Write;

use bgjobs::{AnyJob, State, Status, one_line, uncoloured};

use crate::{
    durations::{about, spent},
    lang::Jobs,
    text::fitted,
};

/// The indentation of a summary.
const INDENT: &str = "    ";

/// All jobs as the original lists them, with a summary below each, in lines of at most `columns` columns.
///
/// Empty if there are no jobs; otherwise every line ends in a line break, and an empty line ends each list.
pub(crate) fn listing(jobs: &Jobs, status: &Status, columns: usize) -> String {
    let mut text = String::new();
    for (title, list) in [("Running", &status.running), ("Completed", &status.completed), ("Dead", &status.dead)] {
        if list.is_empty() {
            continue;
        }
        // Writing to a string can't fail.
        let _ = writeln!(text, "{title} jobs:");
        for job in list {
            let _ = writeln!(text, "{} : {}", job.id(), job.name());
            for words in standing(job).into_iter().chain(printed(jobs, job)) {
                let _ = writeln!(text, "{INDENT}{}", fitted(&words, columns.saturating_sub(INDENT.len())));
            }
        }
        text.push('\n');
    }
    text
}

/// How much of a job's output is unread, and its last line; for a job that has ended, only if something is unread.
fn printed(jobs: &Jobs, job: &AnyJob) -> Option<String> {
    let new = jobs.new_lines(job);
    if new == 0 && job.is_finished() {
        return None;
    }
    let last = one_line(&uncoloured(&job.last_line()?.text)).to_string();
    Some(match new {
        0 => format!("last line: {last}"),
        1 => format!("1 new line: {last}"),
        _ => format!("{new} new lines, the last: {last}"),
    })
}

/// For a job that has not ended: how long it has run or waited, its progress, where it is, and what it waits for.
fn standing(job: &AnyJob) -> Option<String> {
    let (state, times) = (job.state(), job.times());
    if state.is_finished() {
        return None;
    }
    let mut parts = vec![match times.ran() {
        Some(time) => spent(time),
        None => format!("has waited {}", spent(times.created.elapsed())),
    }];
    if let Some(reason) = job.stop_reason().filter(|_| state == State::Stopping) {
        parts.push(format!("asked to stop ({reason})"));
    }
    parts.extend(job.progress().map(|progress| progress.to_string()).filter(|text| !text.is_empty()));
    parts.extend(job.remaining().map(|time| format!("about {} left", about(time))));
    // `why` shows the rest.
    let why = job.why().first().map(|waiting| {
        let text = waiting.to_string();
        let first = text.split(';').next().unwrap_or_default();
        first.strip_prefix("it ").unwrap_or(first).to_owned()
    });
    parts.extend(why.or_else(|| job.place().map(|place| place.text.to_string())));
    Some(parts.join(", "))
}
