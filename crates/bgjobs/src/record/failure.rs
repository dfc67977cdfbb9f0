//! Why a job failed: what is told of a panic, an error and a stop alike.
//!
//! Knows nothing of jobs.

use std::{
    any::Any,
    error::Error,
    fmt,
    panic::Location,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use backtrace::Backtrace;

use crate::{
    record::{
        frame::{self, Frame},
        name::many_lines,
        stop::Stopped,
    },
    system::panic::{Caught, drop_quietly},
};

/// How many frames a traceback shows from its beginning, and how many from its end.
const SHOWN_FRAMES: usize = 16;

/// Why a job failed: a panic, an error or a stop, with a message, the frames and the thing itself.
///
/// Cheap to clone.
/// Made from any error by `?`, as `anyhow::Error` is, and for the same reason not itself an [`Error`]; an error whose
/// chain of sources holds [`Stopped`] makes a failure of the kind [`FailureKind::Stop`].
///
/// ```
/// use bgjobs::{Failure, FailureKind};
///
/// fn parse(text: &str) -> Result<u32, Failure> {
///     Ok(text.parse::<u32>()?)
/// }
///
/// let failure = parse("seven").unwrap_err();
/// assert_eq!(failure.kind(), FailureKind::Error);
/// assert_eq!(failure.message(), "invalid digit found in string");
/// assert!(failure.error().unwrap().is::<std::num::ParseIntError>());
/// ```
#[derive(Clone)]
pub struct Failure(Arc<Inner>);

/// The three kinds of [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum FailureKind {
    /// The body panicked.
    Panic,
    /// The body returned an error.
    Error,
    /// The body was asked to stop, and did.
    Stop,
}

struct Inner {
    kind: FailureKind,
    message: String,
    /// Where a panic happened, as `file:line:column`.
    place: Option<String>,
    cause: Option<Cause>,
    /// Raw frames whose names nobody has asked for yet.
    raw: Mutex<Option<Backtrace>>,
    frames: OnceLock<Vec<Frame>>,
}

enum Cause {
    Error(Box<dyn Error + Send + Sync>),
    Panic(Mutex<Option<Box<dyn Any + Send>>>),
}

