//! The attempts of a body that is called again when it fails, and the pauses between them.
//!
//! Knows nothing of how a body is called.

use std::time::{Duration, Instant};

use crate::record::{failure::Failure, why::WaitReason};

/// How many attempts of a job are remembered; only the newest are.
pub(crate) const REMEMBERED: usize = 100;

/// The time between two attempts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    pub(crate) began: Instant,
    pub(crate) time: Duration,
    pub(crate) number: u32,
    pub(crate) of: u32,
}

impl Pause {
    /// What the job waits for during the pause.
    pub(crate) fn waiting(&self) -> WaitReason {
        WaitReason::Attempt { left: self.time.saturating_sub(self.began.elapsed()), number: self.number, of: self.of }
    }
}

/// One call of a body that may be called again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// When it began.
    pub started: Instant,
    /// When it ended; `None` while it runs.
    pub ended: Option<Instant>,
    /// Why it failed; `None` while it runs, and if it succeeded.
    pub failure: Option<Failure>,
}
