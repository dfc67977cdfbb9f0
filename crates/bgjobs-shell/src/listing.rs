//! The list of all jobs: the original's three lists, and how each job is in few words.
//!
//! Knows how it reads, and nothing of where it is shown.

use std::{fmt::Write, time::Duration};

use bgjobs::{AnyJob, Progress, State, Status, one_line};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{
    durations::{about, spent},
    lang::Jobs,
};

/// What stands before the words about a job.
const INDENT: &str = "    ";

/// All jobs, as the original lists them; below each what is known of it, in lines of so many columns at most.
///
/// Empty if there are no jobs; else each line is ended, and each list by an empty one.
pub(crate) fn listing(jobs: &Jobs, status: &Status, columns: usize) -> String {
    let mut text = String::new();
    for (title, list) in [("Running", &status.running), ("Completed", &status.completed), ("Dead", &status.dead)] {
        if list.is_empty() {
            continue;
        }
        // A string takes all that is written.
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

/// What a job printed: how much of it nobody has seen, and the last line; of one that has ended only what is new.
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

/// Since when a job that has not ended runs or waits, how far it is, where, and what for.
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
    if let Some(progress) = job.progress() {
        parts.extend(how_far(&progress));
    }
    parts.extend(job.remaining().map(left));
    // The rest stands in what `why` tells.
    let why = job.why().first().map(|waiting| {
        let text = waiting.to_string();
        let first = text.split(';').next().unwrap_or_default();
        first.strip_prefix("it ").unwrap_or(first).to_owned()
    });
    parts.extend(why.or_else(|| job.place().map(|place| place.text.to_string())));
    Some(parts.join(", "))
}

/// How far a job is, as `fitting, 43%`.
fn how_far(progress: &Progress) -> Vec<String> {
    let mut parts: Vec<_> = progress.text.iter().map(ToString::to_string).collect();
    match progress.total {
        // Of nothing there is no part.
        Some(0) => {}
        Some(total) => {
            let percent = u128::from(progress.done.min(total)) * 100 / u128::from(total);
            parts.push(format!("{percent}%"));
        }
        None if progress.done > 0 => parts.push(format!("{} done", progress.done)),
        None => {}
    }
    parts
}

fn left(time: Duration) -> String {
    format!("about {} left", about(time))
}

/// The last line that a job printed, as a terminal would show it: of one that was written over only the last form.
fn last_line(job: &AnyJob) -> Option<String> {
    if job.printed() == 0 {
        return None;
    }
    let line = job.log().tail(1).pop()?;
    let shown = line.text.trim_end_matches('\r');
    Some(one_line(shown.rsplit('\r').next().unwrap_or(shown)).to_string())
}

/// A text in so many columns at most.
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
    fn a_text_is_cut_to_the_columns_that_there_are() {
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

    #[test]
    fn progress_is_told_as_far_as_it_is_known() {
        let told = |done, total, text: Option<&'static str>| {
            how_far(&Progress { done, total, text: text.map(Into::into) }).join(", ")
        };
        assert_eq!(told(43, Some(100), None), "43%");
        assert_eq!(told(2, Some(3), Some("fitting")), "fitting, 66%");
        assert_eq!(told(5, Some(3), None), "100%");
        assert_eq!(told(u64::MAX, Some(u64::MAX), None), "100%");
        assert_eq!(told(7, None, None), "7 done");
        assert_eq!(told(0, None, Some("looking")), "looking");
        assert_eq!(told(0, Some(0), None), "");
    }
}
