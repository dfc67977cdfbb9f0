//! A job as its user holds it: with the type of its result, or without.

pub(crate) mod future;
pub(crate) mod summary;
pub(crate) mod text;

use std::{
    any::{Any, type_name},
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    ops::Deref,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    engine::{Engine, waiting::WaitRequest},
    error::{JoinError, WaitError},
    record::{
        Core, Record, Shared,
        attempt::Attempt,
        failure::Failure,
        id::JobId,
        log::{Log, LogCursor, Reading},
        name::Name,
        place::Place,
        progress::Progress,
        state::{Outcome, State},
        stop::Verdict,
        why::WaitReason,
    },
};

/// When things happened to a job, by a clock that never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When it got its number.
    pub created: Instant,
    /// When its body began; none if it has not.
    pub started: Option<Instant>,
    /// When it ended; none if it has not.
    pub finished: Option<Instant>,
}

impl Times {
    /// How long the body has run, until now or until its end; none if it has not begun.
    #[must_use]
    pub fn ran(&self) -> Option<Duration> {
        let until = self.finished.unwrap_or_else(Instant::now);
        Some(until.saturating_duration_since(self.started?))
    }
}

/// A job of any kind: what can be asked and done without the type of its result.
///
/// Cheap to clone; dropping it leaves the job as it is.
/// [`Display`](fmt::Display) shows the job's name, [`Debug`] shows it as the original does.
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// jobs.spawn("fit", || 42)?.join()?;
///
/// let job = jobs.get(0)?;
/// assert_eq!(format!("{job} {job:?}"), "fit <BackgroundJob #0: fit>");
/// assert_eq!(job.status(), "Completed");
/// assert_eq!(job.downcast::<i32>().unwrap().join()?, &42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct AnyJob {
    record: Shared,
    engine: Arc<Engine>,
}

impl AnyJob {
    pub(crate) fn new(record: Shared, engine: Arc<Engine>) -> Self {
        Self { record, engine }
    }

    pub(crate) fn core(&self) -> &Core {
        self.record.core()
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The number.
    #[must_use]
    pub fn id(&self) -> JobId {
        self.core().id()
    }

    /// Whether the job is, or was, in the lists of its manager.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.id() != JobId::NONE
    }

