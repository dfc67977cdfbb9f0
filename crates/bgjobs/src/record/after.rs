//! A job that another job follows, and the error when it can't.
//!
//! Knows nothing of how they are waited for.

use std::{error::Error, fmt};

use crate::record::{
    failure::{Failure, FailureError},
    id::JobId,
    job_ref::JobRef,
    state::Outcome,
};

/// A job that must end before another starts, for [`Options::after`](crate::Options::after).
///
/// A job in hand can be followed even after it was removed from the lists; a number means a job in the lists.
///
/// ```
/// use bgjobs::{After, JobManager};
///
/// let jobs = JobManager::new();
/// let load = jobs.spawn("load", || 20)?;
/// let fit = jobs.named("fit").after(&load).spawn(move || load.join().map(|rows| rows + 1))?;
/// let tidy = jobs.named("tidy").after(After::ended(&fit)).spawn(|| ())?;
/// tidy.join()?;
/// assert_eq!(fit.join()?.as_ref().unwrap(), &21);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct After {
    pub(crate) job: JobRef,
    must_be_done: bool,
}

impl After {
    /// Starts the job after `job` is done. If that one fails, the job that follows it fails with [`AfterError`]; if it is
    /// stopped, so is the job that follows it, for [`StopReason::After`](crate::StopReason::After).
    #[must_use]
    pub fn done(job: impl Into<JobRef>) -> Self {
        Self { job: job.into(), must_be_done: true }
    }

    /// Starts the job after `job` has ended, no matter how.
    #[must_use]
    pub fn ended(job: impl Into<JobRef>) -> Self {
        Self { job: job.into(), must_be_done: false }
    }

    /// The number of the job that must end.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.job.id()
    }

    /// The same without the job itself, whose result would be dropped with it.
    pub(crate) fn predecessor(&self) -> Predecessor {
        Predecessor { job: self.job.id(), must_be_done: self.must_be_done }
    }
}

/// As [`After::done`].
impl<J: Into<JobRef>> From<J> for After {
    fn from(job: J) -> Self {
        Self::done(job)
    }
}

/// A job that must end before another starts, as the schedule stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Predecessor {
    pub(crate) job: JobId,
    pub(crate) must_be_done: bool,
}

impl Predecessor {
    /// Whether this outcome lets the following job start.
    pub(crate) fn is_met_by(self, outcome: Outcome) -> bool {
        outcome == Outcome::Done || !self.must_be_done
    }
}

/// A job never started, because a job that had to be done first failed.
///
/// It is the [`error`](crate::Failure::error) of the job's failure.
///
/// ```
/// use bgjobs::{AfterError, JobManager};
///
/// let jobs = JobManager::new();
/// let load = jobs.try_spawn("load", || std::fs::read("no such file"))?;
/// let fit = jobs.named("fit").after(&load).spawn(|| ())?;
/// fit.wait()?;
/// let failure = fit.failure().unwrap();
/// assert_eq!(failure.message(), "job #0 failed, so this one did not start");
/// assert!(failure.error().unwrap().is::<AfterError>());
/// assert!(failure.error().unwrap().source().unwrap().is::<std::io::Error>());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct AfterError {
    /// The job that had to be done.
    pub job: JobId,
    /// Why that one failed.
    cause: Option<FailureError>,
}

impl AfterError {
    /// The error after the failure of `job`, which is not known if `job` has left the lists.
    pub(crate) fn new(job: JobId, cause: Option<Failure>) -> Self {
        Self { job, cause: cause.map(Failure::into_error) }
    }
}

/// As `main` prints it.
impl fmt::Debug for AfterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for AfterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job #{} failed, so this one did not start", self.job)
    }
}

/// The source is why the other job failed: the error of its body, if there is one.
impl Error for AfterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let cause = self.cause.as_ref()?;
        cause.source().or(Some(cause))
    }
}
