//! Kept jobs in words and as JSON.
//!
//! Knows nothing of where either is shown.

use std::time::SystemTime;

use bgjobs::{KeptId, KeptJob, KeptState, Outcome, one_line};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value as Json, json};

use crate::{
    listing::{Read, line, listing, state},
    word::program,
};

/// A list of jobs, and what they take of the disk.
#[must_use]
pub fn list(jobs: &[KeptJob], read: &[Read]) -> String {
    let list = listing(read);
    let size = jobs.iter().map(KeptJob::size).sum();
    if jobs.is_empty() { list } else { format!("{list}\n{} on the disk", bytes(size)) }
}

/// A job on several lines.
#[must_use]
pub fn whole(read: &Read) -> String {
    let Ok(job) = read else { return line(read) };
    let folder = job.folder.to_string_lossy();
    let mut lines = vec![format!("{} {}", job.id, job.name), state(job)];
    lines.push(format!("started {} in {}", at(job.created), one_line(&folder)));
    if let KeptState::Ended(end) = &job.state {
        lines.extend(end.value.as_ref().map(|value| format!("value {}", one_line(value))));
        lines.push(format!("{} of log: {} log {}", bytes(end.output), program(), job.id));
    }
    lines.join("\n")
}

/// What is said of the processes of a lost job that still run.
#[must_use]
pub fn strays(id: KeptId, count: usize) -> String {
    let it = program();
    match count {
        0 => String::new(),
        1 => format!("\n1 process of it still runs: {it} stop {id} ends it"),
        _ => format!("\n{count} processes of it still run: {it} stop {id} ends them"),
    }
}

/// What stands in the place of output that was dropped.
#[must_use]
pub fn dropped(count: u64) -> String {
    format!("[{} of the log were dropped here]\n", bytes(count))
}

/// A time of day in the user's zone.
fn at(time: SystemTime) -> String {
    let time =
        Timestamp::try_from(time).map(|at| at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string());
    time.unwrap_or_else(|_| "?".to_owned())
}

/// All that is known of a job, or why nothing is.
#[must_use]
pub fn json(id: KeptId, read: &Read) -> Json {
    let job = match read {
        Ok(job) => job,
        Err(error) => return json!({"id": id.to_string(), "state": "broken", "message": error.to_string()}),
    };
    let (state, end) = match &job.state {
        KeptState::Starting => ("starting", None),
        KeptState::Running => ("running", None),
        KeptState::Ended(end) => (
            match end.outcome {
                Outcome::Done => "done",
                Outcome::Failed => "failed",
                Outcome::Stopped => "stopped",
            },
            Some(end),
        ),
        KeptState::Lost(_) => ("lost", None),
        _ => ("elsewhere", None),
    };
    let lost = if let KeptState::Lost(reason) = &job.state { Some(reason.to_string()) } else { None };
    let rfc3339 = |time| humantime::format_rfc3339_micros(time).to_string();
    json!({
        "id": id.to_string(),
        "name": &*job.name,
        "command": job.command,
        "folder": job.folder.to_string_lossy(),
        "language": job.language,
        "key": job.key,
        "time_limit": job.time_limit.map(|limit| limit.as_secs_f64()),
        "host": job.host,
        "created": rfc3339(job.created),
        "state": state,
        "exit": end.and_then(|end| end.exit),
        "signal": end.and_then(|end| end.signal),
        "message": end.map(|end| end.message.clone()).or(lost),
        "value": end.and_then(|end| end.value.as_deref()),
        "ended": end.map(|end| rfc3339(end.ended)),
        "ran": end.map(|end| end.ran.as_secs_f64()),
        "output": end.map(|end| end.output),
    })
}

/// A size as people read it: `512 B`, `1.5 KB`, `343 MB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    let (mut unit, mut tenths) = ("B", count.saturating_mul(10));
    for larger in ["KB", "MB", "GB"] {
        if tenths < 10_000 {
            break;
        }
        (unit, tenths) = (larger, tenths / 1_000);
    }
    let whole = tenths / 10;
    if unit == "B" || whole >= 10 { format!("{whole} {unit}") } else { format!("{whole}.{} {unit}", tenths % 10) }
}

/// A size as people type it: `1000`, `500M`, `2G`.
#[must_use]
pub fn typed_bytes(text: &str) -> Option<u64> {
    let (digits, shift) = match text.char_indices().last()? {
        (at, 'K') => (&text[..at], 10),
        (at, 'M') => (&text[..at], 20),
        (at, 'G') => (&text[..at], 30),
        _ => (text, 0),
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_digits_or_more() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 KB"),
            (12_345, "12 KB"),
            (343_000_000, "343 MB"),
            (u64::MAX, "1844674407 GB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn sizes_are_typed_in_bytes_or_in_powers_of_1024() {
        let typed = ["1000", "2K", "3M", "2G", "", "G", "1T", "-1", "99999999999999G"].map(typed_bytes);
        let none = None;
        assert_eq!(typed, [Some(1_000), Some(2_048), Some(3 << 20), Some(2 << 30), none, none, none, none, none]);
    }
}
