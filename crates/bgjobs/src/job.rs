//! A job as its user holds it: with the type of its result, or without.

use std::{
    any::{Any, type_name},
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    num::ParseIntError,
    ops::Deref,
    pin::Pin,
    str::FromStr,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::{
    engine::Engine,
    error::{JoinError, WaitError},
    failure::Failure,
    log::Log,
    name::Name,
    record::{Core, Record, Shared},
    state::State,
    stop::{Place, Verdict},
    sync::{Parker, deadline_after},
    wait::{Signal, Ticket},
};

/// The number of a job: from 0 in the order of starting, never given twice.
///
/// ```
/// use bgjobs::JobId;
///
/// let id: JobId = "#4".parse()?;
/// assert_eq!(id, JobId::from(4));
/// assert_eq!(id.to_string(), "4");
/// assert_eq!("four".parse::<JobId>().unwrap_err().to_string(), "`four` is not the number of a job, as 4 or #4 is");
/// # Ok::<(), bgjobs::ParseJobIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(u64);

impl JobId {
    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for JobId {
    fn from(number: u64) -> Self {
        Self(number)
    }
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

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = ParseJobIdError;

    fn from_str(text: &str) -> Result<Self, ParseJobIdError> {
        let number = text.strip_prefix('#').unwrap_or(text);
        number.parse().map(Self).map_err(|cause| ParseJobIdError { text: text.to_owned(), cause })
    }
}

/// A text is not the number of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseJobIdError {
    text: String,
    cause: ParseIntError,
}

impl fmt::Display for ParseJobIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not the number of a job, as 4 or #4 is", crate::one_line(&self.text))
    }
}

impl std::error::Error for ParseJobIdError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

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
        self.core().id
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

    /// Where the body last said that it was; none if it never said.
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
        self.engine.wait(&*self.record, None, None)
    }

    /// Waits until the job has ended, `timeout` at most.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`] if it has not; [`WaitError::Itself`] at once.
    pub fn wait_timeout(&self, timeout: Duration) -> Result<(), WaitError> {
        self.engine.wait(&*self.record, Some(timeout), None)
    }

    /// Waits as [`wait`](Self::wait) does, and hears when the job of `hearing` is asked to stop.
    pub(crate) fn wait_hearing(&self, timeout: Option<Duration>, hearing: &Core) -> Result<(), WaitError> {
        self.engine.wait(&*self.record, timeout, Some(hearing))
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
        if let State::Finished(outcome) = self.state() {
            return Verdict::FinishedFirst { outcome };
        }
        self.ask_stop(reason);
        // Whether it ended or not is read from its state.
        let _ = self.wait_timeout(deadline);
        let after = asked.elapsed();
        match self.state() {
            State::Finished(crate::Outcome::Stopped) => Verdict::Stopped { after },
            State::Finished(outcome) => Verdict::FinishedFirst { outcome },
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

impl PartialEq for AnyJob {
    /// Whether both are the same job.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.record, &other.record)
    }
}

impl Eq for AnyJob {}

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
    /// Gives a job its type.
    ///
    /// # Panics
    ///
    /// If its result is not a `T`, which its maker knows.
    pub(crate) fn of(job: AnyJob) -> Self {
        job.downcast().unwrap_or_else(|job| panic!("the result of {job:?} is a {}", type_name::<T>()))
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

    fn ended(&self) -> Result<&T, JoinError> {
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

impl<'a, T: Send + Sync + 'static> IntoFuture for &'a Job<T> {
    type Output = Result<&'a T, JoinError>;
    type IntoFuture = Joining<'a, T>;

    fn into_future(self) -> Joining<'a, T> {
        Joining { job: self, ended: Ended::of(self) }
    }
}

impl<T: Clone + Send + Sync + 'static> IntoFuture for Job<T> {
    type Output = Result<T, JoinError>;
    type IntoFuture = JoiningOwned<T>;

    fn into_future(self) -> JoiningOwned<T> {
        JoiningOwned { ended: Ended::of(&self), job: self }
    }
}

/// The future of `(&job).await`.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Joining<'a, T> {
    job: &'a Job<T>,
    ended: Ended,
}

