//! A handle shares a manager's jobs: to look at them, wait for them and remove them.
//!
//! Knows nothing of how jobs are started; see `spawn.rs`.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use crate::{
    engine::{Engine, table::List},
    error::{RemoveError, ResultError, TracebackError, UnknownJob, WaitError},
    job::{
        AnyJob,
        several::{wait_all, wait_all_async, wait_all_timeout},
        text::{Flushed, Status, Tracebacks},
    },
    manager::{group::Group, notice::Notices},
    record::{Shared, id::JobId, job_ref::JobRef, name::Name, traceback::Traceback},
    system::sync::lock,
    timeline::Timeline,
};

/// Shares the jobs of a [`JobManager`](crate::JobManager) with other threads, and with jobs that start jobs.
///
/// It is cheap to clone. It does not keep the manager alive, and after the manager's end it can start no jobs.
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
    pub(crate) engine: Arc<Engine>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.status()).finish()
    }
}

/// Whether both are of the same manager.
impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.engine, &other.engine)
    }
}

impl Eq for Handle {}

impl Hash for Handle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.engine).hash(state);
    }
}

/// Looking.
impl Handle {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// The job with this number.
    ///
    /// # Errors
    ///
    /// [`UnknownJob`] if there is no such job in the lists.
    pub fn get(&self, job: impl Into<JobRef>) -> Result<AnyJob, UnknownJob> {
        // It may hold a job's last reference, and must outlive the lock.
        let job = job.into();
        let ledger = lock(&self.engine.ledger);
        ledger.find(&job, self.engine.address()).map(|record| self.job(record))
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
        let ledger = lock(&self.engine.ledger);
        ledger.table.iter().map(|record| self.job(record)).collect()
    }

    /// The three lists at one moment.
    #[must_use]
    pub fn status(&self) -> Status {
        let [running, completed, dead] = self.lists([List::Running, List::Completed, List::Dead]);
        Status { running, completed, dead }
    }

    /// The timeline of all jobs: who waited and ran when, and how each ended.
    ///
    /// ```no_run
    /// let jobs = bgjobs::JobManager::new();
    /// jobs.spawn("fit", || 42)?.wait()?;
    /// println!("{}", jobs.timeline().text(80));
    /// jobs.timeline().save("run.svg")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        Timeline::new(self.all().iter().map(AnyJob::summary))
    }

    /// Shows all jobs as a table at the end of a cell in evcxr, the Rust notebook; see
    /// [`Status::evcxr_display`].
    pub fn evcxr_display(&self) {
        self.status().evcxr_display();
    }

    /// A copy of the result of a job; to borrow it instead, [`join`](crate::Job::join) the job.
    ///
    /// # Errors
    ///
    /// [`ResultError`], whose texts are what the original shows instead of a result.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// jobs.spawn("fit", || 42_u64)?.wait()?;
    /// assert_eq!(jobs.result::<u64>(0)?, 42);
    /// assert_eq!(jobs.result::<u64>(1).unwrap_err().to_string(), "Job #1 not found");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn result<T: Clone + Send + Sync + 'static>(&self, job: impl Into<JobRef>) -> Result<T, ResultError> {
        let job = self.get(job).map_err(ResultError::Unknown)?;
        let Some(record) = job.typed::<T>() else {
            // It has no result of any type if it died.
            let died = job.failure().map(|failure| ResultError::Died(job.id(), failure));
            return Err(died.unwrap_or_else(|| ResultError::other_type::<T>(job.id(), job.result_type())));
        };
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
    pub fn traceback(&self, job: impl Into<JobRef>) -> Result<Traceback, TracebackError> {
        let job = self.get(job).map_err(TracebackError::Unknown)?;
        let failure = job.failure().ok_or_else(|| TracebackError::NotDead(job.id(), job.state()))?;
        Ok(failure.traceback())
    }

    /// The tracebacks of all dead jobs.
    #[must_use]
    pub fn tracebacks(&self) -> Tracebacks {
        Tracebacks::new(self.dead())
    }

    /// The group with this name, created at its first use.
    #[must_use]
    pub fn group(&self, name: impl Into<Name>) -> Group {
        let name = name.into();
        let id = lock(&self.engine.ledger).schedule.group(&name);
        Group::new(Arc::clone(&self.engine), id, name)
    }

    /// All groups, by name.
    #[must_use]
    pub fn groups(&self) -> Vec<Group> {
        let ledger = lock(&self.engine.ledger);
        let group = |(name, id): (&Name, _)| Group::new(Arc::clone(&self.engine), id, name.clone());
        ledger.schedule.groups().map(group).collect()
    }

    /// A new subscriber to the ends of jobs from now on.
    #[must_use]
    pub fn notices(&self) -> Notices {
        Notices::new(Arc::clone(&self.engine))
    }

    /// How many threads the manager has for its jobs now, busy or idle.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.engine.workers.live()
    }

    /// The job whose body runs on this thread, if it belongs to this manager.
    #[must_use]
    pub fn current(&self) -> Option<JobId> {
        self.engine.current().map(|current| current.id)
    }

    pub(crate) fn job(&self, record: &Shared) -> AnyJob {
        AnyJob::new(Arc::clone(record), Arc::clone(&self.engine))
    }

    fn list(&self, list: List) -> Vec<AnyJob> {
        let [jobs] = self.lists([list]);
        jobs
    }

    /// The jobs of some lists at one moment, each list by number.
    fn lists<const N: usize>(&self, lists: [List; N]) -> [Vec<AnyJob>; N] {
        let ledger = lock(&self.engine.ledger);
        lists.map(|list| ledger.table.list(list).map(|record| self.job(record)).collect())
    }
}

