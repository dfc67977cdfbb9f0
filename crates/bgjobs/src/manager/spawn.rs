//! The ways to start a job.
//!
//! Knows nothing of what runs it.

use std::{borrow::Cow, sync::Arc};

use crate::{
    body::{Body, context::Context},
    config::Options,
    engine::Engine,
    error::SpawnError,
    job::{AnyJob, typed::Job},
    manager::{handle::Handle, hosted::Hosted},
    record::{Record, Shared, failure::Failure, name::Name},
};

/// Starts jobs with chosen [`Options`]; made by [`Handle::with`].
#[derive(Debug)]
pub struct Spawner<'a> {
    handle: &'a Handle,
    options: Cow<'a, Options>,
}

/// The default options, made once.
static PLAIN: Options = Options::PLAIN;

/// Starting a job.
///
/// Each of these starts the job at once, on a thread that runs nothing else meanwhile, and returns without waiting
/// for it.
/// Lists and notices show the name, which may be a literal or a `String`.
///
/// # Errors
///
/// All return [`SpawnError`] if the manager was shut down or a thread could not be created.
impl Handle {
    /// Starts a job whose body can't fail, except by a panic.
    ///
    /// A body that returns a [`Result`] belongs to [`try_spawn`](Self::try_spawn): here an `Err` is a value
    /// like any other, and the job counts as completed.
    ///
    /// # Errors
    ///
    /// As above.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// assert_eq!(jobs.spawn("add", || 20 + 1)?.join()?, &21);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// What the body captures goes to another thread:
    ///
    /// ```compile_fail,E0277
    /// let local = std::rc::Rc::new(1);
    /// bgjobs::JobManager::new().spawn("not Send", move || *local);
    /// ```
    pub fn spawn<T, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.plain().spawn(name, body)
    }

    /// Starts a job whose body may return an error, which makes the job fail.
    ///
    /// # Errors
    ///
    /// As above; the job holds the body's own error.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// let job = jobs.try_spawn("read", || std::fs::read("no such file"))?;
    /// assert!(job.join().is_err());
    /// assert!(job.failure().unwrap().error().unwrap().is::<std::io::Error>());
    /// # Ok::<(), bgjobs::SpawnError>(())
    /// ```
    ///
    /// Boxed errors and texts need an explicit conversion into a [`Failure`]:
    ///
    /// ```
    /// use bgjobs::{Failure, JobManager};
    ///
    /// fn load() -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    ///     Err("no rows".into())
    /// }
    ///
    /// let jobs = JobManager::new();
    /// let boxed = jobs.try_spawn("load", || load().map_err(Failure::from_boxed))?;
    /// let text = jobs.try_spawn("load", || Err::<(), _>("no rows").map_err(Failure::new))?;
    /// assert_eq!(boxed.join().unwrap_err().to_string(), "job #0 died: no rows");
    /// assert_eq!(text.join().unwrap_err().to_string(), "job #1 died: no rows");
    /// # Ok::<(), bgjobs::SpawnError>(())
    /// ```
    pub fn try_spawn<T, E, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + Sync + 'static,
        E: Into<Failure>,
    {
        self.plain().try_spawn(name, body)
    }

    /// Starts a job whose body gets its [`Context`], to notice a stop, print, and report progress.
    ///
    /// # Errors
    ///
    /// As above; the job holds the body's own error.
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
        self.plain().spawn_with(name, body)
    }

    /// Starts a job with a body of the user's own type.
    ///
    /// # Errors
    ///
    /// As above; the job holds the body's own error.
    pub fn start<B: Body>(&self, body: B) -> Result<Job<B::Output>, SpawnError> {
        self.plain().start(body)
    }

    /// Starts jobs with `options` instead of the defaults.
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
        Spawner { handle: self, options: Cow::Owned(options) }
    }

    fn plain(&self) -> Spawner<'_> {
        Spawner { handle: self, options: Cow::Borrowed(&PLAIN) }
    }
}

impl Spawner<'_> {
    /// As [`Handle::spawn`].
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the manager was shut down or a thread could not be created.
    pub fn spawn<T, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.launch(name.into(), |_, _| Ok(body()))
    }

    /// As [`Handle::try_spawn`].
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the manager was shut down or a thread could not be created.
    pub fn try_spawn<T, E, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + Sync + 'static,
        E: Into<Failure>,
    {
        self.launch(name.into(), |_, _| body().map_err(Into::into))
    }

    /// As [`Handle::spawn_with`].
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the manager was shut down or a thread could not be created.
    pub fn spawn_with<T, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce(&Context) -> Result<T, Failure> + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.launch(name.into(), |record, engine| {
            body(&Context::new(AnyJob::new(Arc::clone(record) as Shared, Arc::clone(engine))))
        })
    }

    /// As [`Handle::start`].
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the manager was shut down or a thread could not be created.
    pub fn start<B: Body>(&self, body: B) -> Result<Job<B::Output>, SpawnError> {
        self.spawn_with(body.name(), |job| body.call(job))
    }

    /// Makes a job whose body the host runs, on a thread that the host makes; see [`Hosted`].
    ///
    /// [`Options::stack_size`] and [`Options::fresh_thread`] have no effect: the thread is the host's.
    ///
    /// # Errors
    ///
    /// [`SpawnError::ShutDown`] if the manager was shut down, and [`SpawnError::Hosted`] for an option by which this
    /// library would decide when the job starts or how long it runs.
    pub fn host(&self, name: impl Into<Name>) -> Result<Hosted, SpawnError> {
        if let Some(option) = self.options.scheduled() {
            return Err(SpawnError::Hosted { option });
        }
        let engine = &self.handle.engine;
        let record = engine.new_record(name.into(), &self.options);
        engine.enter(&(Arc::clone(&record) as Shared), &self.options)?;
        Ok(Hosted::new(record, Arc::clone(engine)))
    }

    fn launch<T: Send + Sync + 'static>(
        &self,
        name: Name,
        body: impl FnOnce(&Arc<Record<T>>, &Arc<Engine>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Job<T>, SpawnError> {
        let engine = &self.handle.engine;
        let record = engine.launch(name, &self.options, body)?;
        Ok(Job::of(AnyJob::new(record, Arc::clone(engine))))
    }
}
