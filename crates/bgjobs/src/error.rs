//! What can go wrong with a call: one type per operation.
//!
//! Where the original has a text, `{}` is exactly that text, and `{:#}` adds what to do about it.
//! What causes an error is its [`source`](Error::source), whose text `{}` leaves out and `{:#}` adds.
//! Returned from `main`, which prints `{:?}`, an error reads as `{:#}`, followed by the traceback of a job that died.
//! What goes wrong in a body is not an error of a call but a [`Failure`].

use std::{any::type_name, error::Error, fmt, io, time::Duration};

use crate::record::{
    failure::{Failure, FailureKind},
    id::JobId,
    name::Name,
    state::State,
    stop::Stopped,
};

/// Writes an error as `main` should print it, instead of as its fields.
macro_rules! debug_for_people {
    ($($error:ty),*) => {$(
        impl fmt::Debug for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self:#}")
            }
        }
    )*};
}

debug_for_people!(SpawnError, LimitError, UnknownJob, RemoveError, TracebackError, WaitError, ShutdownError);

/// A job was not started: it is in no list, and used no number.
#[non_exhaustive]
pub enum SpawnError {
    /// The manager has been shut down.
    ShutDown,
    /// The system refused a thread, and there is no worker that could take the job later.
    NoThread(io::Error),
    /// This is the child of a fork, and the manager's threads stayed in the parent.
    Forked {
        /// The number of the process that the manager was made in.
        process: u32,
    },
    /// The manager does not know the job after which this one was to start.
    Unknown(UnknownJob),
    /// The job is hosted, so this [option](crate::Options) is up to its host.
    Hosted {
        /// The name of the option.
        option: &'static str,
    },
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShutDown => f.write_str("the manager was shut down; start the job earlier or create another manager"),
            Self::NoThread(error) => {
                f.write_str("could not create a thread for the job; ")?;
                f.write_str("end threads, ask for smaller stacks, or raise the system's limit")?;
                if f.alternate() { write!(f, ": {error}") } else { Ok(()) }
            }
            Self::Unknown(error) => {
                let id = error.id;
                write!(f, "a job can't start after job #{id}; name one that is in the lists")?;
                if f.alternate() { write!(f, ": {error:#}") } else { Ok(()) }
            }
            Self::Forked { process } => {
                write!(
                    f,
                    "the manager's threads stayed in process {process}, and this is a fork of it; make a new manager here"
                )
            }
            Self::Hosted { option } => {
                write!(
                    f,
                    "the option `{option}` does not apply to a hosted job, which its host starts and ends; leave it out"
                )
            }
        }
    }
}

impl Error for SpawnError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoThread(error) => Some(error),
            Self::Unknown(error) => Some(error),
            Self::ShutDown | Self::Forked { .. } | Self::Hosted { .. } => None,
        }
    }
}

/// A limit of zero, under which no job would ever start.
#[derive(Clone, PartialEq, Eq)]
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
            Self::OtherType(id, requested) => {
                write!(
                    f,
                    "the result of job #{id} is not of type `{requested}`; ask for the type that its body returns"
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

/// A wait ended before the job did.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// The time limit passed.
    TimedOut {
        /// How long the wait took.
        after: Duration,
        /// The jobs that had not ended by then.
        running: Vec<JobId>,
    },
    /// The job would wait for itself.
    Itself(JobId),
    /// The job would wait for one that waits for it: each job waits for the next, and the last for the first.
    ///
    /// Rings are found among jobs of one manager that each wait for one job without a time limit.
    Ring(Vec<JobId>),
    /// This is the child of a fork, and the job stayed in the parent.
    Forked {
        /// The job.
        job: JobId,
        /// The number of the process that its manager was made in.
        process: u32,
    },
    /// The waiting job was asked to stop.
    Stopped(Stopped),
    /// There are no jobs to wait for.
    NoJobs,
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { after, running } => {
                let (jobs, have, them) =
                    if running.len() == 1 { ("job", "has", "it") } else { ("jobs", "have", "them") };
                write!(f, "{jobs} ")?;
                for (index, id) in running.iter().enumerate() {
                    write!(f, "{}#{id}", if index == 0 { "" } else { ", " })?;
                }
                write!(f, " {have} not ended after {after:.1?}; wait longer, or stop {them}")
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
            Self::Forked { job, process } => {
                write!(
                    f,
                    "job #{job} stayed in process {process}, and this is a fork of it; wait for it there, or start it \
                     again with a new manager here"
                )
            }
            Self::Stopped(stopped) => {
                f.write_str("the wait ended, because the job that waits was asked to stop")?;
                if f.alternate() { write!(f, ": {}", stopped.reason()) } else { Ok(()) }
            }
            Self::NoJobs => f.write_str("there is no job to wait for; name at least one"),
        }
    }
}

impl Error for WaitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        if let Self::Stopped(stopped) = self { Some(stopped) } else { None }
    }
}

/// A join returned no result.
///
/// The error that the body returned is its [`source`](Error::source).
///
/// ```
/// use bgjobs::JobManager;
/// use std::{error::Error, io};
///
/// let jobs = JobManager::new();
/// let error = jobs.try_spawn("load", || std::fs::read("no such file"))?.join().unwrap_err();
/// assert_eq!(format!("{error}"), "job #0 died");
/// assert_eq!(format!("{error:#}"), "job #0 died: No such file or directory (os error 2)");
/// assert!(error.source().unwrap().is::<io::Error>());
/// # Ok::<(), bgjobs::SpawnError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum JoinError {
    /// The job failed, or was stopped.
    Failed {
        /// The number of the job.
        job: JobId,
        /// Why it ended that way.
        failure: Failure,
    },
    /// The wait ended before the job did.
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
            Self::Failed { job, failure } if failure.source().is_none() => write!(f, "job #{job} died: {failure}"),
            Self::Failed { job, failure } if f.alternate() => write!(f, "job #{job} died: {failure:#}"),
            Self::Failed { job, .. } => write!(f, "job #{job} died"),
            Self::Wait(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")?;
        if let Self::Failed { failure, .. } = self { write!(f, "\n{}", failure.traceback()) } else { Ok(()) }
    }
}

impl Error for JoinError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed { failure, .. } => failure.source(),
            Self::Wait(error) => error.source(),
        }
    }
}

/// The manager was not shut down.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShutdownError {
    /// A job of the manager made the call, and would wait for itself.
    InsideJob(JobId),
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::InsideJob(id) = self;
        write!(f, "job #{id} can't shut down its own manager, which would wait for it; let another thread do it")
    }
}

impl Error for ShutdownError {}
