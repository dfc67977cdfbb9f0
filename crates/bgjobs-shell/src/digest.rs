//! One line for somebody who comes back: what ended, what failed and why, what is unread, what is left.
//!
//! Knows nothing of when somebody comes back.

use std::{
    fmt::{self, Display, Write},
    time::{Duration, Instant},
};

use bgjobs::{AnyJob, JobId, Outcome, State, one_line};

use crate::{durations::about, lang::Jobs};

/// How many jobs of a kind are told one by one.
const TOLD: usize = 3;

/// How much of a name or a message is told, in characters.
const LONGEST_TEXT: usize = 40;

/// What there is to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Digest {
    done: usize,
    stopped: usize,
    /// The names and the messages of those that failed.
    failed: Vec<(JobId, String, String)>,
    /// Those that printed what nobody has looked at.
    unread: Vec<JobId>,
    /// Those that have not ended, and how long each will still run, as it seems.
    running: Vec<(JobId, Option<Duration>)>,
}

impl Digest {
    /// What there is to tell of all jobs; of those that ended, only if they ended after `since`.
    pub(crate) fn new(jobs: &Jobs, since: Option<Instant>) -> Self {
        let mut digest = Self::default();
        for job in jobs.handle.all() {
            digest.add(&job, since);
            if jobs.new_lines(&job) > 0 {
                digest.unread.push(job.id());
            }
        }
        digest
    }

    fn add(&mut self, job: &AnyJob, since: Option<Instant>) {
        let State::Finished(outcome) = job.state() else {
            self.running.push((job.id(), job.remaining()));
            return;
        };
        if since.is_some_and(|since| job.times().finished.is_some_and(|finished| finished <= since)) {
            return;
        }
        match outcome {
            Outcome::Done => self.done += 1,
            Outcome::Stopped => self.stopped += 1,
            Outcome::Failed => {
                let why = job.failure().map(|failure| failure.message().to_owned()).unwrap_or_default();
                self.failed.push((job.id(), job.name().to_string(), why));
            }
        }
    }

    /// Whether no job has ended.
    #[cfg(feature = "terminal")]
    pub(crate) fn is_quiet(&self) -> bool {
        self.done + self.stopped + self.failed.len() == 0
    }
}

/// As `3 done, 1 failed (#4 load: no rows), 2 with unread output (#1, #4), 1 still running (#7, about 4m left)`.
impl Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failed.iter().map(|(id, name, why)| format!("#{id} {}: {}", short(name), short(why)));
        let unread = self.unread.iter().map(|id| format!("#{id}"));
        let running = self.running.iter().map(|(id, left)| {
            let left = left.map(|left| format!(", about {} left", about(left)));
            format!("#{id}{}", left.unwrap_or_default())
        });
        let parts = [
            counted(self.done, "done", []),
            counted(self.failed.len(), "failed", failed),
            counted(self.stopped, "stopped", []),
            counted(self.unread.len(), "with unread output", unread),
            counted(self.running.len(), "still running", running),
        ];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        f.write_str(if text.is_empty() { "no jobs" } else { &text })
    }
}

/// As `2 still running (#7; #8)`; nothing if there are none.
fn counted(count: usize, what: &str, each: impl IntoIterator<Item = String>) -> Option<String> {
    if count == 0 {
        return None;
    }
    let mut text = format!("{count} {what}");
    let mut told: Vec<_> = each.into_iter().take(TOLD).collect();
    if !told.is_empty() && count > TOLD {
        told.push(format!("{} more", count - TOLD));
    }
    if !told.is_empty() {
        // A string takes all that is written.
        let _ = write!(text, " ({})", told.join("; "));
    }
    Some(text)
}

/// The beginning of the first line of a text, harmless to the terminal.
fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", one_line(&line[..end])),
        None => one_line(line).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_counted_and_told() {
        let digest = Digest {
            done: 3,
            stopped: 1,
            failed: vec![(4.into(), "load".into(), "no rows\nat all".into())],
            unread: vec![1.into(), 4.into()],
            running: vec![(7.into(), Some(Duration::from_secs(250))), (8.into(), None)],
        };
        assert_eq!(
            digest.to_string(),
            "3 done, 1 failed (#4 load: no rows), 1 stopped, 2 with unread output (#1; #4), \
             2 still running (#7, about 4m left; #8)"
        );
    }

    #[test]
    fn of_many_only_the_first_are_told_and_of_long_texts_the_beginning() {
        let failed = (0..5).map(|n| (n.into(), "n".repeat(100), "\u{1b}[2J".to_owned())).collect();
        let text = Digest { failed, ..Digest::default() }.to_string();
        let each = |n| format!("#{n} {}…: \\u{{1b}}[2J", "n".repeat(LONGEST_TEXT));
        assert_eq!(text, format!("5 failed ({}; {}; {}; 2 more)", each(0), each(1), each(2)));
    }

    #[test]
    fn of_no_jobs_there_is_nothing_to_tell() {
        assert_eq!(Digest::default().to_string(), "no jobs");
    }
}