/// The future of `job.await`.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct JoiningOwned<T> {
    job: Job<T>,
    ended: Ended,
}

impl<'a, T: Send + Sync + 'static> Future for Joining<'a, T> {
    type Output = Result<&'a T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.ended.poll(context).map(|()| self.job.ended())
    }
}

impl<T: Clone + Send + Sync + 'static> Future for JoiningOwned<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.ended.poll(context).map(|()| self.job.ended().cloned())
    }
}

/// Waits for the end of a job without a thread.
#[derive(Debug)]
struct Ended {
    job: AnyJob,
    ticket: Option<Ticket>,
}

impl Ended {
    fn of(job: &AnyJob) -> Self {
        Self { job: job.clone(), ticket: None }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (core, waits) = (self.job.core(), &self.job.engine.waits);
        if core.life.state().is_finished() {
            return Poll::Ready(());
        }
        let ticket = waits.register(core.id, Signal::End, context.waker().clone());
        self.ticket.replace(ticket).into_iter().for_each(|old| waits.unregister(old));
        if core.life.await_end() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.ticket.take().into_iter().for_each(|ticket| self.job.engine.waits.unregister(ticket));
    }
}

/// Waits until all of `jobs` have ended, `timeout` at most; none waits for ever.
///
/// ```
/// use bgjobs::{JobManager, wait_all};
///
/// let jobs = JobManager::new();
/// jobs.spawn("one", || 1)?;
/// jobs.spawn("two", || 2)?;
/// wait_all(&jobs.running(), None)?;
/// assert_eq!(jobs.completed().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`WaitError::TimedOut`] with the numbers of the jobs that have not ended, and those of [`AnyJob::wait`].
pub fn wait_all(jobs: &[AnyJob], timeout: Option<Duration>) -> Result<(), WaitError> {
    let began = Instant::now();
    for job in jobs {
        let left = timeout.map(|timeout| timeout.saturating_sub(began.elapsed()));
        match job.engine.wait(&*job.record, left, None) {
            Err(WaitError::TimedOut { .. }) => return Err(timed_out(jobs, began)),
            result => result?,
        }
    }
    Ok(())
}

/// Waits until one of `jobs` has ended, `timeout` at most; none waits for ever. Returns the first of `jobs` that has.
///
/// ```
/// use bgjobs::{JobManager, wait_any};
///
/// let jobs = JobManager::new();
/// let (go, gate) = std::sync::mpsc::channel::<()>();
/// jobs.spawn("blocked", move || gate.recv().is_ok())?;
/// jobs.spawn("quick", || 2)?;
/// assert_eq!(wait_any(&jobs.all(), None)?.name(), &"quick");
/// go.send(())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`WaitError::TimedOut`] with the numbers of all, [`WaitError::NoJobs`] if there are none to wait for, and
/// [`WaitError::Itself`] if a job waits for nothing but itself.
pub fn wait_any(jobs: &[AnyJob], timeout: Option<Duration>) -> Result<AnyJob, WaitError> {
    match jobs {
        [] => return Err(WaitError::NoJobs),
        [job] => {
            job.engine.wait(&*job.record, timeout, None)?;
            return Ok(job.clone());
        }
        _ => {}
    }
    let began = Instant::now();
    let deadline = deadline_after(timeout);
    let ended = || jobs.iter().find(|job| job.is_finished()).cloned();
    let parker = Parker::new();
    let register = |job: &AnyJob| job.engine.waits.register(job.id(), Signal::End, parker.waker());
    let tickets: Vec<_> = jobs.iter().map(register).collect();
    if jobs.iter().all(|job| job.core().life.await_end()) {
        while ended().is_none() && parker.park(deadline) {}
    }
    for (job, ticket) in jobs.iter().zip(tickets) {
        job.engine.waits.unregister(ticket);
    }
    ended().ok_or_else(|| timed_out(jobs, began))
}

fn timed_out(jobs: &[AnyJob], began: Instant) -> WaitError {
    let running = jobs.iter().filter(|job| !job.is_finished()).map(AnyJob::id).collect();
    WaitError::TimedOut { after: began.elapsed(), running }
}
