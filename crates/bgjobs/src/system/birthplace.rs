//! Whether this is still the process in which something was made, or the child of a fork, without its threads.
//!
//! Knows nothing of jobs.

// Models don't fork, and nothing depends on the order of these, so they are not those of `sync.rs`.
use std::{
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// For so many nanoseconds an answer of the system holds: no fork is done in less, and asking costs as much as a good
/// part of a start.
const HOLDS: u64 = 10_000;

/// The time of leaving of what has not been left.
const NEVER: u64 = u64::MAX;

/// The process in which something was made; all times are those of its maker's clock, in nanoseconds.
#[derive(Debug)]
pub(crate) struct Birthplace {
    process: u32,
    /// When the system was last asked.
    asked: AtomicU64,
    /// When this process was found to be another.
    left: AtomicU64,
}

impl Birthplace {
    pub(crate) fn new() -> Self {
        Self { process: process::id(), asked: AtomicU64::new(0), left: AtomicU64::new(NEVER) }
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.process
    }

    /// Whether this process is another than the one of birth.
    pub(crate) fn is_left(&self, now: u64) -> bool {
        let is_left = process::id() != self.process;
        if is_left {
            self.left.fetch_min(now, Ordering::Relaxed);
        }
        self.asked.store(now, Ordering::Relaxed);
        is_left
    }

    /// As [`is_left`](Self::is_left), but asks the system only if it was not asked a moment ago.
    #[inline]
    pub(crate) fn is_left_lately(&self, now: u64) -> bool {
        if now.saturating_sub(self.asked.load(Ordering::Relaxed)) < HOLDS {
            return self.left.load(Ordering::Relaxed) != NEVER;
        }
        self.is_left(now)
    }

    /// Whether what was made at `time` was made in this process.
    pub(crate) fn is_here(&self, time: u64, now: u64) -> bool {
        !self.is_left(now) || time >= self.left.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_not_left_without_a_fork_and_the_answer_holds_for_a_moment() {
        let here = Birthplace::new();
        assert!(!here.is_left_lately(HOLDS) && !here.is_left(HOLDS) && here.is_here(1, HOLDS));

        let elsewhere = Birthplace { process: 0, ..Birthplace::new() };
        assert!(!elsewhere.is_left_lately(HOLDS - 1), "asked at its birth");
        assert!(elsewhere.is_left_lately(HOLDS) && elsewhere.is_left_lately(HOLDS + 1));
    }

    #[test]
    fn what_was_made_after_the_fork_is_here() {
        let elsewhere = Birthplace { process: 0, ..Birthplace::new() };
        assert!(elsewhere.is_left(100));
        assert!(!elsewhere.is_here(99, 101) && elsewhere.is_here(100, 101));
    }
}
