//! The owner of the jobs.
//!
//! Knows nothing of how jobs are started.

pub(crate) mod group;
pub(crate) mod handle;
pub(crate) mod hosted;
pub(crate) mod notice;
pub(crate) mod retry;
pub(crate) mod scope;
pub(crate) mod spawn;
pub(crate) mod spawner;

use std::{fmt, ops::Deref, sync::Arc};

use crate::{config::Config, engine::Engine, error::ShutdownError, job::AnyJob, manager::handle::Handle};

/// Owns background jobs.
///
/// It can do all that a [`Handle`] can.
/// Dropping it waits for the jobs that are not daemons, as the end of a Python program does; after that no job can be
/// started, daemon jobs are asked to stop but not waited for, and all lists are empty.
/// A manager in a `static` is never dropped: call [`shutdown`](Self::shutdown) at the end of `main`.
///
/// Its threads don't come along to the child of a fork. There it starts no jobs ([`SpawnError::Forked`]), and a wait
/// for one of the parent's is an error ([`WaitError::Forked`]); its end waits for nothing. Make a new manager in the
/// child.
///
/// [`SpawnError::Forked`]: crate::SpawnError::Forked
/// [`WaitError::Forked`]: crate::WaitError::Forked
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// let fit = jobs.spawn("fit", || (1..=10).sum::<u32>())?;
/// // The prompt is back at once. Some time later:
/// assert_eq!(fit.join()?, &55);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # In async code
///
/// The drop blocks its thread. On a runtime with one thread it never returns if a job that it waits for needs the
/// runtime. There are two ways out: await [`shutdown_async`](Self::shutdown_async) before the drop, which then has
/// nothing to wait for, or [`detach`](Self::detach) the manager.
///
/// ```
/// use bgjobs::JobManager;
///
/// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// runtime.block_on(async {
///     let jobs = JobManager::new();
///     let (send, mut rows) = tokio::sync::mpsc::channel(1);
///     let load = jobs.spawn("load", move || (0..10).all(|row| send.blocking_send(row).is_ok()))?;
///     // This task runs on the runtime's only thread, and the job needs it.
///     let reader = tokio::spawn(async move {
///         let mut count = 0;
///         while rows.recv().await.is_some() {
///             count += 1;
///         }
///         count
///     });
///     jobs.shutdown_async().await?;
///     assert_eq!((load.await?, reader.await?), (true, 10));
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct JobManager {
    handle: Handle,
    /// Whether its drop waits for no jobs, because they were left to the handles.
    detached: bool,
}

impl JobManager {
    /// Makes a manager with the default [`Config`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_config(Config::default())
    }

    /// Makes a manager with the given `config`.
    #[must_use]
    pub fn with_config(config: Config) -> Self {
        Self { handle: Handle::new(Engine::new(config)), detached: false }
    }

    /// A handle for another thread or for a job.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Leaves the jobs to the handles: nothing waits for the jobs at the end, and handles may still start jobs.
    ///
    /// It suits a host with its own rules for exit. The jobs' memory is freed once all handles and jobs are dropped and
    /// the workers have ended, which they do when idle for [`Config::idle_timeout`](crate::Config::idle_timeout).
    ///
    /// ```
    /// let handle = bgjobs::JobManager::new().detach();
    /// assert_eq!(handle.spawn("fit", || 42)?.join()?, &42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn detach(mut self) -> Handle {
        self.detached = true;
        self.handle()
    }

    /// Waits for the jobs that are not daemons; then closes the manager to new jobs and asks daemon jobs to stop.
    ///
    /// The lists stay readable.
    /// Jobs may start jobs while it waits; it waits for these too.
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
        if self.engine.is_forked() {
            return Ok(());
        }
        if let Some(current) = self.engine.current() {
            return Err(ShutdownError::InsideJob(current.id));
        }
        self.engine.shut_down(None);
        Ok(())
    }

    /// Shuts down as [`shutdown`](Self::shutdown) does, without blocking the thread, in any async runtime.
    ///
    /// The manager closes when the last job has ended. Dropping the future before that leaves the manager open, but its
    /// groups ignore pauses from then on.
    ///
    /// # Errors
    ///
    /// [`ShutdownError::InsideJob`] if a job of this manager polls it first.
    ///
    /// ```
    /// use bgjobs::{JobManager, SpawnError};
    /// use futures_lite::future::block_on;
    ///
    /// let jobs = JobManager::new();
    /// block_on(async {
    ///     let job = jobs.spawn("fit", || 42)?;
    ///     jobs.shutdown_async().await?;
    ///     assert_eq!(job.outcome().unwrap().unwrap(), &42);
    ///     assert!(matches!(jobs.spawn("late", || ()), Err(SpawnError::ShutDown)));
    ///     Ok::<(), Box<dyn std::error::Error>>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn shutdown_async(&self) -> Result<(), ShutdownError> {
        if self.engine.is_forked() {
            return Ok(());
        }
        if let Some(current) = self.engine.current() {
            return Err(ShutdownError::InsideJob(current.id));
        }
        self.engine.leave();
        while let Some(awaited) = self.engine.close_unless_awaited(&[]) {
            for record in awaited {
                AnyJob::new(record, Arc::clone(&self.engine)).await;
            }
        }
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
        if self.detached || self.engine.is_forked() {
            return;
        }
        // A manager may be dropped by one of its own jobs, and then does not wait for that job.
        self.engine.shut_down(self.engine.current().map(|current| current.id));
        self.engine.forget_all();
    }
}

impl fmt::Debug for JobManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JobManager").field(&self.status()).finish()
    }
}
