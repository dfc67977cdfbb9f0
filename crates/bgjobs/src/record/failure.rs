//! Why a job failed: one type for panics, errors and stops.
//!
//! Knows nothing of jobs.

use std::{
    any::Any,
    error::Error,
    fmt,
    panic::{Location, RefUnwindSafe, UnwindSafe},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use backtrace::Backtrace;

use crate::{
    record::{
        frame::{self, Frame},
        name::many_lines,
        stop::{StopReason, Stopped},
    },
    system::panic::{Caught, drop_quietly},
};

/// Why a job failed: a panic, an error or a stop, with its message, its frames and the original value.
///
/// Cheap to clone.
/// `?` converts any error into a failure, as with `anyhow::Error`, and for the same reason `Failure` is not itself an
/// [`Error`]; [`into_error`](Self::into_error) makes one of it.
/// An error with [`Stopped`] in its chain of sources becomes a failure of the kind [`FailureKind::Stop`].
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
    /// The body was asked to stop, and stopped.
    Stop,
}

struct Inner {
    kind: FailureKind,
    message: String,
    /// Where a panic happened, as `file:line:column`.
    location: Option<String>,
    cause: Option<Cause>,
    /// Raw frames whose names have not been looked up yet.
    raw: Mutex<Option<Backtrace>>,
    frames: OnceLock<Vec<Frame>>,
}

/// No panic leaves it half changed; an error is only lent, as by `anyhow::Error`, and a payload is taken whole.
impl UnwindSafe for Inner {}
impl RefUnwindSafe for Inner {}

/// Anything that boxes as an error converts into it: an error, a text, an `anyhow::Error`, an `eyre::Report`.
pub(crate) type BoxedError = Box<dyn Error + Send + Sync>;

enum Cause {
    Error(BoxedError),
    Panic(Mutex<Option<Box<dyn Any + Send>>>),
}