    /// Gives a job that was started [unlisted](crate::Options::unlisted) its number and its place in the lists, and returns the
    /// number; one that has them keeps them.
    ///
    /// None if the job has ended unlisted, or the manager was shut down.
    ///
    /// ```
    /// use bgjobs::{JobManager, Options};
    ///
    /// let jobs = JobManager::new();
    /// let (go, gate) = std::sync::mpsc::channel::<()>();
    /// let unlisted = Options { unlisted: true, ..Options::default() };
    /// let line = jobs.with(unlisted).spawn("slow(5)", move || gate.recv().is_ok())?;
    /// assert!(jobs.all().is_empty());
    ///
    /// // The user wants the prompt back.
    /// let id = line.list().unwrap();
    /// assert_eq!(jobs.status().to_string(), "Running jobs:\n0 : slow(5)\n\n");
    /// go.send(())?;
    /// assert_eq!(jobs.get(id)?.downcast::<bool>().unwrap().join()?, &true);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn list(&self) -> Option<JobId> {
        self.engine.list(&self.record)
    }

    /// What the job shows.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.core().name
    }

    /// Whether the job is not waited for when its manager goes.
    #[must_use]
    pub fn is_daemon(&self) -> bool {
        self.core().daemon
    }

    /// Where the job is.
    #[must_use]
    pub fn state(&self) -> State {
        self.core().life.state()
    }

    /// Whether the job has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.state().is_finished()
    }

    /// Where the job is, in the words of the original.
    ///
    /// It is `Created`, `Running`, `Completed`, or `Dead (Exception), call jobs.traceback() for details`; a job
    /// that the original has not is `Queued` or `Dead (Stopped), call jobs.traceback() for details`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        self.state().status()
    }

    /// Where the job is, as the number of the original: 0 created, 1 running, 2 completed, -1 dead.
    ///
    /// A queued job is 1, a stopped one -1.
    #[must_use]
    pub fn stat_code(&self) -> i8 {
        self.state().stat_code()
    }

    /// What keeps the job: from starting while it is [`Queued`](State::Queued), or from going on while its body waits for
    /// another job, or to be tried again. Nothing keeps one that runs, and one that has ended.
    #[must_use]
    pub fn why(&self) -> Vec<WaitReason> {
        self.engine.why(self.core())
    }

    /// The name of the group that the job belongs to.
    #[must_use]
    pub fn group(&self) -> Option<&Name> {
        self.core().group()
    }

    /// The attempts of a job that is made again when it fails, oldest first: the newest hundred. None for other jobs.
    #[must_use]
    pub fn attempts(&self) -> Vec<Attempt> {
        self.core().attempts()
    }

    /// When things happened to the job.
    #[must_use]
    pub fn times(&self) -> Times {
        let life = &self.core().life;
        let at = |nanos| self.engine.epoch + Duration::from_nanos(nanos);
        // A job that is seen finished has all its times; one that is not shows no end.
        let is_finished = life.state().is_finished();
        Times {
            created: at(life.created()),
            started: life.started().map(at),
            finished: life.finished().filter(|_| is_finished).map(at),
        }
    }

    /// The processor time that the body has used; none where the system does not tell.
    ///
    /// Of a running job it is read now, and may count up to a millisecond of jobs before it on the same thread.
    /// Of a finished job it is known only if the manager was made with
    /// [`Config::measure_cpu`](crate::Config::measure_cpu), and then exact in both cases.
    #[must_use]
    pub fn cpu_time(&self) -> Option<Duration> {
        self.core().cpu_time()
    }

    /// The system's number of the thread that runs the body; none before and after, and where the system does not tell.
    #[must_use]
    pub fn thread(&self) -> Option<u32> {
        self.core().running_thread()
    }

    /// What the job printed.
    #[must_use]
    pub fn log(&self) -> Log {
        self.core().log(self.engine.config.log_bytes).clone()
    }

    /// How far the body says that it is; none if it never said.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.core().progress()
    }

    /// Where the body is, if it [can tell](crate::Context::locate), or last
    /// [said](crate::Context::checkpoint) that it was; none if it never did.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.core().place()
    }

    /// Why the job failed; none before the end and after a good one.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.record.failure().cloned()
    }

    /// Why the job was asked to stop; none if it was not.
    #[must_use]
    pub fn stop_reason(&self) -> Option<Name> {
        self.core().stop_reason().cloned()
    }

    /// Waits until the job has ended, however it ends.
    ///
    /// # Errors
    ///
    /// [`WaitError::Itself`] and [`WaitError::Ring`], if the wait would never end.
    pub fn wait(&self) -> Result<(), WaitError> {
        self.wait_at_most(None)
    }

    /// Waits until the job has ended, `timeout` at most.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`] if it has not; [`WaitError::Itself`] at once.
    pub fn wait_timeout(&self, timeout: Duration) -> Result<(), WaitError> {
        self.wait_at_most(Some(timeout))
    }

    /// Waits until the job has ended, `timeout` at most; none waits for ever.
    pub(crate) fn wait_at_most(&self, timeout: Option<Duration>) -> Result<(), WaitError> {
        self.engine.wait(&WaitRequest { timeout, ..WaitRequest::end_of(self.core()) })
    }

    /// Waits as [`wait`](Self::wait) does, and hears when `own` is asked to stop.
    pub(crate) fn wait_hearing(&self, timeout: Option<Duration>, own: &Self) -> Result<(), WaitError> {
        let waiter = Some((own.core(), &*own.engine));
        self.engine.wait(&WaitRequest { timeout, waiter, ..WaitRequest::end_of(self.core()) })
    }

    /// Reads on in the log from `cursor`, and moves it; waits for a new line, if there is none, `timeout` at most.
    /// None once the job has ended and all is read.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`] if there was nothing new; [`WaitError::Itself`] and [`WaitError::Ring`], if the wait would
    /// never end.
    ///
    /// ```
    /// use bgjobs::{JobManager, LogCursor};
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("count", |job| Ok((1..=3).for_each(|n| job.print(n))))?;
    /// let (mut cursor, mut seen) = (LogCursor::default(), String::new());
    /// while let Some(new) = job.follow(&mut cursor, None)? {
    ///     seen.extend(new.lines.into_iter().map(|line| line.text));
    /// }
    /// assert_eq!(seen, "123");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn follow(&self, cursor: &mut LogCursor, timeout: Option<Duration>) -> Result<Option<Reading>, WaitError> {
        self.follow_hearing(cursor, timeout, None)
    }

    /// Follows as [`follow`](Self::follow) does, and hears when `own` is asked to stop.
    pub(crate) fn follow_hearing(
        &self,
        cursor: &mut LogCursor,
        timeout: Option<Duration>,
        own: Option<&Self>,
    ) -> Result<Option<Reading>, WaitError> {
        // First of all, because who follows a job that never stops printing never sleeps.
        own.map_or(Ok(()), |own| own.core().check()).map_err(WaitError::Stopped)?;
        let log = self.log();
        let waiter = own.map(|own| (own.core(), &*own.engine));
        self.engine.wait(&WaitRequest { target: self.core(), timeout, waiter, line: Some((&log, *cursor)) })?;
        // In this order, because what a job printed is in its log before its end is seen.
        let is_over = self.is_finished();
        let reading = log.read(cursor);
        Ok((!is_over || !reading.is_empty()).then_some(reading))
    }

    /// Asks the job to stop, and does not wait; true for the first who asks, whose reason is kept.
    ///
    /// A job that has not started ends at once.
    /// A running one goes on until its body heeds the request: see [`Context`](crate::Context).
    /// A finished one is left as it is, and the answer is false.
    pub fn ask_stop(&self, reason: impl Into<Name>) -> bool {
        self.engine.ask_stop(&self.record, &reason.into())
    }

    /// Asks the job to stop, and says by the `deadline` what came of it.
    ///
    /// A thread can't be ended from outside, so a body that never heeds the request goes on, and the verdict says so.
    /// A job that stops itself is told at once that it still runs.
    ///
    /// ```
    /// use bgjobs::{JobManager, Verdict};
    /// use std::time::Duration;
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("watch", |job| {
    ///     loop {
    ///         job.sleep(Duration::from_secs(3600))?;
    ///     }
    ///     #[expect(unreachable_code, reason = "the type of the result")]
    ///     Ok(())
    /// })?;
    ///
    /// let verdict = job.stop("not needed any more", Duration::from_secs(5));
    /// assert!(matches!(verdict, Verdict::Stopped { .. }));
    /// assert_eq!(job.failure().unwrap().message(), "not needed any more");
    /// # Ok::<(), bgjobs::SpawnError>(())
    /// ```
    pub fn stop(&self, reason: impl Into<Name>, deadline: Duration) -> Verdict {
        let asked = Instant::now();
        self.begin_stop(&reason.into()).unwrap_or_else(|| self.end_stop(asked, deadline))
    }

    /// Asks the job to stop, unless it has ended.
    fn begin_stop(&self, reason: &Name) -> Option<Verdict> {
        if let State::Finished(outcome) = self.state() {
            return Some(Verdict::FinishedFirst { outcome, asked: false });
        }
        self.ask_stop(reason.clone());
        None
    }

    /// What became by the `deadline` of a request to stop.
    fn end_stop(&self, asked: Instant, deadline: Duration) -> Verdict {
        // Whether it ended or not is read from its state.
        let _ = self.wait_timeout(deadline.saturating_sub(asked.elapsed()));
        let finished = self.times().finished;
        let after = finished.map_or_else(|| asked.elapsed(), |finished| finished.saturating_duration_since(asked));
        match self.state() {
            State::Finished(Outcome::Stopped) => {
                Verdict::Stopped { after, place: self.core().place_of_stop(self.record.failure(), finished) }
            }
            State::Finished(outcome) => Verdict::FinishedFirst { outcome, asked: true },
            _ => Verdict::StillRunning { after, place: self.place() },
        }
    }

    /// The job with the type of its result.
    ///
    /// # Errors
    ///
    /// The job itself, if its result is not a `T`.
    pub fn downcast<T: Send + Sync + 'static>(self) -> Result<Job<T>, Self> {
        if self.is::<T>() { Ok(Job { job: self, result: PhantomData }) } else { Err(self) }
    }

    /// Whether the result of the job is, or will be, a `T`.
    #[must_use]
    pub fn is<T: Send + Sync + 'static>(&self) -> bool {
        self.typed::<T>().is_some()
    }

    pub(crate) fn typed<T: Send + Sync + 'static>(&self) -> Option<&Record<T>> {
        let record: &dyn Any = &*self.record;
        record.downcast_ref()
    }
}

