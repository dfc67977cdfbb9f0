//! One of the processes of a command, as data.
//!
//! Knows nothing of jobs, and not where it was read.

use std::{fmt, time::Duration};

/// One of the processes that came of a [`Command`](crate::Command), as it was when somebody looked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process {
    /// The system's number of it.
    pub id: u32,
    /// The number of the process that it belongs to; that of the supervisor for one whose parent has ended.
    pub parent: u32,
    /// Its command line, the words apart by blanks; its bare name in brackets if it has none.
    ///
    /// It is the process's own text, and may hold control characters.
    pub command: String,
    /// What it does.
    pub state: ProcessState,
    /// The processor time that it has used.
    pub cpu: Duration,
    /// How much memory it holds, in bytes, that of shared libraries included.
    pub memory: u64,
}

/// What a [`Process`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProcessState {
    /// It runs, or waits for a processor.
    Running,
    /// It waits for something.
    Sleeping,
    /// It waits for a device, as for a disk; no signal reaches it until that answers.
    Blocked,
    /// It was stopped by a signal, and goes on with another.
    Suspended,
    /// It has ended, and its parent has not asked how.
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
