//! The list of all jobs: the original's three lists, with a short summary of each job.
//!
//! Knows nothing of where it is shown.

use std::fmt::Write;

use bgjobs::{AnyJob, State, Status, one_line};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{
    durations::{about, spent},
    lang::Jobs,
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
                let _ = writeln!(text, "{INDENT}{}", cut(&words, columns.saturating_sub(INDENT.len())));
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
    let last = last_line(job)?;
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

/// The last line that a job printed, as a terminal would show it: without what a carriage return overwrote.
fn last_line(job: &AnyJob) -> Option<String> {
    if job.printed() == 0 {
        return None;
    }
    let line = job.log().tail(1).pop()?;
    let shown = line.text.trim_end_matches('\r');
    Some(one_line(shown.rsplit('\r').next().unwrap_or(shown)).to_string())
}

/// A text in at most `columns` columns.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut room = columns.saturating_sub(1);
    let fits = |c: &char| {
        let width = c.width().unwrap_or(0);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_the_available_columns() {
        for (text, columns, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("", 0, ""),
            ("abc", 0, "…"),
        ] {
            assert_eq!(cut(text, columns), expected, "{text} {columns}");
        }
    }
}
