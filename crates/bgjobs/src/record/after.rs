//! A job that another job follows, and the error when it can't.
//!
//! Knows nothing of how they are waited for.

use std::{error::Error, fmt};

use crate::record::{id::JobId, state::Outcome};

/// A job that must end before another starts, for [`Options::after`](crate::Options::after).
///
/// ```
/// use bgjobs::{After, JobManager, Options};
///
/// let jobs = JobManager::new();
/// let load = jobs.spawn("load", || 20)?;
/// let options = Options { after: vec![After::done(&load)], ..Options::default() };
/// let fit = jobs.with(options).spawn("fit", move || load.join().map(|rows| rows + 1))?;
/// assert_eq!(fit.join()?.as_ref().unwrap(), &21);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum After {
    /// The job must be done: if it fails or is stopped, the one that follows it fails with [`AfterError`].
    Done(JobId),
    /// The job must end, no matter how.
    Ended(JobId),
}

impl After {
    /// Starts the job after `job` is done.
    pub fn done(job: impl Into<JobId>) -> Self {
        Self::Done(job.into())
    }

    /// Starts the job after `job` has ended, no matter how.
    pub fn ended(job: impl Into<JobId>) -> Self {
        Self::Ended(job.into())
    }

    /// The job that must end.
    #[must_use]
    pub const fn job(self) -> JobId {
        match self {
            Self::Done(job) | Self::Ended(job) => job,
        }
    }

    /// Whether this outcome lets the following job start.
    pub(crate) fn is_met_by(self, outcome: Outcome) -> bool {
        outcome == Outcome::Done || matches!(self, Self::Ended(_))
    }
}

/// A job never started, because a job that had to be done first failed or was stopped.
///
/// It is the [`error`](crate::Failure::error) of the job's failure.
///
/// ```
/// use bgjobs::{After, AfterError, JobManager, Options};
///
/// let jobs = JobManager::new();
/// let load = jobs.try_spawn("load", || std::fs::read("no such file"))?;
/// let options = Options { after: vec![After::done(&load)], ..Options::default() };
/// let fit = jobs.with(options).spawn("fit", || ())?;
/// fit.wait()?;
/// let failure = fit.failure().unwrap();
/// assert_eq!(failure.message(), "job #0 failed, so this one did not start");
/// assert!(failure.error().unwrap().is::<AfterError>());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AfterError {
    /// The job that had to be done.
    pub job: JobId,
    /// How it ended.
    pub outcome: Outcome,
}

impl fmt::Display for AfterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended = if self.outcome == Outcome::Stopped { "was stopped" } else { "failed" };
        write!(f, "job #{} {ended}, so this one did not start", self.job)
    }
}

impl Error for AfterError {}
