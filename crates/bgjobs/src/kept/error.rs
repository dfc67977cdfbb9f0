//! What can go wrong with the folder of kept jobs, at a start, and with one job.
//!
//! Knows nothing of how any of it is done.

use std::{error::Error, fmt, io, path::PathBuf};

use crate::{kept::id::KeptId, record::name::one_line};

/// Why a folder of kept jobs can't be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeptFolderError {
    /// Neither `XDG_STATE_HOME` nor `HOME` says where it is.
    NoHome,
    /// It is not a folder; a link to one doesn't count.
    NoFolder(PathBuf),
    /// It belongs to another user, whose number this is.
    Foreign(PathBuf, u32),
    /// Others may use it: these are its rights.
    Open(PathBuf, u32),
    /// It was made by a newer version, with this format.
    Newer(PathBuf, String),
    /// The system refuses it.
    Refused {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

impl fmt::Display for KeptFolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => f.write_str("kept jobs need a folder: set HOME or XDG_STATE_HOME"),
            Self::NoFolder(path) => {
                write!(f, "{} is not a folder, so it can't hold kept jobs: remove it", path.display())
            }
            Self::Foreign(path, user) => {
                write!(f, "{} belongs to user {user}, so it can't hold kept jobs of yours", path.display())
            }
            Self::Open(path, rights) => {
                write!(f, "{} is open to others (mode {rights:04o}): chmod 700 it", path.display())
            }
            Self::Newer(path, format) => {
                let format = one_line(format);
                write!(f, "{} has the format {format}, and this version knows 1: use a newer bgjobs", path.display())
            }
            Self::Refused { path, cause } => write!(f, "can't use {}: {cause}", path.display()),
        }
    }
}

impl Error for KeptFolderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused { cause, .. } => Some(cause),
            _ => None,
        }
    }
}

/// Why a kept job could not be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeepError {
    /// There is no command.
    NoCommand,
    /// A word of the command, or the folder, is not Unicode; this is it, as far as it is.
    NotUnicode(String),
    /// A key has 1 to 80 bytes; this one has not.
    Key(String),
    /// The folder that the command is to run in can't be used.
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The program has not called [`supervise`](crate::supervise), so it can't be started again as a keeper.
    NoKeeper,
    /// The command can't be taken over: it does not run, it has a terminal, reads an input of this program or has no
    /// supervisor, or its supervisor does not answer.
    CantLeave,
    /// The system refuses it.
    Refused(io::Error),
}

impl fmt::Display for KeepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCommand => f.write_str("a kept job needs a command"),
            Self::NotUnicode(text) => {
                write!(f, "`{}` is not Unicode, so a kept job can't have it: put it in a script", one_line(text))
            }
            Self::Key(key) => write!(f, "the key `{}` has {} bytes: a key has 1 to 80", one_line(key), key.len()),
            Self::NoFolder { folder, cause } => {
                write!(f, "can't run in `{}`: {cause}", one_line(&folder.to_string_lossy()))
            }
            Self::NoKeeper => {
                f.write_str("the program can't keep jobs: it calls `bgjobs::supervise()` first in `main`")
            }
            Self::CantLeave => {
                f.write_str("the command has ended, or has a terminal or an input here, so it can't leave")
            }
            Self::Refused(cause) => write!(f, "can't start a kept job: {cause}"),
        }
    }
}

impl Error for KeepError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoFolder { cause, .. } | Self::Refused(cause) => Some(cause),
            _ => None,
        }
    }
}

impl From<io::Error> for KeepError {
    fn from(cause: io::Error) -> Self {
        Self::Refused(cause)
    }
}

/// Why a kept job can't be read, stopped or removed.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeptError {
    /// There is no such job, or no longer.
    Unknown(KeptId),
    /// Its files are not as they were written.
    Unreadable {
        /// The job.
        id: KeptId,
        /// The file, or the folder.
        path: PathBuf,
        /// What is wrong.
        cause: io::Error,
    },
    /// The system refuses to change it.
    Refused {
        /// The job.
        id: KeptId,
        /// The file, or the folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It runs, or what it left running does, so it can't be removed.
    Running(KeptId),
    /// It was started on another machine and may run there, so it can't be removed.
    Elsewhere(KeptId),
}

impl fmt::Display for KeptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(id) => write!(f, "there is no kept job {id}"),
            Self::Unreadable { id, path, cause } => {
                write!(
                    f,
                    "{id} can't be read: {}: {}; rm {id} removes it",
                    path.display(),
                    one_line(&cause.to_string())
                )
            }
            Self::Refused { id, path, cause } => write!(f, "can't change {id}: {}: {cause}", path.display()),
            Self::Running(id) => write!(f, "{id} still runs: stop {id} ends it"),
            Self::Elsewhere(id) => write!(f, "{id} may run on the machine that started it: rm {id} there"),
        }
    }
}

impl Error for KeptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreadable { cause, .. } | Self::Refused { cause, .. } => Some(cause),
            _ => None,
        }
    }
}
