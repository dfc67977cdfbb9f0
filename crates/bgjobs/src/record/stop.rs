//! A stop as data: the error the body gets, and the verdict for the caller.
//!
//! Knows nothing of threads; asking and waiting are in `job/stop.rs`.

use std::{error::Error, fmt, time::Duration};

use crate::record::{name::Name, place::Place, state::Outcome};

/// The error that a body returns when it stops on request.
///
/// A job whose body returns it, alone or as a source of another error, has the outcome [`Outcome::Stopped`].
/// It comes from [`Context::check`](crate::Context::check) and similar methods.
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

/// What a request to stop has achieved by its deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The job has stopped.
    Stopped {
        /// How long that took, counted from the request.
        after: Duration,
        /// Where the body was when it noticed the request; `None` if unknown, or if the body had not started.
        place: Option<Place>,
    },
    /// The job ended by itself before it noticed the request, or before the request was made.
    FinishedFirst {
        /// How it ended.
        outcome: Outcome,
        /// Whether the job was still going when it was asked.
        asked: bool,
    },
    /// The job still runs; the request stays in force.
    StillRunning {
        /// How long the caller waited.
        after: Duration,
        /// Where the body is, or where it last said it was; `None` if it never said.
        place: Option<Place>,
    },
}

/// The verdict for people, as in `stopped at line 3 of f after 4.0ms`.
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
