//! The front door: a manager owns the jobs, its handles share them.

use std::{fmt, ops::Deref, sync::Arc, time::Duration};

use crate::{
    body::Body,
    config::{Config, Options},
    context::Context,
    engine::Engine,
    error::{RemoveError, ResultError, ShutdownError, SpawnError, TracebackError, UnknownJob},
    failure::{Failure, Traceback},
    job::{AnyJob, Job, JobId},
    name::Name,
    notice::Notices,
    record::Shared,
    sync::lock,
    table::List,
    text::{Flushed, Status, Tracebacks},
};

/// Owns background jobs.
///
/// All that a [`Handle`] can do it can do too.
/// Dropping it waits for the jobs that are not daemons, as the end of a Python program does; then nothing more can be
/// started, daemon jobs are asked to stop and left alone, and all lists are empty.
/// A manager in a `static` is never dropped: call [`shutdown`](Self::shutdown) at the end of `main`.
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// let fit = jobs.spawn("fit", || (1..=10).sum::<u32>())?;
/// // The prompt is back at once; some time later:
/// assert_eq!(fit.join()?, &55);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct JobManager {
    handle: Handle,
}

/// Shares the jobs of a [`JobManager`]: for other threads, and for jobs that start jobs.
///
/// Cheap to clone; it never keeps the manager from going, after which nothing can be started any more.
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// let handle = jobs.handle();
/// let outer = jobs.try_spawn("outer", move || -> Result<i32, bgjobs::Failure> {
///     let inner = handle.spawn("inner", || 20)?;
///     Ok(inner.join()? + 1)
/// })?;
/// assert_eq!(outer.join()?, &21);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    engine: Arc<Engine>,
}

/// Starts jobs with chosen [`Options`]; made by [`Handle::with`].
#[derive(Debug)]
pub struct Spawner<'a> {
    handle: &'a Handle,
    options: Options,
}

impl JobManager {
    /// Makes a manager with the default choices.
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(Config::default())
    }

    /// Makes a manager.
    #[must_use]
    pub fn with_config(config: Config) -> Self {
        Self { handle: Handle { engine: Engine::new(config) } }
    }

    /// A handle for another thread or for a job.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Waits for the jobs that are not daemons, then lets nothing more be started and asks daemon jobs to stop.
    ///
    /// The lists stay readable.
    /// While it waits, jobs may start jobs, which are waited for as well.
    ///
    /// # Errors
    ///
    /// [`ShutdownError::InsideJob`] if a job of this manager calls it.
    ///
    /// ```
    /// use bgjobs::{JobManager, SpawnError};
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn("fit", || 42)?;
    /// jobs.shutdown()?;
    /// assert_eq!(job.outcome().unwrap().unwrap(), &42);
    /// assert!(matches!(jobs.spawn("late", || ()), Err(SpawnError::ShutDown)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shutdown(&self) -> Result<(), ShutdownError> {
        if let Some(id) = self.engine.current() {
            return Err(ShutdownError::InsideJob(id));
        }
        self.engine.shut_down(None);
        Ok(())
    }
}

impl Default for JobManager {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for JobManager {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for JobManager {
    fn drop(&mut self) {
        // A manager may be dropped by one of its own jobs, which then is not waited for.
        self.engine.shut_down(self.engine.current());
        self.engine.forget_all();
    }
}

impl fmt::Debug for JobManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JobManager").field(&self.status()).finish()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.status()).finish()
    }
}

