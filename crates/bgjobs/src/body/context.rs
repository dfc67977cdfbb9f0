//! What a running body may ask of its job, and tell it.

use std::{
    fmt::{self, Display},
    panic::Location,
    sync::Arc,
    time::Duration,
};

use crate::{
    body::on_stop::OnStop,
    error::WaitError,
    job::AnyJob,
    record::{
        activity::Locator,
        id::JobId,
        log::{Log, LogCursor, Reading, line::Stream},
        name::Name,
        place::Place,
        stop::Stopped,
    },
};

/// The job, seen from its own body.
///
/// It is lent to the body; a clone may go to the other threads that work for the job.
/// A body that calls [`check`](Self::check), [`checkpoint`](Self::checkpoint) or [`sleep`](Self::sleep) now and then
/// can be stopped; one that never does runs to its end.
///
/// ```
/// use bgjobs::{JobManager, Verdict};
/// use std::time::Duration;
///
/// let jobs = JobManager::new();
/// let job = jobs.spawn_with("count", |job| {
///     for n in 0..u64::MAX {
///         job.checkpoint("counting")?;
///         job.progress(n, u64::MAX);
///     }
///     Ok(())
/// })?;
/// let verdict = job.stop("long enough", Duration::from_secs(5));
/// assert!(matches!(verdict, Verdict::Stopped { .. }));
/// # Ok::<(), bgjobs::SpawnError>(())
/// ```
#[derive(Clone)]
pub struct Context {
    job: AnyJob,
}

impl Context {
    pub(crate) fn new(job: AnyJob) -> Self {
        Self { job }
    }

    /// The number of the job.
    #[must_use]
    pub fn id(&self) -> JobId {
        self.job.id()
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &AnyJob {
        &self.job
    }

    /// Whether the job has been asked to stop; it costs a nanosecond.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.job.core().life.is_stopping()
    }

    /// Goes on, unless the job has been asked to stop.
    ///
    /// # Errors
    ///
    /// [`Stopped`], which the body hands on with `?` and thereby stops.
    pub fn check(&self) -> Result<(), Stopped> {
        self.job.core().check()
    }

    /// Says where the body is, and goes on unless the job has been asked to stop.
    ///
    /// The place is what [`AnyJob::place`] and a [`Verdict`](crate::Verdict) tell.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    #[track_caller]
    pub fn checkpoint(&self, text: impl Into<Name>) -> Result<(), Stopped> {
        self.job.core().activity().set_place(text.into(), Location::caller());
        self.check()
    }

