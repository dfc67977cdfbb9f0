//! Errors of waiting for a job.
//!
//! Knows nothing of how a wait is done.

use std::{error::Error, fmt, time::Duration};

use crate::record::{
    failure::{Failure, FailureKind},
    fitted::fitted,
    id::JobId,
    name::{Name, one_line},
    stop::Stopped,
};

/// How much of a job's name an error shows, in columns of a terminal.
const NAME_COLUMNS: usize = 40;

debug_for_people!(WaitError);

/// How many jobs a text names.
const NAMED: usize = 10;

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
                for (index, id) in running.iter().take(NAMED).enumerate() {
                    write!(f, "{}#{id}", if index == 0 { "" } else { ", " })?;
                }
                if let more @ 1.. = running.len().saturating_sub(NAMED) {
                    write!(f, " and {more} more")?;
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
/// The error that the body returned is its [`source`](Error::source). `{:#}` also says what caused it, and `{:?}` where, with a
/// traceback.
///
/// ```
/// use bgjobs::JobManager;
/// use std::{error::Error, io};
///
/// let jobs = JobManager::new();
/// let error = jobs.try_spawn("load", || std::fs::read("no such file"))?.join().unwrap_err();
/// assert_eq!(format!("{error}"), "job #0 `load` failed");
/// assert_eq!(format!("{error:#}"), "job #0 `load` failed: No such file or directory (os error 2)");
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
        /// Its name.
        name: Name,
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
            Self::Failed { job, name, failure } => {
                let name = fitted(&one_line(name).to_string(), NAME_COLUMNS);
                let is_stopped = failure.kind() == FailureKind::Stop;
                write!(f, "job #{job} `{name}` {}", if is_stopped { "was stopped" } else { "failed" })?;
                if is_stopped || failure.source().is_none() {
                    write!(f, ": {failure}")
                } else if f.alternate() {
                    write!(f, ": {failure:#}")
                } else {
                    // Reporters print the source after it.
                    Ok(())
                }
            }
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