/// Starting a job.
///
/// Each of these starts the job at once, on a thread that runs nothing else meanwhile, and returns without waiting
/// for it.
/// The name is what lists and notices show.
///
/// # Errors
///
/// All return [`SpawnError`] if the manager was shut down or no thread can be had.
impl Handle {
    /// Starts a job whose body can't fail, except by a panic.
    ///
    /// A body that returns a [`Result`] belongs to [`try_spawn`](Self::try_spawn): here an `Err` is a value
    /// like any other, and the job counts as completed.
    ///
    /// # Errors
    ///
    /// As said above.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// assert_eq!(jobs.spawn("add", || 20 + 1)?.join()?, &21);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn<T, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.with(Options::default()).spawn(name, body)
    }

    /// Starts a job whose body may return an error, which makes it a dead one.
    ///
    /// # Errors
    ///
    /// As said above; the body's own error is found in the job.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// let job = jobs.try_spawn("read", || std::fs::read("no such file"))?;
    /// assert!(job.join().is_err());
    /// assert!(job.failure().unwrap().error().unwrap().is::<std::io::Error>());
    /// # Ok::<(), bgjobs::SpawnError>(())
    /// ```
    pub fn try_spawn<T, E, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + Sync + 'static,
        E: Into<Failure>,
    {
        self.with(Options::default()).try_spawn(name, body)
    }

    /// Starts a job whose body gets its [`Context`]: it can hear a stop, print, and say how far it is.
    ///
    /// # Errors
    ///
    /// As said above; the body's own error is found in the job.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// let job = jobs.spawn_with("sum", |job| {
    ///     let mut sum = 0;
    ///     for n in 1..=10 {
    ///         job.check()?;
    ///         job.progress(n, 10);
    ///         sum += n;
    ///     }
    ///     Ok(sum)
    /// })?;
    /// assert_eq!(job.join()?, &55);
    /// assert_eq!(job.progress().unwrap().done, 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn_with<T, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce(&Context) -> Result<T, Failure> + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.with(Options::default()).spawn_with(name, body)
    }

    /// Starts a job with a body of the user's own kind.
    ///
    /// # Errors
    ///
    /// As said above; the body's own error is found in the job.
    pub fn start<B: Body>(&self, body: B) -> Result<Job<B::Output>, SpawnError> {
        self.with(Options::default()).start(body)
    }

    /// Starts jobs with other than the default choices.
    ///
    /// ```
    /// use bgjobs::{JobManager, Options};
    ///
    /// let jobs = JobManager::new();
    /// let deep = Options { stack_size: Some(64 << 20), ..Options::default() };
    /// assert_eq!(jobs.with(deep).spawn("deep", || 1)?.join()?, &1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with(&self, options: Options) -> Spawner<'_> {
        Spawner { handle: self, options }
    }
}

impl Spawner<'_> {
    /// As [`Handle::spawn`].
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the manager was shut down or no thread can be had.
    pub fn spawn<T, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.launch(name.into(), |_| Ok(body()))
    }

    /// As [`Handle::try_spawn`].
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the manager was shut down or no thread can be had.
    pub fn try_spawn<T, E, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + Sync + 'static,
        E: Into<Failure>,
    {
        self.launch(name.into(), |_| body().map_err(Into::into))
    }

    /// As [`Handle::spawn_with`].
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the manager was shut down or no thread can be had.
    pub fn spawn_with<T, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce(&Context) -> Result<T, Failure> + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.launch(name.into(), |job| body(&Context::new(job.clone())))
    }

    /// As [`Handle::start`].
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the manager was shut down or no thread can be had.
    pub fn start<B: Body>(&self, body: B) -> Result<Job<B::Output>, SpawnError> {
        self.spawn_with(body.name(), |job| body.call(job))
    }

    fn launch<T: Send + Sync + 'static>(
        &self,
        name: Name,
        body: impl FnOnce(&AnyJob) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Job<T>, SpawnError> {
        self.handle.engine.launch(name, &self.options, body).map(Job::of)
    }
}

/// Looking.
impl Handle {
    /// The job of that number.
    ///
    /// # Errors
    ///
    /// [`UnknownJob`] if there is none, or none any more.
    pub fn get(&self, id: impl Into<JobId>) -> Result<AnyJob, UnknownJob> {
        let id = id.into();
        let ledger = lock(&self.engine.ledger);
        match ledger.table.get(id.get()) {
            Some(record) => Ok(self.job(record)),
            None => Err(UnknownJob { id, started: ledger.table.next_number() }),
        }
    }

    /// The jobs that have not ended, by number.
    #[must_use]
    pub fn running(&self) -> Vec<AnyJob> {
        self.list(List::Running)
    }

    /// The jobs that ended well, by number.
    #[must_use]
    pub fn completed(&self) -> Vec<AnyJob> {
        self.list(List::Completed)
    }

    /// The jobs that failed or were stopped, by number.
    #[must_use]
    pub fn dead(&self) -> Vec<AnyJob> {
        self.list(List::Dead)
    }

    /// All jobs, by number.
    #[must_use]
    pub fn all(&self) -> Vec<AnyJob> {
        let mut all = self.lists([List::Running, List::Completed, List::Dead]).concat();
        all.sort_unstable_by_key(AnyJob::id);
        all
    }

    /// The three lists at one moment.
    #[must_use]
    pub fn status(&self) -> Status {
        let [running, completed, dead] = self.lists([List::Running, List::Completed, List::Dead]);
        Status { running, completed, dead }
    }

