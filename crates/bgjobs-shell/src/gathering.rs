//! Gathers the ends of many jobs into few notices: a few jobs are named at once, those of a sweep counted in a line that
//! comes more and more seldom, and once more at its end.
//!
//! Knows nothing of where notices are shown; the time is passed in.

use std::time::{Duration, Instant};

use bgjobs::Report;
use unicode_width::UnicodeWidthStr;

use crate::{digest::Digest, lang::notice, notice_mode::NoticeMode};

/// How many jobs a notice names; the ends of more that end together are counted.
const FEW: usize = 5;

/// The least time between two notices.
const SHORTEST: Duration = Duration::from_millis(250);

/// The most time between two notices of a sweep.
const LONGEST: Duration = Duration::from_secs(16);

/// The ends that were told together.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    /// When a notice was last shown.
    told: Option<Instant>,
    /// How long the next one waits after that.
    pause: Duration,
    /// Whether no other job ran then.
    was_last: bool,
    /// How many jobs ended since the sweep began, and how.
    count: usize,
    digest: Digest,
}

impl Gathering {
    /// Whether new ends should be told now: a sweep waits, unless no job runs any more.
    pub(crate) fn is_due(&self, now: Instant, all_ended: impl FnOnce() -> bool) -> bool {
        let Some(told) = self.told else { return true };
        let passed = now.saturating_duration_since(told);
        passed >= self.pause || passed >= SHORTEST && all_ended()
    }

    /// The notice of the jobs that have just ended, while `running` others run; none if nobody wants one. One line about
    /// many jobs has at most `columns` columns, as far as possible.
    pub(crate) fn tell(
        &mut self,
        report: &Report,
        running: usize,
        (mode, columns): (NoticeMode, usize),
        now: Instant,
    ) -> Option<String> {
        if report.is_empty() {
            return None;
        }
        // Ends that come soon after the last notice belong to the same sweep.
        let soon = 4 * SHORTEST + if self.was_last { Duration::ZERO } else { 2 * self.pause };
        if self.told.is_some_and(|told| now.saturating_duration_since(told) < soon) {
            self.pause = (2 * self.pause).min(LONGEST);
        } else {
            *self = Self { pause: SHORTEST, ..Self::default() };
        }
        self.told = Some(now);
        self.was_last = running == 0;
        for job in report.completed.iter().chain(&report.dead) {
            self.digest.add(job, None);
            self.count += 1;
        }
        match mode {
            NoticeMode::Quiet => None,
            NoticeMode::Each if self.count <= FEW => Some(notice(report).trim_end().to_owned()),
            NoticeMode::Each | NoticeMode::Summary => Some(self.summary(running, columns)),
        }
    }

    /// One line about all jobs of the sweep; it names those that failed by their numbers alone if it is too long otherwise.
    fn summary(&self, running: usize, columns: usize) -> String {
        let jobs = if self.count == 1 { "job has" } else { "jobs have" };
        // Those that wait for their turn too.
        let left = if running > 0 { format!(", {running} to go") } else { String::new() };
        let why = if self.digest.has_failures() { "; `jobs failed` says why" } else { "" };
        let line = |digest| format!("{} {jobs} ended: {digest}{left}{why}", self.count);
        let whole = line(self.digest.to_string());
        if whole.width() <= columns { whole } else { line(self.digest.in_numbers()) }
    }
}

#[cfg(test)]
mod tests {
    use bgjobs::{Failure, JobManager};

    use super::*;

    /// A report of jobs that ended, the last `failed` of which failed.
    fn report(jobs: &JobManager, count: usize, failed: usize) -> Report {
        let mut notices = jobs.notices();
        for index in 0..count {
            let end = move || if index + failed >= count { Err(Failure::new("no rows")) } else { Ok(()) };
            jobs.try_spawn(format!("f({index})"), end).expect("it starts").wait().expect("it ends");
        }
        notices.report()
    }

    #[test]
    fn a_few_jobs_are_named_and_many_are_counted() {
        let jobs = JobManager::new();
        let (mut gathering, now) = (Gathering::default(), Instant::now());
        let few = gathering.tell(&report(&jobs, 2, 1), 0, (NoticeMode::Each, 80), now);
        assert_eq!(
            few.as_deref(),
            Some("Completed jobs:\n0 : f(0)\n\nDead, call jobs.traceback() for details jobs:\n1 : f(1)")
        );
        let many = Gathering::default().tell(&report(&jobs, 9, 1), 3, (NoticeMode::Each, 80), now);
        assert_eq!(many.as_deref(), Some("9 jobs have ended: 8 done, 1 failed (#10), 3 to go; `jobs failed` says why"));
        let sweep = Gathering::default().tell(&report(&jobs, 200, 3), 0, (NoticeMode::Each, 80), now);
        assert_eq!(
            sweep.as_deref(),
            Some("200 jobs have ended: 197 done, 3 failed (#208; #209; #210); `jobs failed` says why")
        );
        assert_eq!(gathering.tell(&Report::default(), 0, (NoticeMode::Each, 80), now), None);
    }

    #[test]
    fn a_sweep_is_told_more_and_more_seldom_and_at_its_end() {
        let jobs = JobManager::new();
        let (mut gathering, start) = (Gathering::default(), Instant::now());
        let (mut lines, mut last) = (0, String::new());
        // It is looked for news ten times a second, for two minutes, and there always are some.
        for tenth in 0..1_200 {
            let now = start + tenth * Duration::from_millis(100);
            if gathering.is_due(now, || tenth == 1_199) {
                last = gathering.tell(&report(&jobs, 3, 0), 1, (NoticeMode::Each, 80), now).expect("it is shown");
                lines += last.lines().count();
            }
        }
        assert!(lines < 24, "{lines}");
        let count = format!("{} jobs have ended: ", jobs.completed().len());
        assert!(last.starts_with(&count), "{last}");
    }

    #[test]
    fn after_a_sweep_jobs_are_named_again() {
        let jobs = JobManager::new();
        let (mut gathering, start) = (Gathering::default(), Instant::now());
        for second in 0..10 {
            gathering.tell(
                &report(&jobs, 10, 0),
                9 - second,
                (NoticeMode::Each, 80),
                start + Duration::from_secs(second as u64),
            );
        }
        let later = start + Duration::from_secs(11);
        let named = gathering.tell(&report(&jobs, 1, 0), 0, (NoticeMode::Each, 80), later);
        assert_eq!(named.as_deref(), Some("Completed jobs:\n100 : f(0)"));
    }

    #[test]
    fn the_user_may_want_one_line_or_nothing() {
        let jobs = JobManager::new();
        let now = Instant::now();
        let one = Gathering::default().tell(&report(&jobs, 1, 0), 0, (NoticeMode::Summary, 80), now);
        assert_eq!(one.as_deref(), Some("1 job has ended: 1 done"));
        assert_eq!(Gathering::default().tell(&report(&jobs, 1, 0), 0, (NoticeMode::Quiet, 80), now), None);
    }
}
