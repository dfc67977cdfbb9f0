//! The job as its running body sees it: what the body may ask and report.
//!
//! Knows nothing of what the body does.

use std::{
    fmt::{self, Display},
    panic::Location,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    body::on_stop::OnStop,
    error::WaitError,
    job::AnyJob,
    record::{
        Followed,
        activity::Locator,
        id::JobId,
        log::{
            Log,
            cursor::{LogCursor, Reading},
            line::Stream,
        },
        name::Name,
        place::Place,
        stop::Stopped,
    },
    system::wall_clock::moment_of,
};

/// A job as its own body sees it.
///
/// The body borrows it, and may clone it for other threads that work for the job.
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

    /// The job's number.
    #[must_use]
    pub fn id(&self) -> JobId {
        self.job.id()
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &AnyJob {
        &self.job
    }

    /// Whether the job has been asked to stop; this costs about a nanosecond.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.job.core().life.hear_stop()
    }

    /// Returns an error if the job has been asked to stop.
    ///
    /// # Errors
    ///
    /// [`Stopped`]; a body that passes it on with `?` stops.
    pub fn check(&self) -> Result<(), Stopped> {
        self.job.core().check()
    }

    /// Reports where the body is; returns an error if the job has been asked to stop.
    ///
    /// [`AnyJob::place`] and a [`Verdict`](crate::Verdict) then show this place.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    #[track_caller]
    pub fn checkpoint(&self, text: impl Into<Name>) -> Result<(), Stopped> {
        self.job.core().activity().set_place(text.into(), Location::caller());
        self.check()
    }

    /// Registers `provider`, which [`AnyJob::place`] calls to learn where the body is, until the guard is dropped or
    /// the body ends.
    ///
    /// It suits a body whose place changes too often to report each change, such as an interpreter.
    /// It runs on the thread that asks, and several threads may ask at once. With several providers the first gives the
    /// place, and the later ones add their frames and processes. If all return `None` or panic, the place is that of
    /// the last [`checkpoint`](Self::checkpoint).
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

    /// Sleeps for `time`; a request to stop the job ends the sleep at once.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn sleep(&self, time: Duration) -> Result<(), Stopped> {
        self.check()?;
        self.job.engine().sleep(self.job.core(), time);
        self.check()
    }

    /// Calls `call` once when the job is asked to stop, on the thread that asks; at once if the job was asked before.
    ///
    /// It suits a body that waits for something unknown to this library, and must be woken. It should do no more
    /// than that, because the thread that asks waits for it; at a time limit that is the clock of all jobs.
    /// Dropping the returned value cancels the call; a panic of `call` is swallowed.
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

    /// Waits until `other` has ended, or until this job is asked to stop.
    ///
    /// # Errors
    ///
    /// [`WaitError::Stopped`] when this job is asked to stop, and the errors of [`AnyJob::wait`].
    pub fn wait_for(&self, other: impl AsRef<AnyJob>) -> Result<(), WaitError> {
        other.as_ref().wait_unless_stopped(None, Some(&self.job))
    }

    /// Waits until `other` has ended, for `timeout` at most, or until this job is asked to stop.
    ///
    /// # Errors
    ///
    /// [`WaitError::Stopped`] when this job is asked to stop, and the errors of [`AnyJob::wait_timeout`].
    pub fn wait_for_timeout(&self, other: impl AsRef<AnyJob>, timeout: Duration) -> Result<(), WaitError> {
        other.as_ref().wait_unless_stopped(Some(timeout), Some(&self.job))
    }

    /// Reads the log of `other` as [`AnyJob::follow`] does, until this job is asked to stop.
    ///
    /// # Errors
    ///
    /// [`WaitError::Stopped`] when this job is asked to stop, and the errors of [`AnyJob::follow`].
    pub fn follow(&self, other: impl AsRef<AnyJob>, cursor: &mut LogCursor) -> Result<Option<Reading>, WaitError> {
        other.as_ref().follow_unless_stopped(cursor, None, Some(&self.job))
    }

    /// Reads the log of `other` as [`AnyJob::follow_timeout`] does, until this job is asked to stop.
    ///
    /// # Errors
    ///
    /// [`WaitError::Stopped`] when this job is asked to stop, and the errors of [`AnyJob::follow_timeout`].
    pub fn follow_timeout(
        &self,
        other: impl AsRef<AnyJob>,
        cursor: &mut LogCursor,
        timeout: Duration,
    ) -> Result<Option<Reading>, WaitError> {
        other.as_ref().follow_unless_stopped(cursor, Some(timeout), Some(&self.job))
    }

    /// Reports that `done` of `total` is done, in any unit; `None` if the total is not known.
    pub fn progress(&self, done: u64, total: impl Into<Option<u64>>) {
        let total = total.into();
        self.job.core().activity().update_progress(|progress| (progress.done, progress.total) = (done, total));
    }

    /// Reports what the body is doing, as the text of its progress.
    pub fn say(&self, text: impl Into<Name>) {
        let text = text.into();
        self.job.core().activity().update_progress(|progress| progress.text = Some(text));
    }

    /// Has the job's [progress](AnyJob::progress) be read from its log from now on, until the body reports it: a percentage,
    /// a bar, or `[3/8]`, in an unfinished line or the newest ones.
    ///
    /// It suits a body that passes on what another program prints; a [`Command`](crate::Command) does it by itself. Nothing
    /// is read until somebody asks.
    ///
    /// ```
    /// use bgjobs::{JobManager, Stream};
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("fetch", |job| {
    ///     job.read_progress();
    ///     job.log().write(Stream::Err, "\r 43%|####      |");
    ///     Ok(job.job().progress().unwrap().to_string())
    /// })?;
    /// assert_eq!(job.join()?, "43%");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_progress(&self) {
        self.job.core().activity().read_progress();
    }

    /// Says when the work started and finished that the body only follows: the job's [`times`](AnyJob::times) are those from
    /// now on, and all that is counted from them, such as how long it has run.
    ///
    /// Without `finished` the work ends with the job. The times may be of before the job; in the future they are now.
    ///
    /// ```
    /// use bgjobs::JobManager;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let noon = SystemTime::now() - Duration::from_secs(3600);
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("read on", move |job| Ok(job.follow_times(noon, noon + Duration::from_secs(90))))?;
    /// job.join()?;
    /// assert_eq!(job.times().ran().unwrap().as_secs(), 90);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn follow_times(&self, started: SystemTime, finished: impl Into<Option<SystemTime>>) {
        let now = Instant::now();
        let [started, finished] = [Some(started), finished.into()].map(|time| Some(moment_of(time?).min(now)));
        self.job.core().set_followed(Followed { started: started.unwrap_or(now), finished });
    }

    /// Prints one or more lines into the job's log.
    pub fn print(&self, text: impl Display) {
        self.log().write(Stream::Out, &format!("{text}\n"));
    }

    /// The job's log.
    #[must_use]
    pub fn log(&self) -> &Log {
        self.job.core().log(self.job.engine().config.log_bytes)
    }
}

/// Keeps the provider of a body's place registered until it is dropped; [`Context::locate`] returns it.
#[must_use = "dropping it removes the provider"]
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
