//! How far a reader of a log is, and what it has read.
//!
//! Knows nothing of locks, jobs and files.

use crate::record::log::{line::Line, ring::Ring};

/// A reader's position in a [`Log`](crate::Log).
///
/// The default is the start of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCursor {
    pub(super) next: u64,
    /// The version of the unfinished lines that were read last.
    pub(super) pending: u64,
}

impl LogCursor {
    /// Creates a cursor before line number `line`; the first line ever written is 0.
    #[must_use]
    pub const fn at(line: u64) -> Self {
        Self { next: line, pending: 0 }
    }

    /// Where a reader is who has seen all.
    pub(super) fn end_of(ring: &Ring) -> Self {
        Self { next: ring.next(), pending: ring.version() }
    }

    /// The number of the line it reads next.
    #[must_use]
    pub const fn line(self) -> u64 {
        self.next
    }
}

/// The result of [`Log::read`](crate::Log::read).
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The lines since the last read, oldest first.
    pub lines: Vec<Line>,
    /// How many lines before these were dropped unread because the log was full.
    pub missed: u64,
    /// The unfinished lines as they are now, whether they were read before or not; see [`Log::pending`](crate::Log::pending).
    pub pending: Vec<Line>,
}

impl Reading {
    /// Returns whether there was no new line and none is unfinished.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.missed == 0 && self.pending.is_empty()
    }
}