/// Asks several jobs to stop, all at once, and says by the `deadline` what came of each, as [`AnyJob::stop`] does.
///
/// ```
/// use bgjobs::{JobManager, Verdict, stop_all};
/// use std::time::Duration;
///
/// let jobs = JobManager::new();
/// for name in ["one", "two"] {
///     jobs.spawn_with(name, |job| Ok(job.sleep(Duration::MAX)?))?;
/// }
/// let verdicts = stop_all(&jobs.running(), "not needed any more", Duration::from_secs(5));
/// assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Stopped { .. })));
/// # Ok::<(), bgjobs::SpawnError>(())
/// ```
#[must_use]
pub fn stop_all(jobs: &[AnyJob], reason: impl Into<Name>, deadline: Duration) -> Vec<Verdict> {
    let (asked, reason) = (Instant::now(), reason.into());
    let begun: Vec<_> = jobs.iter().map(|job| job.begin_stop(&reason)).collect();
    let end = |(job, ended): (&AnyJob, Option<Verdict>)| ended.unwrap_or_else(|| job.end_stop(asked, deadline));
    jobs.iter().zip(begun).map(end).collect()
}

impl From<&AnyJob> for JobId {
    fn from(job: &AnyJob) -> Self {
        job.id()
    }
}

impl<T> From<&Job<T>> for JobId {
    fn from(job: &Job<T>) -> Self {
        job.id()
    }
}

