//! What a body says of itself while it runs: how far it is, and where.
//!
//! Knows nothing of jobs.

use std::{fmt, panic::Location, time::Instant};

use crate::name::Name;

/// How far a body says that it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How much is done.
    pub done: u64,
    /// How much there is to do in all, if that is known.
    pub total: Option<u64>,
    /// What is being done.
    pub text: Option<Name>,
}

/// Where a body last said that it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it said.
    pub text: Name,
    /// The line of code that said it.
    pub location: &'static Location<'static>,
    /// When that was.
    pub at: Instant,
}

/// `parsing (src/load.rs:12:5), 1.5s ago`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}), {:.1?} ago", self.text, self.location, self.at.elapsed())
    }
}
