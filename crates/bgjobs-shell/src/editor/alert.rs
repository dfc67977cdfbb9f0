//! Calls a user who looks elsewhere: what is written to the terminal when long jobs have ended.
//!
//! Knows the marks that terminals understand, and nothing of when something is to be told.

use bgjobs::{AnyJob, Outcome, Report, State};

use crate::{
    durations::spent,
    notify::{How, Notify},
};

/// How much of a job's name is told, in characters.
const LONGEST_NAME: usize = 60;

/// What is to be written when these jobs have ended; nothing if none of them ran long enough.
pub(super) fn call(notify: Notify, report: &Report) -> Option<String> {
    let jobs = report.completed.iter().chain(&report.dead);
    let long: Vec<_> = jobs.filter(|job| job.times().ran().is_some_and(|ran| ran >= notify.least)).collect();
    let text = match &*long {
        [] => return None,
        [job] => one(job),
        jobs => many(jobs),
    };
    match notify.how {
        How::Off => None,
        How::Bell => Some("\x07".to_owned()),
        How::Osc9 => Some(format!("\x1b]9;{text}\x07")),
        // A semicolon would begin another field.
        How::Osc777 => Some(format!("\x1b]777;notify;bgjobs;{}\x07", text.replace(';', ","))),
    }
}

fn one(job: &AnyJob) -> String {
    let did = match job.state() {
        State::Finished(Outcome::Failed) => "failed",
        State::Finished(Outcome::Stopped) => "stopped",
        _ => "done",
    };
    let name: String = job.name().to_string().chars().take(LONGEST_NAME).collect();
    // A terminal may take a text for another order that begins with a number, so this begins with a word.
    format!("Job #{} {did} after {}: {name}", job.id(), spent(job.times().ran().unwrap_or_default()))
}

fn many(jobs: &[&AnyJob]) -> String {
    let count = |outcome| jobs.iter().filter(|job| job.state() == State::Finished(outcome)).count();
    let kinds = [(Outcome::Done, "done"), (Outcome::Failed, "failed"), (Outcome::Stopped, "stopped")];
    let parts = kinds.map(|(outcome, word)| (count(outcome), word)).into_iter().filter(|&(count, _)| count > 0);
    let parts: Vec<_> = parts.map(|(count, word)| format!("{count} {word}")).collect();
    format!("{} jobs have ended: {}", jobs.len(), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use bgjobs::{Failure, JobManager};

    use super::*;

    /// What is written when jobs of these names end, the first of them badly.
    fn called(setting: &str, names: &[&str]) -> Option<String> {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        for (place, name) in names.iter().enumerate() {
            let end = move || if place == 0 { Err(Failure::new("no")) } else { Ok(()) };
            jobs.try_spawn((*name).to_owned(), end).expect("there are threads").wait().expect("it ends");
        }
        call(setting.parse().expect(setting), &notices.report())
    }

    #[test]
    fn nothing_in_a_name_drives_the_terminal() {
        let name = "a;b\u{1b}]0;x\u{7}\u{9c}";
        let shown = r"a;b\u{1b}]0;x\u{7}\u{9c}";
        let told = format!("Job #0 failed after 0.0s: {shown}");
        assert_eq!(called("osc9:0", &[name]), Some(format!("\x1b]9;{told}\x07")));
        assert_eq!(called("osc777:0", &[name]), Some(format!("\x1b]777;notify;bgjobs;{}\x07", told.replace(';', ","))));
        let cut = called("osc9:0", &[&"n".repeat(1_000)]).expect("it is told");
        assert!(cut.len() < 100, "{cut}");
    }

    #[test]
    fn several_that_end_together_are_told_together_and_short_ones_not_at_all() {
        assert_eq!(called("bell:0", &["a", "b", "c"]).as_deref(), Some("\x07"));
        assert_eq!(
            called("osc9:0", &["a", "b", "c"]).as_deref(),
            Some("\x1b]9;3 jobs have ended: 2 done, 1 failed\x07")
        );
        assert_eq!(called("bell:1h", &["a"]), None);
        assert_eq!(called("off", &["a"]), None);
    }
}
