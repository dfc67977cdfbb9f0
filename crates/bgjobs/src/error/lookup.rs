//! Errors of asking for a job by its number or in hand, and for what it has: no such job, or not that.
//!
//! Knows nothing of tables.

use std::{any::type_name, error::Error, fmt};

use crate::record::{failure::Failure, id::JobId, state::State};

debug_for_people!(UnknownJob, RemoveError, TracebackError);

/// There is no such job.
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// let error = jobs.get(99).unwrap_err();
/// assert_eq!(format!("{error}"), "Job #99 not found");
/// assert_eq!(format!("{error:#}"), "Job #99 not found; no job was started yet");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownJob {
    /// The number.
    pub id: JobId,
    /// Why the manager does not know it.
    pub reason: UnknownReason,
}

/// Why a manager does not know a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownReason {
    /// No job has that number yet.
    NotStarted {
        /// The highest number so far; `None` before the first job.
        newest: Option<JobId>,
    },
    /// The job was removed or flushed.
    Removed,
    /// The job is not listed, so it has no number.
    Unlisted,
    /// The job belongs to another manager.
    OfAnotherManager,
    /// The manager was dropped.
    ManagerDropped,
}

impl UnknownJob {
    pub(crate) fn new(id: JobId, reason: UnknownReason) -> Self {
        Self { id, reason }
    }
}

impl fmt::Display for UnknownJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, reason } = self;
        write!(f, "Job #{id} not found")?;
        match reason {
            _ if !f.alternate() => Ok(()),
            UnknownReason::NotStarted { newest: None } => f.write_str("; no job was started yet"),
            UnknownReason::NotStarted { newest: Some(newest) } => write!(f, "; the newest job is #{newest}"),
            UnknownReason::Removed => f.write_str("; it was removed or flushed"),
            UnknownReason::Unlisted => f.write_str("; it is not listed, so it has no number"),
            UnknownReason::OfAnotherManager => f.write_str("; it belongs to another manager"),
            UnknownReason::ManagerDropped => f.write_str("; its manager was dropped"),
        }
    }
}

impl Error for UnknownJob {}

/// A job was not removed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoveError {
    /// There is no such job.
    Unknown(UnknownJob),
    /// It has not ended.
    Running(JobId),
}

impl fmt::Display for RemoveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(error) => error.fmt(f),
            Self::Running(id) => {
                write!(f, "Job #{id} is still running, it can not be removed.")?;
                if f.alternate() { f.write_str(" Wait for it or stop it first.") } else { Ok(()) }
            }
        }
    }
}

impl Error for RemoveError {}

/// There is no result to read.
#[derive(Clone)]
#[non_exhaustive]
pub enum ResultError {
    /// There is no such job.
    Unknown(UnknownJob),
    /// It has not ended.
    Unfinished(JobId),
    /// It failed or was stopped.
    Died(JobId, Failure),
    /// Its result is not, or will not be, of the requested type.
    OtherType {
        /// The number of the job.
        job: JobId,
        /// The type that was asked for.
        asked: &'static str,
        /// The type of the result.
        is: &'static str,
    },
}

impl ResultError {
    pub(crate) fn other_type<T>(job: JobId, is: &'static str) -> Self {
        Self::OtherType { job, asked: type_name::<T>(), is }
    }
}

impl fmt::Display for ResultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(error) => error.fmt(f),
            Self::Unfinished(id) => {
                f.write_str("<BackgroundJob has not completed>")?;
                if f.alternate() { write!(f, "; join job #{id} to wait for it") } else { Ok(()) }
            }
            Self::Died(id, failure) => {
                f.write_str("<BackgroundJob died, call jobs.traceback() for details>")?;
                if f.alternate() { write!(f, "; job #{id}: {failure}") } else { Ok(()) }
            }
            Self::OtherType { job, asked, is } => {
                write!(
                    f,
                    "the result of job #{job} is of type `{is}`, not of type `{asked}`; ask for what its body returns"
                )
            }
        }
    }
}

impl fmt::Debug for ResultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")?;
        if let Self::Died(_, failure) = self { write!(f, "\n{}", failure.traceback()) } else { Ok(()) }
    }
}

impl Error for ResultError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if let Self::Died(_, failure) = self { failure.source() } else { None }
    }
}

/// There is no traceback to read.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TracebackError {
    /// There is no such job.
    Unknown(UnknownJob),
    /// It did not die.
    NotDead(JobId, State),
}

impl fmt::Display for TracebackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(error) => error.fmt(f),
            Self::NotDead(id, state) => {
                let status = state.status().to_lowercase();
                write!(f, "job #{id} is {status}; only a job that died has a traceback")
            }
        }
    }
}

impl Error for TracebackError {}
