//! A process of a command, as data.
//!
//! Knows nothing of jobs, nor where the data comes from.

use std::{fmt, time::Duration};

/// A process of a [`Command`](crate::Command), as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process {
    /// The process ID.
    pub id: u32,
    /// The ID of its parent; if that has ended, of the supervisor.
    pub parent: u32,
    /// Its command line, with spaces between the words; without one, its name in brackets.
    ///
    /// The process itself chooses this text, which may hold control characters.
    pub command: String,
    /// What it is doing.
    pub state: ProcessState,
    /// The processor time it has used.
    pub cpu: Duration,
    /// The memory it holds, in bytes, including shared libraries.
    pub memory: u64,
}

/// What a [`Process`] is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProcessState {
    /// It runs, or waits for a processor.
    Running,
    /// It waits for something.
    Sleeping,
    /// It waits for a device such as a disk; no signal reaches it until the device answers.
    Blocked,
    /// It was stopped by a signal, and continues on another.
    Suspended,
    /// It has ended, but its parent has not collected its status.
    Ended,
}

/// `running`, `sleeping`, `blocked`, `suspended` or `ended`.
impl fmt::Display for ProcessState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Sleeping => "sleeping",
            Self::Blocked => "blocked",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        })
    }
}