impl Failure {
    /// Makes a failure of the kind [`FailureKind::Error`] from a message alone.
    ///
    /// ```
    /// let failure = bgjobs::Failure::new("no rows");
    /// assert_eq!(failure.traceback().to_string(), "no rows");
    /// ```
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self::with_cause(FailureKind::Error, message.into(), None)
    }

    /// Makes a failure of the kind [`FailureKind::Stop`], for a body that hears of a stop in its own way.
    ///
    /// ```
    /// use bgjobs::{Failure, FailureKind};
    ///
    /// assert_eq!(Failure::stopped("out of time").kind(), FailureKind::Stop);
    /// ```
    #[must_use]
    pub fn stopped(reason: impl Into<String>) -> Self {
        Self::with_cause(FailureKind::Stop, reason.into(), None)
    }

    /// Makes a failure from an error that is boxed already, which `?` can't convert.
    ///
    /// ```
    /// let boxed: Box<dyn std::error::Error + Send + Sync> = "no rows".into();
    /// assert_eq!(bgjobs::Failure::from_boxed(boxed).message(), "no rows");
    /// ```
    #[must_use]
    pub fn from_boxed(error: Box<dyn Error + Send + Sync>) -> Self {
        let stop = chain(&*error).find_map(|error| error.downcast_ref::<Stopped>());
        let (kind, message) = match stop {
            Some(stop) => (FailureKind::Stop, stop.reason().to_owned()),
            None => (FailureKind::Error, error.to_string()),
        };
        Self::with_cause(kind, message, Some(Cause::Error(error)))
    }

    pub(crate) fn panicked(caught: Caught) -> Self {
        let Caught { message, place, frames, payload } = caught;
        let cause = Some(Cause::Panic(Mutex::new(Some(payload))));
        let (kind, raw) = (FailureKind::Panic, Mutex::new(frames));
        Self(Arc::new(Inner { kind, message, place, cause, raw, frames: OnceLock::new() }))
    }

    fn with_cause(kind: FailureKind, message: String, cause: Option<Cause>) -> Self {
        let (raw, frames) = (Mutex::new(None), OnceLock::new());
        Self(Arc::new(Inner { kind, message, place: None, cause, raw, frames }))
    }

    /// Gives the failure its frames, outermost first, unless it has some.
    ///
    /// ```
    /// use bgjobs::{Failure, Frame};
    ///
    /// let frame = Frame {
    ///     function: Some("mean".into()),
    ///     source: Some("In[3]".into()),
    ///     line: Some(2),
    ///     column: Some(9),
    ///     text: Some("    sum / n".into()),
    /// };
    /// let failure = Failure::new("Division by zero: 6 / 0").with_frames(vec![frame]);
    /// assert_eq!(
    ///     failure.traceback().to_string(),
    ///     "Traceback (most recent call last):
    ///   In[3], line 2, in mean
    ///     sum / n
    ///         ^
    /// Division by zero: 6 / 0"
    /// );
    /// ```
    #[must_use]
    pub fn with_frames(self, frames: Vec<Frame>) -> Self {
        let _ = self.0.frames.set(frames);
        self
    }

    /// Whether it was a panic, an error or a stop.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.0.kind
    }

    /// The panic's or the error's text, or the reason of the stop.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The error that the body returned, if it returned one; its chain of sources is whole.
    #[must_use]
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        match &self.0.cause {
            Some(Cause::Error(error)) => Some(&**error),
            _ => None,
        }
    }

    /// Takes the payload of the panic, once, for instance to go on with it by
    /// [`resume_unwind`](std::panic::resume_unwind).
    #[must_use]
    pub fn take_payload(&self) -> Option<Box<dyn Any + Send>> {
        match &self.0.cause {
            Some(Cause::Panic(payload)) => payload.lock().unwrap_or_else(PoisonError::into_inner).take(),
            _ => None,
        }
    }

    /// The calls between the start of the body and the failure, outermost first.
    ///
    /// Those of a panic are looked up at the first call, which reads the program's debug information: that takes
    /// a tenth of a second once in a process.
    /// An error from Rust code knows only where `?` or [`Failure::from`] made it a failure.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        self.0.frames.get_or_init(|| {
            let raw = self.0.raw.lock().unwrap_or_else(PoisonError::into_inner).take();
            raw.map(frame::resolve).unwrap_or_default()
        })
    }

    /// The text for people: the frames, the message and what caused it.
    #[must_use]
    pub fn traceback(&self) -> Traceback {
        Traceback(self.clone())
    }

    /// The errors behind an error, the nearest first.
    pub(crate) fn causes(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        self.error().into_iter().flat_map(|error| chain(error).skip(1)).filter(|_| self.kind() == FailureKind::Error)
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        let failure = Self::from_boxed(Box::new(error));
        let place = Location::caller();
        // The conversion may have been called by the standard library, whose files tell nobody anything; the compiler of a
        // distribution has names of its own for them.
        if frame::is_of_std(place.file()) || place.file().contains("/library/core/") {
            return failure;
        }
        failure.with_frames(vec![Frame::from(place)])
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Both are the user's values, whose destructors may panic.
        if let Some(cause) = self.cause.take() {
            drop_quietly(cause);
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("kind", &self.0.kind).field("message", &self.0.message).finish()
    }
}

/// The message, with the causes behind it when asked for by `{:#}`.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        many_lines(&self.0.message).fmt(f)?;
        if f.alternate() {
            for cause in self.causes() {
                write!(f, ": {}", many_lines(&cause.to_string()))?;
            }
        }
        Ok(())
    }
}

/// An error and its sources.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// A failure as text: the frames from the start of the body to the failure, the message, the causes.
///
/// Control characters in it are escaped, but for line breaks and tabs.
/// Of more than 32 frames, as a deep recursion has them, the middle is left out; [`Failure::frames`] has them all.
#[derive(Clone)]
pub struct Traceback(Failure);

impl Traceback {
    /// The failure it shows.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.0
    }
}

impl fmt::Display for Traceback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failure = &self.0;
        let frames = failure.frames();
        if !frames.is_empty() {
            writeln!(f, "Traceback (most recent call last):")?;
        }
        let left_out = frames.len().saturating_sub(2 * SHOWN_FRAMES);
        for (place, frame) in frames.iter().enumerate() {
            if left_out == 0 || !(SHOWN_FRAMES..SHOWN_FRAMES + left_out).contains(&place) {
                writeln!(f, "{frame}")?;
            } else if place == SHOWN_FRAMES {
                writeln!(f, "  ... {left_out} more ...")?;
            }
        }
        match (failure.kind(), &failure.0.place) {
            (FailureKind::Panic, Some(place)) => write!(f, "panicked at {place}: ")?,
            (FailureKind::Panic, None) => f.write_str("panicked: ")?,
            (FailureKind::Stop, _) => f.write_str("stopped: ")?,
            (FailureKind::Error, _) => {}
        }
        many_lines(failure.message()).fmt(f)?;
        for cause in failure.causes() {
            write!(f, "\ncaused by: {}", many_lines(&cause.to_string()))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Traceback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