impl PartialEq for AnyJob {
    /// Whether both are the same job.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.record, &other.record)
    }
}

impl Eq for AnyJob {}

impl Hash for AnyJob {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.record).hash(state);
    }
}

impl fmt::Display for AnyJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(f)
    }
}

impl fmt::Debug for AnyJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<BackgroundJob #{}: {}>", self.id(), self.name())
    }
}

/// A job whose result is a `T`.
///
/// All that can be done with an [`AnyJob`] can be done with it.
/// Dropping it detaches it: the job goes on, and is found in its manager's lists.
///
/// It is awaitable, in any async runtime: `(&job).await` lends the result, `job.await` clones it.
///
/// ```
/// use bgjobs::JobManager;
///
/// # fn block_on<F: Future>(future: F) -> F::Output { futures_lite::future::block_on(future) }
/// let jobs = JobManager::new();
/// let job = jobs.spawn("fit", || vec![1, 2])?;
/// block_on(async {
///     assert_eq!((&job).await?, &[1, 2]);
///     assert_eq!(job.await?, vec![1, 2]);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Job<T> {
    job: AnyJob,
    /// The record was seen to hold a `T` when this was made.
    result: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> Job<T> {
    /// Gives a job its type, which its maker knows.
    pub(crate) fn of(job: AnyJob) -> Self {
        debug_assert!(job.is::<T>(), "the result of {job:?} is no {}", type_name::<T>());
        Self { job, result: PhantomData }
    }

    /// Waits until the job has ended, and lends its result, as often as one likes.
    ///
    /// # Errors
    ///
    /// [`JoinError::Failed`] if the job failed or was stopped; [`JoinError::Wait`] if the wait would never end.
    pub fn join(&self) -> Result<&T, JoinError> {
        self.wait()?;
        self.ended()
    }

    /// Waits until the job has ended, `timeout` at most, and lends its result.
    ///
    /// # Errors
    ///
    /// As [`join`](Self::join), and [`WaitError::TimedOut`] in [`JoinError::Wait`] if the job has not ended.
    ///
    /// ```
    /// use bgjobs::{JobManager, JoinError, WaitError};
    /// use std::time::Duration;
    ///
    /// let jobs = JobManager::new();
    /// let (go, gate) = std::sync::mpsc::channel::<()>();
    /// let job = jobs.spawn("blocked", move || gate.recv().is_ok())?;
    /// let error = job.join_timeout(Duration::ZERO).unwrap_err();
    /// assert!(matches!(error, JoinError::Wait(WaitError::TimedOut { .. })));
    /// go.send(())?;
    /// assert!(*job.join()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn join_timeout(&self, timeout: Duration) -> Result<&T, JoinError> {
        self.wait_timeout(timeout)?;
        self.ended()
    }

    /// The outcome, if the job has ended: a look that never blocks.
    #[must_use]
    pub fn outcome(&self) -> Option<Result<&T, &Failure>> {
        // The type was checked when the handle was made.
        self.typed::<T>().and_then(Record::result)
    }

    /// The outcome of a job that was seen to have ended.
    pub(crate) fn ended(&self) -> Result<&T, JoinError> {
        let outcome = self.outcome().expect("the job was seen to have ended");
        outcome.map_err(|failure| JoinError::Failed { job: self.id(), failure: failure.clone() })
    }
}

impl<T> Clone for Job<T> {
    fn clone(&self) -> Self {
        Self { job: self.job.clone(), result: PhantomData }
    }
}

impl<T> Deref for Job<T> {
    type Target = AnyJob;

    fn deref(&self) -> &AnyJob {
        &self.job
    }
}

impl<T> PartialEq for Job<T> {
    /// Whether both are the same job.
    fn eq(&self, other: &Self) -> bool {
        self.job == other.job
    }
}

impl<T> Eq for Job<T> {}

impl<T> From<Job<T>> for AnyJob {
    fn from(job: Job<T>) -> Self {
        job.job
    }
}

impl<T> fmt::Display for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.job.fmt(f)
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.job.fmt(f)
    }
}