    /// Lets `provider` tell where the body is whenever somebody asks, until what is returned is dropped or the body ends.
    ///
    /// It is for a body that would say its place too often to say it each time, such as an interpreter.
    /// It is called on the thread of whoever asks, also by several at once. Of several the first tells the place, and
    /// those after it add their frames and processes. If none of them knows, because they return none or panic, the last
    /// [`checkpoint`](Self::checkpoint) is told.
    ///
    /// ```
    /// use bgjobs::{Frame, JobManager, Place};
    /// use std::sync::{Arc, atomic::{AtomicU32, Ordering}, mpsc};
    ///
    /// let jobs = JobManager::new();
    /// let (begun, begins) = mpsc::channel();
    /// let (go, gate) = mpsc::channel::<()>();
    /// let job = jobs.spawn_with("interpreter", move |job| {
    ///     let line = Arc::new(AtomicU32::new(7));
    ///     let seen = Arc::clone(&line);
    ///     let _located = job.locate(move || {
    ///         let line = Some(seen.load(Ordering::Relaxed));
    ///         Some(Place::new(vec![Frame { source: Some("load.txt".into()), line, ..Frame::default() }]))
    ///     });
    ///     begun.send(())?;
    ///     gate.recv()?;
    ///     Ok(())
    /// })?;
    /// begins.recv()?;
    /// assert_eq!(job.place().unwrap().to_string(), "line 7 of load.txt");
    /// go.send(())?;
    /// job.join()?;
    /// assert_eq!(job.place(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn locate(&self, provider: impl Fn() -> Option<Place> + Send + Sync + 'static) -> LocateGuard {
        let provider: Locator = Arc::new(provider);
        self.job.core().activity().add_locator(Arc::clone(&provider));
        LocateGuard { job: self.job.clone(), provider }
    }

    /// Sleeps for `time`, and wakes at once when the job is asked to stop.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn sleep(&self, time: Duration) -> Result<(), Stopped> {
        self.check()?;
        self.job.engine().sleep(self.job.core(), time);
        self.check()
    }

    /// Calls `call` when the job is asked to stop, once, on the thread that asks; at once if it was asked before.
    ///
    /// It is for a body that waits for something else than this library knows of, and must be woken.
    /// Dropping what is returned takes it back; a panic of `call` is swallowed.
    ///
    /// ```
    /// use bgjobs::JobManager;
    /// use std::{sync::mpsc, time::Duration};
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("wait for mail", |job| {
    ///     let (letter, mail) = mpsc::channel();
    ///     let _heard = job.on_stop(move || drop(letter.send("stop")));
    ///     while mail.recv()? != "stop" { /* read it */ }
    ///     Ok(job.check()?)
    /// })?;
    /// job.stop("no mail today", Duration::from_secs(5));
    /// assert_eq!(job.failure().unwrap().message(), "no mail today");
    /// # Ok::<(), bgjobs::SpawnError>(())
    /// ```
    pub fn on_stop(&self, call: impl Fn() + Send + Sync + 'static) -> OnStop {
        OnStop::new(&self.job, call)
    }

    /// Waits until `other` has ended, `timeout` at most, or until this job is asked to stop; no timeout waits for ever.
    ///
    /// # Errors
    ///
    /// [`WaitError::Stopped`] when this job is asked to stop, and those of [`AnyJob::wait_timeout`].
    pub fn wait_for(&self, other: &AnyJob, timeout: Option<Duration>) -> Result<(), WaitError> {
        other.wait_hearing(timeout, &self.job)
    }

    /// Reads on in the log of `other`, as [`AnyJob::follow`] does, and hears when this job is asked to stop.
    ///
    /// # Errors
    ///
    /// [`WaitError::Stopped`] when this job is asked to stop, and those of [`AnyJob::follow`].
    pub fn follow(
        &self,
        other: &AnyJob,
        cursor: &mut LogCursor,
        timeout: Option<Duration>,
    ) -> Result<Option<Reading>, WaitError> {
        other.follow_hearing(cursor, timeout, Some(&self.job))
    }

    /// Says that `done` of `total` is done, in any unit; none if the total is not known.
    pub fn progress(&self, done: u64, total: impl Into<Option<u64>>) {
        let total = total.into();
        self.job.core().activity().update_progress(|progress| (progress.done, progress.total) = (done, total));
    }

    /// Says what is being done.
    pub fn say(&self, text: impl Into<Name>) {
        let text = text.into();
        self.job.core().activity().update_progress(|progress| progress.text = Some(text));
    }

    /// Prints a line, or several, into the job's log.
    pub fn print(&self, text: impl Display) {
        self.log().write(Stream::Out, &format!("{text}\n"));
    }

    /// The job's log.
    #[must_use]
    pub fn log(&self) -> &Log {
        self.job.core().log(self.job.engine().config.log_bytes)
    }
}

/// A way to tell where a body is, as long as this is not dropped; [`Context::locate`] returns it.
#[must_use = "where the body is can be told until this is dropped"]
pub struct LocateGuard {
    job: AnyJob,
    provider: Locator,
}

impl Drop for LocateGuard {
    fn drop(&mut self) {
        self.job.core().activity().remove_locator(&self.provider);
    }
}

impl fmt::Debug for LocateGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocateGuard").field(&self.job).finish()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.job, f)
    }
}
