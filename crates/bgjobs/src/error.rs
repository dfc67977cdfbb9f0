//! What can go wrong with a call; a type for each operation.
//!
//! Where the original has a text for it, `{}` is that text to the character, and `{:#}` adds the way out.
//! What goes wrong in a body is no error of a call, but a [`Failure`].

use std::{any::type_name, error::Error, fmt, io, time::Duration};

use crate::record::{
    failure::{Failure, FailureKind},
    id::JobId,
    name::Name,
    state::State,
    stop::Stopped,
};

/// A job was not started; it is in no list, and no number was used.
#[derive(Debug)]
pub enum SpawnError {
    /// The manager has been shut down.
    ShutDown,
    /// The system refused a thread, and no thread lives that could take the job later.
    NoThread(io::Error),
    /// The job was to start after one that is in no list.
    Unknown(UnknownJob),
    /// The job is hosted, so this [option](crate::Options) is its host's affair.
    Hosted {
        /// The name of the option.
        option: &'static str,
    },
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShutDown => {
                f.write_str("the manager of the jobs was shut down; start the job before, or make another manager")
            }
            Self::NoThread(error) => {
                write!(f, "no thread could be had for the job ({error}); end other threads or raise the system's limit")
            }
            Self::Unknown(error) => write!(f, "{error:#}; a job can only start after one that is in the lists"),
            Self::Hosted { option } => {
                write!(
                    f,
                    "the option `{option}` can't be had for a hosted job, which its host starts and ends; leave it out"
                )
            }
        }
    }
}

impl Error for SpawnError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The error's own text, as that of an unknown number, is in the text above.
        if let Self::NoThread(error) = self { error.source() } else { None }
    }
}

/// A limit of zero, under which nothing would ever start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitError {
    /// The name of the group.
    pub group: Name,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "with a limit of 0 no job of group {} would ever start; pause the group instead", self.group)
    }
}

impl Error for LimitError {}

/// There is no job of that number.
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// let error = jobs.get(99).unwrap_err();
/// assert_eq!(format!("{error}"), "Job #99 not found");
/// assert_eq!(format!("{error:#}"), "Job #99 not found; no job was started yet");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownJob {
    /// The number.
    pub id: JobId,
    /// How many jobs have been started: their numbers are those below.
    pub started: u64,
}

impl fmt::Display for UnknownJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, started } = self;
        write!(f, "Job #{id} not found")?;
        match started {
            _ if !f.alternate() => Ok(()),
            0 => f.write_str("; no job was started yet"),
            _ if id.get() < *started => f.write_str("; it was removed or flushed"),
            _ => write!(f, "; the newest job is #{}", started - 1),
        }
    }
}

impl Error for UnknownJob {}

/// A job was not removed.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// There is no result to be read.
#[derive(Clone, Debug)]
pub enum ResultError {
    /// There is no such job.
    Unknown(UnknownJob),
    /// It has not ended.
    Unfinished(JobId),
    /// It failed or was stopped.
    Died(JobId, Failure),
    /// Its result is of another type than the one asked for.
    OtherType(JobId, &'static str),
}

impl ResultError {
    pub(crate) fn other_type<T>(id: JobId) -> Self {
        Self::OtherType(id, type_name::<T>())
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
            Self::OtherType(id, asked) => {
                write!(f, "the result of job #{id} is no `{asked}`; ask for the type that its body returns")
            }
        }
    }
}

impl Error for ResultError {}

/// There is no traceback to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// A wait ended without the end of the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitError {
    /// The time was over.
    TimedOut {
        /// How long was waited.
        after: Duration,
        /// The jobs that had not ended.
        running: Vec<JobId>,
    },
    /// The job would wait for itself.
    Itself(JobId),
    /// The job would wait for one that waits for it: each waits for the next, the last for the first.
    ///
    /// It is found among the jobs of one manager that wait for one job without a time limit.
    Ring(Vec<JobId>),
    /// The job that waits was asked to stop.
    Stopped(Stopped),
    /// There is nothing to wait for.
    NoJobs,
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { after, running } => {
                let (jobs, have) = if running.len() == 1 { ("job", "has") } else { ("jobs", "have") };
                write!(f, "{jobs} ")?;
                for (place, id) in running.iter().enumerate() {
                    write!(f, "{}#{id}", if place == 0 { "" } else { ", " })?;
                }
                write!(f, " {have} not ended after {after:.1?}; wait longer, or stop what need not end")
            }
            Self::Itself(id) => write!(f, "job #{id} would wait for itself for ever; let another thread wait for it"),
            Self::Ring(ring) => {
                f.write_str("the wait would never end: ")?;
                for id in ring {
                    write!(f, "#{id} waits for ")?;
                }
                let first = ring.first().copied().unwrap_or(JobId::from(0));
                write!(f, "#{first}; let one of them wait with a time limit")
            }
            Self::Stopped(stopped) => stopped.fmt(f),
            Self::NoJobs => f.write_str("there is no job to wait for; name at least one"),
        }
    }
}

impl Error for WaitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if let Self::Stopped(stopped) = self { Some(stopped) } else { None }
    }
}

/// A join brought no result.
#[derive(Clone, Debug)]
pub enum JoinError {
    /// The job failed, or was stopped.
    Failed {
        /// The number of the job.
        job: JobId,
        /// Why.
        failure: Failure,
    },
    /// The wait ended before the job.
    Wait(WaitError),
}

impl From<WaitError> for JoinError {
    fn from(error: WaitError) -> Self {
        Self::Wait(error)
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { job, failure } if failure.kind() == FailureKind::Stop => {
                write!(f, "job #{job} was stopped: {failure}")
            }
            Self::Failed { job, failure } => write!(f, "job #{job} died: {failure}"),
            Self::Wait(error) => error.fmt(f),
        }
    }
}

impl Error for JoinError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // The stop of another job is no stop of whoever joined it, so it is no source.
            // The text of the error itself is in the text above.
            Self::Failed { failure, .. } if failure.kind() == FailureKind::Error => failure.error()?.source(),
            Self::Failed { .. } => None,
            Self::Wait(error) => error.source(),
        }
    }
}

/// The manager was not shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownError {
    /// A job of the manager called, which would wait for itself.
    InsideJob(JobId),
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::InsideJob(id) = self;
        write!(f, "job #{id} can't shut down its own manager, which would wait for it; let another thread do it")
    }
}

impl Error for ShutdownError {}
