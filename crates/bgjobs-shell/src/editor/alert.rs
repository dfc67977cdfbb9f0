//! Alerts a user who looks elsewhere: what is written to the terminal when long jobs have ended.
//!
//! Knows the escape sequences of terminals, and nothing of when to alert.

use bgjobs::{AnyJob, Outcome, Report, State};
use bgjobs_cli::durations::spent;

use crate::{
    digest::Digest,
    notify::{Method, Notify},
};

/// How much of a job's name is shown, in characters.
const LONGEST_NAME: usize = 60;

/// What to write when these jobs have ended; none if no job ran long enough.
pub(super) fn alert(notify: Notify, report: &Report) -> Option<String> {
    let jobs = report.completed.iter().chain(&report.dead);
    let long: Vec<_> = jobs.filter(|job| job.times().ran().is_some_and(|ran| ran >= notify.least)).collect();
    // A terminal may read a text that begins with a number as another command, so each begins with a word.
    let text = match &*long {
        [] => return None,
        [job] => one(job),
        jobs => {
            let digest = Digest::new(jobs.iter().copied(), |_| false, None);
            format!("Jobs have ended: {}", digest.ended().unwrap_or_default())
        }
    };
    match notify.method {
        Method::Off => None,
        Method::Bell => Some("\x07".to_owned()),
        Method::Osc9 => Some(format!("\x1b]9;{text}\x07")),
        // A semicolon would begin another field.
        Method::Osc777 => Some(format!("\x1b]777;notify;bgjobs;{}\x07", text.replace(';', ","))),
    }
}

fn one(job: &AnyJob) -> String {
    let did = match job.state() {
        State::Finished(Outcome::Failed) => "failed",
        State::Finished(Outcome::Stopped) => "stopped",
        _ => "done",
    };
    let name: String = job.name().to_string().chars().take(LONGEST_NAME).collect();
    format!("Job #{} {did} after {}: {name}", job.id(), spent(job.times().ran().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use bgjobs::{Failure, JobManager};

    use super::*;

    /// What is written when jobs of these names end; the first of them fails.
    fn called(setting: &str, names: &[&str]) -> Option<String> {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        for (index, name) in names.iter().enumerate() {
            let end = move || if index == 0 { Err(Failure::new("no")) } else { Ok(()) };
            jobs.try_spawn((*name).to_owned(), end).expect("there are threads").wait().expect("it ends");
        }
        alert(setting.parse().expect(setting), &notices.report())
    }

    #[test]
    fn escape_sequences_in_a_name_are_harmless() {
        let name = "a;b\u{1b}]0;x\u{7}\u{9c}";
        let shown = r"a;b\u{1b}]0;x\u{7}\u{9c}";
        let text = format!("Job #0 failed after 0.0s: {shown}");
        assert_eq!(called("osc9:0", &[name]), Some(format!("\x1b]9;{text}\x07")));
        assert_eq!(called("osc777:0", &[name]), Some(format!("\x1b]777;notify;bgjobs;{}\x07", text.replace(';', ","))));
        let cut = called("osc9:0", &[&"n".repeat(1_000)]).expect("it is shown");
        assert!(cut.len() < 100, "{cut}");
    }

    #[test]
    fn ends_at_the_same_time_make_one_alert_and_short_jobs_make_none() {
        assert_eq!(called("bell:0", &["a", "b", "c"]).as_deref(), Some("\x07"));
        assert_eq!(called("osc9:0", &["a", "b", "c"]).as_deref(), Some("\x1b]9;Jobs have ended: 2 done, 1 failed\x07"));
        assert_eq!(called("bell:1h", &["a"]), None);
        assert_eq!(called("off", &["a"]), None);
    }
}
