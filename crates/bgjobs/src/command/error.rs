//! Why the job of a command failed.
//!
//! Knows nothing of how a command runs.

use std::{error::Error, fmt, io, os::unix::process::ExitStatusExt, path::PathBuf, process::ExitStatus};

use crate::{
    body::context::Context,
    record::{failure::Failure, name::one_line},
};

/// Why the job of a [`Command`](crate::Command) failed.
#[non_exhaustive]
pub enum CommandError {
    /// It could not be started: there is no such program, or it may not be run.
    NotStarted {
        /// The program, or the shell's command line.
        what: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The folder it was to run in can't be used.
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It ended with an exit status other than 0, or by a signal.
    Ended(ExitStatus),
    /// Its supervisor was killed, so the command's process group was killed too.
    Lost,
}

/// ``can't run `mkae` ``, `exit status 2`, `ended by signal 9 (SIGKILL)`; `{:#}` adds what the system says, which is the
/// source.
impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted { what, .. } => write!(f, "can't run `{}`", one_line(what)),
            Self::NoFolder { folder, .. } => write!(f, "can't run in `{}`", one_line(&folder.to_string_lossy())),
            Self::Ended(status) => match (status.code(), status.signal()) {
                (Some(code), _) => write!(f, "exit status {code}"),
                // The standard library knows the signals' names.
                _ => write!(f, "ended by {}", status.to_string().replacen("signal: ", "signal ", 1)),
            },
            Self::Lost => f.write_str("lost: its supervisor was killed, so its process group was killed too"),
        }?;
        match self.source() {
            Some(cause) if f.alternate() => write!(f, ": {cause}"),
            _ => Ok(()),
        }
    }
}

/// As `main` prints it.
impl fmt::Debug for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl Error for CommandError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotStarted { cause, .. } | Self::NoFolder { cause, .. } => Some(cause),
            Self::Ended(_) | Self::Lost => None,
        }
    }
}

/// Makes an error a failure without a frame, because the line in our code would not help anyone.
pub(crate) fn failure(error: CommandError) -> Failure {
    Failure::from_error(error)
}

/// Fails if the job was asked to stop, without a frame for the line in our code.
pub(crate) fn heed(job: &Context) -> Result<(), Failure> {
    job.check().map_err(Failure::from_error)
}
