//! A stop as data: the reason, the error the body gets, and the verdict for the caller.
//!
//! Knows nothing of threads; asking and waiting are in `job/stop.rs`.

use std::{borrow::Cow, error::Error, fmt, time::Duration};

use crate::record::{
    id::JobId,
    name::{Name, one_line},
    place::Place,
    state::Outcome,
};

/// Why a job was asked to stop.
///
/// Any text converts into [`StopReason::User`], so `job.ask_stop("it takes too long")` works.
/// [`Display`](fmt::Display) shows the reason on one line, safe for a terminal.
///
/// ```
/// use bgjobs::{JobManager, StopReason};
/// use std::time::Duration;
///
/// let jobs = JobManager::new();
/// let limit = Duration::from_millis(1);
/// let slow = jobs.named("slow").time_limit(limit).spawn_with(|job| Ok(job.sleep(Duration::MAX)?))?;
/// slow.wait()?;
/// assert_eq!(slow.stop_reason(), Some(StopReason::TimeLimit(limit)));
/// assert_eq!(slow.failure().unwrap().message(), "time limit of 1ms");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// A caller asked, with this text.
    User(Name),
    /// Its body ran longer than its [time limit](crate::Options::time_limit).
    TimeLimit(Duration),
    /// Its manager was shut down.
    ShutDown,
    /// Its group was [stopped](crate::Group::stop).
    Group {
        /// The name of the group.
        group: Name,
        /// The caller's text.
        text: Name,
    },
    /// The job that it [follows](crate::Options::after), and that had to be done first, was stopped.
    After(JobId),
}

impl StopReason {
    /// The reason in words, as it is, without escapes.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::User(text) => Cow::Borrowed(text),
            Self::TimeLimit(limit) => format!("time limit of {limit:?}").into(),
            Self::ShutDown => Cow::Borrowed("the manager was shut down"),
            Self::Group { group, text } => format!("group {} was stopped: {}", &**group, &**text).into(),
            Self::After(job) => format!("job #{job} was stopped, so this one did not start").into(),
        }
    }
}

impl From<Name> for StopReason {
    fn from(text: Name) -> Self {
        Self::User(text)
    }
}

impl From<&str> for StopReason {
    fn from(text: &str) -> Self {
        Self::User(text.into())
    }
}

impl From<&String> for StopReason {
    fn from(text: &String) -> Self {
        Self::User(text.into())
    }
}

impl From<String> for StopReason {
    fn from(text: String) -> Self {
        Self::User(text.into())
    }
}

impl From<Cow<'_, str>> for StopReason {
    fn from(text: Cow<'_, str>) -> Self {
        Self::User(text.into())
    }
}

/// The reason is the source of [`Stopped`], so a stop is known even inside an `anyhow::Error`.
impl Error for StopReason {}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        one_line(&self.text()).fmt(f)
    }
}

/// The error that a body returns when it stops on request.
///
/// A job whose body returns it, alone or as a source of another error, has the outcome [`Outcome::Stopped`].
/// It comes from [`Context::check`](crate::Context::check) and similar methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped(StopReason);

impl Stopped {
    pub(crate) fn new(reason: StopReason) -> Self {
        Self(reason)
    }

    /// Why the job was asked to stop.
    #[must_use]
    pub fn reason(&self) -> &StopReason {
        &self.0
    }
}

/// `stopped`, and with `{:#}` the reason as well, which is the source.
impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() { write!(f, "stopped: {}", self.0) } else { f.write_str("stopped") }
    }
}

impl Error for Stopped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// What a request to stop has achieved by its deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The job has stopped.
    Stopped {
        /// How long that took, counted from the request.
        after: Duration,
        /// Where the body was when it noticed the request; `None` if unknown, or if the body had not started.
        place: Option<Place>,
    },
    /// The body noticed the request, and ended with a result or an error of its own.
    Ended {
        /// How it ended: done or failed.
        outcome: Outcome,
        /// How long that took, counted from the request.
        after: Duration,
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
        let ended = |outcome: &Outcome| match outcome {
            Outcome::Done => "completed",
            Outcome::Failed => "failed",
            Outcome::Stopped => "stopped",
        };
        match self {
            Self::Stopped { after, place: None } => write!(f, "stopped after {after:.1?}"),
            Self::Stopped { after, place: Some(place) } => write!(f, "stopped at {place} after {after:.1?}"),
            Self::Ended { outcome, after } => {
                write!(f, "heard of the stop and {} after {after:.1?}", ended(outcome))
            }
            Self::FinishedFirst { outcome, asked } => {
                let ended = ended(outcome);
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