impl Failure {
    /// Creates a failure of the kind [`FailureKind::Error`] from a message alone.
    ///
    /// ```
    /// let failure = bgjobs::Failure::new("no rows");
    /// assert_eq!(failure.traceback().to_string(), "no rows");
    /// ```
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self::with_cause(FailureKind::Error, message.into(), None)
    }

    /// Creates a failure of the kind [`FailureKind::Stop`], for a body that notices a stop in its own way.
    ///
    /// ```
    /// use bgjobs::{Failure, FailureKind};
    ///
    /// assert_eq!(Failure::stopped("out of time").kind(), FailureKind::Stop);
    /// ```
    #[must_use]
    pub fn stopped(reason: impl Into<StopReason>) -> Self {
        Self::from_error(Stopped::new(reason.into()))
    }

    /// Creates a failure from anything that boxes as an error: an error, a boxed one, a text, an `anyhow::Error` or an
    /// `eyre::Report`, of which `?` converts only the first.
    ///
    /// ```
    /// use bgjobs::{Context, Failure, JobManager};
    ///
    /// fn load(job: &Context) -> anyhow::Result<u64> {
    ///     job.check()?;
    ///     anyhow::bail!("no rows")
    /// }
    ///
    /// let jobs = JobManager::new();
    /// let load = jobs.spawn_with("load", |job| load(job).map_err(Failure::from_error))?;
    /// load.wait()?;
    /// assert_eq!(load.failure().unwrap().message(), "no rows");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn from_error(error: impl Into<BoxedError>) -> Self {
        let error = match error.into().downcast::<FailureError>() {
            Ok(failure) => return failure.0,
            Err(error) => error,
        };
        let (kind, message) = match stop_in(&*error) {
            Some(reason) => (FailureKind::Stop, reason.text().into_owned()),
            None => (FailureKind::Error, error.to_string()),
        };
        Self::with_cause(kind, message, Some(Cause::Error(error)))
    }

    pub(crate) fn panicked(caught: Caught) -> Self {
        let Caught { message, location, frames, payload } = caught;
        let cause = Some(Cause::Panic(Mutex::new(Some(payload))));
        let (kind, raw) = (FailureKind::Panic, Mutex::new(frames));
        Self(Arc::new(Inner { kind, message, location, cause, raw, frames: OnceLock::new() }))
    }

    fn with_cause(kind: FailureKind, message: String, cause: Option<Cause>) -> Self {
        let (raw, frames) = (Mutex::new(None), OnceLock::new());
        Self(Arc::new(Inner { kind, message, location: None, cause, raw, frames }))
    }

    /// Sets the failure's frames, outermost first, unless it already has some.
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

    /// Returns whether this was a panic, an error or a stop.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.0.kind
    }

    /// The text of the panic or error, or the reason for the stop.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The error that the body returned, if it returned one, with its whole chain of sources.
    #[must_use]
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        match &self.0.cause {
            Some(Cause::Error(error)) => Some(&**error),
            _ => None,
        }
    }

    /// Why the job was asked to stop, if this is a stop.
    ///
    /// ```
    /// use bgjobs::{Failure, StopReason};
    ///
    /// let failure = Failure::stopped("out of time");
    /// assert_eq!(failure.stop_reason(), Some(&StopReason::User("out of time".into())));
    /// ```
    #[must_use]
    pub fn stop_reason(&self) -> Option<&StopReason> {
        stop_in(self.error()?)
    }

    /// The failure as an [`Error`], for a function that returns an `anyhow::Error` or another error type.
    ///
    /// Its [`source`](Error::source) is the body's own error, if the body returned one.
    ///
    /// ```
    /// use bgjobs::JobManager;
    ///
    /// fn rows(jobs: &JobManager) -> anyhow::Result<usize> {
    ///     let load = jobs.try_spawn("load", || std::fs::read("no such file"))?;
    ///     load.wait()?;
    ///     match load.failure() {
    ///         Some(failure) => Err(failure.into_error())?,
    ///         None => Ok(load.join()?.len()),
    ///     }
    /// }
    ///
    /// let error = rows(&JobManager::new()).unwrap_err();
    /// assert!(error.chain().any(|cause| cause.is::<std::io::Error>()));
    /// ```
    #[must_use]
    pub fn into_error(self) -> FailureError {
        FailureError(self)
    }

    /// Takes the payload of the panic, for instance to continue the panic with
    /// [`resume_unwind`](std::panic::resume_unwind).
    ///
    /// Only the first call returns it.
    #[must_use]
    pub fn take_payload(&self) -> Option<Box<dyn Any + Send>> {
        match &self.0.cause {
            Some(Cause::Panic(payload)) => payload.lock().unwrap_or_else(PoisonError::into_inner).take(),
            _ => None,
        }
    }

    /// The calls between the start of the body and the failure, outermost first.
    ///
    /// The first call looks up the frames of a panic in the program's debug information, which takes a tenth of a second
    /// once per process.
    /// An error from Rust code has one frame: where `?` or [`Failure::from`] turned it into a failure.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        self.0.frames.get_or_init(|| {
            let raw = self.0.raw.lock().unwrap_or_else(PoisonError::into_inner).take();
            raw.map(frame::resolve).unwrap_or_default()
        })
    }

    /// Where a panic happened, as `file:line:column`.
    pub(crate) fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The error that a wrapper of this failure returns as its source.
    pub(crate) fn source(&self) -> Option<&(dyn Error + 'static)> {
        // Who joins a stopped job was not itself asked to stop, so the stop is not a source.
        self.error().filter(|_| self.kind() == FailureKind::Error).map(|error| error as _)
    }

    /// The errors behind an error, nearest first.
    pub(crate) fn causes(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        self.error().into_iter().flat_map(|error| chain(error).skip(1)).filter(|_| self.kind() == FailureKind::Error)
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        let failure = Self::from_error(error);
        let location = Location::caller();
        // If the standard library called the conversion, the location says nothing useful. Distributions' compilers use
        // paths of their own for its files.
        if frame::is_of_std(location.file()) || location.file().contains("/library/core/") {
            return failure;
        }
        failure.with_frames(vec![Frame::from(location)])
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Errors and payloads are the user's values, and their destructors may panic.
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

/// The message; `{:#}` adds the causes behind it.
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

/// A failure as an [`Error`]; made by [`Failure::into_error`].
#[derive(Clone)]
pub struct FailureError(Failure);

impl FailureError {
    /// The failure.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.0
    }
}

/// The message, unless the source says it; `{:#}` says it in any case.
impl fmt::Display for FailureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(_) if f.alternate() => write!(f, "the body failed: {:#}", self.0),
            Some(_) => f.write_str("the body failed"),
            None => self.0.fmt(f),
        }
    }
}

/// The traceback, as `main` prints it.
impl fmt::Debug for FailureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.traceback().fmt(f)
    }
}

impl Error for FailureError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl From<Failure> for BoxedError {
    fn from(failure: Failure) -> Self {
        Box::new(failure.into_error())
    }
}

impl From<Failure> for Box<dyn Error> {
    fn from(failure: Failure) -> Self {
        Box::new(failure.into_error())
    }
}

/// The reason for a stop in the chain of an error.
///
/// It is searched for, not [`Stopped`] itself, whose source it is: a wrapper such as `anyhow::Error` hides the type of
/// the error that it wraps, but not its sources.
fn stop_in<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a StopReason> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// An error followed by its sources.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