    /// A copy of the result of a job; to borrow it instead, [`join`](Job::join) the job.
    ///
    /// # Errors
    ///
    /// [`ResultError`], whose texts are what the original shows in the place of a result.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// jobs.spawn("fit", || 42_u64)?.wait()?;
    /// assert_eq!(jobs.result::<u64>(0)?, 42);
    /// assert_eq!(jobs.result::<u64>(1).unwrap_err().to_string(), "Job #1 not found");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn result<T: Clone + Send + Sync + 'static>(&self, id: impl Into<JobId>) -> Result<T, ResultError> {
        let job = self.get(id).map_err(ResultError::Unknown)?;
        let record = job.typed::<T>().ok_or_else(|| ResultError::other_type::<T>(job.id()))?;
        match record.result() {
            None => Err(ResultError::Unfinished(job.id())),
            Some(Err(failure)) => Err(ResultError::Died(job.id(), failure.clone())),
            Some(Ok(result)) => Ok(result.clone()),
        }
    }

    /// The traceback of a dead job.
    ///
    /// # Errors
    ///
    /// [`TracebackError`] if there is no such job, or if it did not die.
    pub fn traceback(&self, id: impl Into<JobId>) -> Result<Traceback, TracebackError> {
        let job = self.get(id).map_err(TracebackError::Unknown)?;
        let failure = job.failure().ok_or_else(|| TracebackError::NotDead(job.id(), job.state()))?;
        Ok(failure.traceback())
    }

    /// The tracebacks of all the dead.
    #[must_use]
    pub fn tracebacks(&self) -> Tracebacks {
        Tracebacks::new(self.dead())
    }

    /// A reader that is told of each job that ends from now on.
    #[must_use]
    pub fn notices(&self) -> Notices {
        Notices::new(Arc::clone(&self.engine))
    }

    /// How many threads the jobs have now, busy or idle.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.engine.threads()
    }

    /// The job whose body runs on this thread, if it is one of this manager.
    #[must_use]
    pub fn current(&self) -> Option<JobId> {
        self.engine.current()
    }

    fn job(&self, record: &Shared) -> AnyJob {
        AnyJob::new(Arc::clone(record), Arc::clone(&self.engine))
    }

    fn list(&self, list: List) -> Vec<AnyJob> {
        let [jobs] = self.lists([list]);
        jobs
    }

    /// The jobs of some lists at one moment, each list by number.
    fn lists<const N: usize>(&self, lists: [List; N]) -> [Vec<AnyJob>; N] {
        let ledger = lock(&self.engine.ledger);
        let mut lists = lists.map(|list| ledger.table.list(list).map(|record| self.job(record)).collect::<Vec<_>>());
        drop(ledger);
        for jobs in &mut lists {
            jobs.sort_unstable_by_key(AnyJob::id);
        }
        lists
    }
}

/// Forgetting.
impl Handle {
    /// Takes a finished job out of the lists; handles of it go on working.
    ///
    /// # Errors
    ///
    /// [`RemoveError`] if there is no such job, or if it has not ended.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// jobs.spawn("fit", || 42)?.wait()?;
    /// assert_eq!(jobs.remove(0)?.name(), &"fit");
    /// assert_eq!(jobs.remove(0).unwrap_err().to_string(), "Job #0 not found");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove(&self, id: impl Into<JobId>) -> Result<AnyJob, RemoveError> {
        let id = id.into();
        let mut ledger = lock(&self.engine.ledger);
        if ledger.table.list_of(id.get()) == Some(List::Running) {
            return Err(RemoveError::Running(id));
        }
        match ledger.table.remove(id.get()) {
            Some(record) => Ok(self.job(&record)),
            None => Err(RemoveError::Unknown(UnknownJob { id, started: ledger.table.next_number() })),
        }
    }

    /// Takes all finished jobs out of the lists.
    ///
    /// Who was not told yet that they ended is told all the same: see [`Notices`].
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn flush(&self) -> Flushed {
        let mut ledger = lock(&self.engine.ledger);
        let [completed, dead] = [List::Completed, List::Dead].map(|list| ledger.table.drain(list));
        drop(ledger);
        Flushed { completed: completed.len(), dead: dead.len() }
    }

    /// Waits until every job that runs now has ended, `timeout` at most; none waits for ever.
    ///
    /// A job that calls it does not wait for itself.
    ///
    /// # Errors
    ///
    /// As [`wait_all`](crate::wait_all).
    pub fn wait_all(&self, timeout: Option<Duration>) -> Result<(), crate::WaitError> {
        let mut running = self.running();
        running.retain(|job| Some(job.id()) != self.current());
        crate::wait_all(&running, timeout)
    }
}
