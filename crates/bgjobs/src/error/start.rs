//! Errors of starting jobs, and of what a manager and a group allow.
//!
//! Knows nothing of how a job is started.

use std::{error::Error, fmt, io, path::PathBuf};

use crate::{
    error::lookup::UnknownJob,
    record::{
        id::JobId,
        name::{Name, one_line},
    },
};

debug_for_people!(SpawnError, LimitError, ShutdownError);

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
    /// The file that its log was to be written to can't be created; see [`Options::log_file`](crate::Options::log_file).
    LogFile {
        /// The path of the file.
        path: PathBuf,
        /// Why it can't be created.
        error: io::Error,
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
            Self::LogFile { path, error } => {
                let path = path.to_string_lossy();
                write!(f, "can't create the log file `{}`; name a new file in a folder that exists", one_line(&path))?;
                if f.alternate() { write!(f, ": {error}") } else { Ok(()) }
            }
            Self::Forked { process } => {
                write!(
                    f,
                    "the manager's threads stayed in process {process}, and this is a fork of it; make a new manager here"
                )
            }
        }
    }
}

impl Error for SpawnError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoThread(error) | Self::LogFile { error, .. } => Some(error),
            Self::Unknown(error) => Some(error),
            Self::ShutDown | Self::Forked { .. } => None,
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
