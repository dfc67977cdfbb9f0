//! Why a job failed whose body is a command.
//!
//! Knows nothing of how a command runs.

use std::{error::Error, fmt, io, os::unix::process::ExitStatusExt, path::PathBuf, process::ExitStatus};

use crate::{
    body::context::Context,
    record::{failure::Failure, name::one_line},
};

/// Why a job whose body is a [`Command`](crate::Command) failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum CommandError {
    /// It could not be started: there is no such program, or none that may be run.
    NotStarted {
        /// The program, or the line of a shell.
        what: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The folder that it was to run in can't be had.
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It has ended with another exit status than 0, or by a signal.
    Ended(ExitStatus),
    /// Its supervisor was killed. What was in the command's process group was killed then.
    Lost,
}

/// ``can't run `mkae`: No such file or directory (os error 2)``, `exit status 2`, `ended by signal 9 (SIGKILL)`.
impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted { what, cause } => write!(f, "can't run `{}`: {cause}", one_line(what)),
            Self::NoFolder { folder, cause } => {
                write!(f, "can't run in `{}`: {cause}", one_line(&folder.to_string_lossy()))
            }
            Self::Ended(status) => match (status.code(), status.signal()) {
                (Some(code), _) => write!(f, "exit status {code}"),
                // The standard library knows the names.
                _ => write!(f, "ended by {}", status.to_string().replacen("signal: ", "signal ", 1)),
            },
            Self::Lost => f.write_str("lost: its supervisor was killed, and with it what was in its process group"),
        }
    }
}

impl Error for CommandError {}

/// Without the line of our own code that made it a failure, which tells nobody anything.
pub(crate) fn failure(error: CommandError) -> Failure {
    Failure::from_boxed(Box::new(error))
}

/// Goes on, unless the job was asked to stop; without the line of our own code that says so.
pub(crate) fn heed(job: &Context) -> Result<(), Failure> {
    job.check().map_err(|stopped| Failure::from_boxed(Box::new(stopped)))
}
