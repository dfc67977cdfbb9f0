//! The words of a stop: what a body hears, where it was, and what the person who asked is told.
//!
//! Knows nothing of threads; the asking and waiting is in `job.rs`.

use std::{error::Error, fmt, time::Duration};

use crate::record::{name::Name, place::Place, state::Outcome};

/// The error by which a body says that it was asked to stop and does.
///
/// A job whose body returns it, alone or as a source of another error, has the outcome [`Outcome::Stopped`].
/// It comes from [`Context::check`](crate::Context::check) and its kin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped(Name);

impl Stopped {
    pub(crate) fn new(reason: Name) -> Self {
        Self(reason)
    }

    /// Why the job was asked to stop.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped: {}", self.0)
    }
}

impl Error for Stopped {}

/// What became of a stop by the deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The job has stopped.
    Stopped {
        /// How long it took from the request.
        after: Duration,
        /// Where it was when it heard of it; none if that is not known, or if it had not started.
        place: Option<Place>,
    },
    /// The job ended by itself before it heard of the request, or had ended before that was made.
    FinishedFirst {
        /// How it ended.
        outcome: Outcome,
        /// Whether it had not ended yet when it was asked.
        asked: bool,
    },
    /// The job still runs; it goes on being asked to stop.
    StillRunning {
        /// How long the request was waited for.
        after: Duration,
        /// Where the body is, or last said it was; none if it never did.
        place: Option<Place>,
    },
}

/// What the person who asked reads, as in `stopped at line 3 of f after 4.0ms`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped { after, place: None } => write!(f, "stopped after {after:.1?}"),
            Self::Stopped { after, place: Some(place) } => write!(f, "stopped at {place} after {after:.1?}"),
            Self::FinishedFirst { outcome, asked } => {
                let ended = match outcome {
                    Outcome::Done => "completed",
                    Outcome::Failed => "died",
                    Outcome::Stopped => "stopped",
                };
                write!(f, "had {ended} before{}", if *asked { " it heard of the stop" } else { "" })
            }
            Self::StillRunning { after, place: None } => write!(f, "still running {after:.1?} after the request"),
            Self::StillRunning { after, place: Some(place) } => {
                let there = place.waited();
                write!(f, "still running {after:.1?} after the request, in {place} for {there:.1?}")
            }
        }
    }
}
