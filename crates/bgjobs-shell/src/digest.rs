//! One line about many jobs: what ended, what failed and why, what is unread, what still runs.
//!
//! Knows nothing of when it is shown.

use std::{
    fmt::{self, Display, Write},
    time::{Duration, Instant},
};

use bgjobs::{AnyJob, JobId, Outcome, State, one_line};

use bgjobs_cli::durations::about;

use crate::text::shortened;

/// How many jobs of a kind are named.
const NAMED: usize = 3;

/// How much of a name or a message is shown, in characters.
const LONGEST_TEXT: usize = 40;

/// The numbers behind the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Digest {
    done: usize,
    stopped: usize,
    /// The names and messages of the jobs that failed.
    failed: Vec<(JobId, String, String)>,
    /// The jobs with unread output.
    unread: Vec<JobId>,
    /// The jobs that have not ended, and an estimate of how long each will still run.
    running: Vec<(JobId, Option<Duration>)>,
}

impl Digest {
    /// Sums up `jobs`; those that ended count only if they ended after `since`.
    pub(crate) fn new<'a>(
        jobs: impl IntoIterator<Item = &'a AnyJob>,
        is_unread: impl Fn(&AnyJob) -> bool,
        since: Option<Instant>,
    ) -> Self {
        let mut digest = Self::default();
        for job in jobs {
            digest.add(job, since);
            if is_unread(job) {
                digest.unread.push(job.id());
            }
        }
        digest
    }

    /// Counts a job; one that ended counts only if it ended after `since`.
    pub(crate) fn add(&mut self, job: &AnyJob, since: Option<Instant>) {
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
                let why = job.failure().map(|failure| format!("{failure:#}")).unwrap_or_default();
                self.failed.push((job.id(), job.name().to_string(), why));
            }
        }
    }

    /// Whether any job failed.
    #[cfg(feature = "terminal")]
    pub(crate) fn has_failures(&self) -> bool {
        !self.failed.is_empty()
    }

    /// The same, without names and messages.
    #[cfg(feature = "terminal")]
    pub(crate) fn in_numbers(&self) -> String {
        self.with_failed(self.failed.iter().map(|(id, ..)| format!("#{id}")))
    }

    /// How many jobs ended and how, such as `2 done, 1 failed`; none if no job did.
    #[cfg(feature = "terminal")]
    pub(crate) fn ended(&self) -> Option<String> {
        let counts = [(self.done, "done"), (self.failed.len(), "failed"), (self.stopped, "stopped")];
        joined(counts.map(|(count, what)| counted(count, what, [])))
    }
}

/// Reads `3 done, 1 failed (#4 load: no rows), 2 with unread output (#1; #4), 1 still running (#7, about 4m left)`.
impl Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failed.iter().map(|(id, name, why)| format!("#{id} {}: {}", short(name), short(why)));
        f.write_str(&self.with_failed(failed))
    }
}

impl Digest {
    fn with_failed(&self, failed: impl Iterator<Item = String>) -> String {
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
        joined(parts).unwrap_or_else(|| "no jobs".to_owned())
    }
}

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Reads `2 still running (#7; #8)`; none if the count is 0.
fn counted(count: usize, what: &str, each: impl IntoIterator<Item = String>) -> Option<String> {
    if count == 0 {
        return None;
    }
    let mut text = format!("{count} {what}");
    let mut named: Vec<_> = each.into_iter().take(NAMED).collect();
    if !named.is_empty() && count > NAMED {
        named.push(format!("{} more", count - NAMED));
    }
    if !named.is_empty() {
        // Writing to a string can't fail.
        let _ = write!(text, " ({})", named.join("; "));
    }
    Some(text)
}

/// The beginning of the first line of a text, harmless to the terminal.
fn short(text: &str) -> String {
    one_line(&shortened(text.lines().next().unwrap_or_default(), LONGEST_TEXT, "…")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_counted_and_named() {
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
    fn only_the_first_of_many_jobs_and_the_start_of_long_texts_are_shown() {
        let failed = (0..5).map(|n| (n.into(), "n".repeat(100), "\u{1b}[2J".to_owned())).collect();
        let text = Digest { failed, ..Digest::default() }.to_string();
        let each = |n| format!("#{n} {}…: \\u{{1b}}[2J", "n".repeat(LONGEST_TEXT));
        assert_eq!(text, format!("5 failed ({}; {}; {}; 2 more)", each(0), each(1), each(2)));
    }

    #[test]
    fn without_jobs_there_are_no_jobs() {
        assert_eq!(Digest::default().to_string(), "no jobs");
    }
}