impl AnyJob {
    /// A handle of the job's manager.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// let fit = jobs.spawn("fit", || 42)?;
    /// assert_eq!(fit.manager().get(0)?, *fit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn manager(&self) -> Handle {
        Handle::new(Arc::clone(self.engine()))
    }
}

/// Removing and waiting.
impl Handle {
    /// Removes a finished job from the lists and returns it; each [`AnyJob`] and [`Job`](crate::Job) of it still works.
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
    pub fn remove(&self, job: impl Into<JobRef>) -> Result<AnyJob, RemoveError> {
        let job = job.into();
        let mut ledger = lock(&self.engine.ledger);
        let found = ledger.find(&job, self.engine.address()).map_err(RemoveError::Unknown)?;
        let removed = self.job(found);
        if ledger.table.list_of(job.id().get()) == Some(List::Running) {
            return Err(RemoveError::Running(job.id()));
        }
        let entry = ledger.table.remove(job.id().get());
        drop(ledger);
        drop(entry);
        Ok(removed)
    }

    /// Removes all finished jobs from the lists.
    ///
    /// A subscriber that was not notified of them yet still is: see [`Notices`].
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn flush(&self) -> Flushed {
        let mut ledger = lock(&self.engine.ledger);
        let [completed, dead] = [List::Completed, List::Dead].map(|list| ledger.table.drain(list));
        drop(ledger);
        Flushed { completed: completed.len(), dead: dead.len() }
    }

    /// Waits until every job in the running list has ended.
    ///
    /// Jobs that start later are not waited for, and a job that calls this does not wait for itself.
    ///
    /// # Errors
    ///
    /// As [`wait_all`].
    pub fn wait_all(&self) -> Result<(), WaitError> {
        wait_all(self.others())
    }

    /// Waits as [`wait_all`](Self::wait_all) does, for `timeout` at most.
    ///
    /// # Errors
    ///
    /// As [`wait_all_timeout`].
    pub fn wait_all_timeout(&self, timeout: Duration) -> Result<(), WaitError> {
        wait_all_timeout(self.others(), timeout)
    }

    /// Waits as [`wait_all`](Self::wait_all) does, without blocking the thread, in any async runtime.
    ///
    /// The jobs are those that run when the future is first polled. For a time limit, put the runtime's own around it;
    /// dropping the future ends the wait.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// jobs.spawn("fit", || 42)?;
    /// futures_lite::future::block_on(jobs.wait_all_async());
    /// assert_eq!(jobs.completed().len(), 1);
    /// # Ok::<(), bgjobs::SpawnError>(())
    /// ```
    pub async fn wait_all_async(&self) {
        wait_all_async(self.others()).await;
    }

    /// The jobs in the running list, apart from the one that asks.
    fn others(&self) -> Vec<AnyJob> {
        let mut running = self.running();
        let current = self.engine.current();
        running.retain(|job| current.is_none_or(|current| current.key != job.core().key()));
        running
    }
}
