//! The ways to start a job, in a manager or in a group.
//!
//! Knows nothing of what runs it.

use crate::{
    body::{Body, context::Context},
    error::SpawnError,
    job::typed::Job,
    manager::{group::Group, handle::Handle, spawner::Spawner},
    record::{
        failure::{BoxedError, Failure},
        name::Name,
    },
};

/// Starting a job.
///
/// Each of these starts the job at once, on a thread that runs nothing else meanwhile, and returns without waiting
/// for it.
/// Lists and notices show the name, which may be any text.
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
    /// An `async` block is a value too, which no one would run: a body that calls async code blocks on it, with the
    /// runtime's own `block_on`.
    ///
    /// The result must be [`Sync`], because any number of threads may read it; [`Take`](crate::Take) wraps one that is
    /// not, or one that a caller should own.
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
        self.named(name).spawn(body)
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
    /// The error may be of any type that boxes: an error, a boxed one, a text, a [`Failure`], an `anyhow::Error` or an
    /// `eyre::Report`:
    ///
    /// ```
    /// use anyhow::Context;
    /// use bgjobs::JobManager;
    ///
    /// let jobs = JobManager::new();
    /// let text = jobs.try_spawn("load", || Err::<(), _>("no rows"))?;
    /// let wrapped = jobs.try_spawn("load", || std::fs::read("no such file").context("can't load the rows"))?;
    /// jobs.wait_all()?;
    /// assert_eq!(text.failure().unwrap().message(), "no rows");
    /// assert_eq!(wrapped.failure().unwrap().message(), "can't load the rows");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A `?` in a closure leaves the type of its error open:
    ///
    /// ```compile_fail,E0283
    /// bgjobs::JobManager::new().try_spawn("load", || Ok(std::fs::read("rows.csv")?.len()));
    /// ```
    ///
    /// [`spawn_with`](Self::spawn_with) fixes it as [`Failure`]:
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// let load = jobs.spawn_with("load", |_| Ok(std::fs::read("no such file")?.len()))?;
    /// assert!(load.join().is_err());
    /// # Ok::<(), bgjobs::SpawnError>(())
    /// ```
    pub fn try_spawn<T, E, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + Sync + 'static,
        E: Into<BoxedError>,
    {
        self.named(name).try_spawn(body)
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
        self.named(name).spawn_with(body)
    }

    /// Starts a job with a body of the user's own type.
    ///
    /// # Errors
    ///
    /// As above; the job holds the body's own error.
    pub fn start<B: Body>(&self, body: B) -> Result<Job<B::Output>, SpawnError> {
        self.named(body.name()).start(body)
    }

    /// A job with this name, whose options can be set before it starts.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// assert_eq!(jobs.named("deep").stack_size(64 << 20).spawn(|| 1)?.join()?, &1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn named(&self, name: impl Into<Name>) -> Spawner<'_> {
        Spawner::new(&self.engine, name.into())
    }
}

/// Starting a job in the group, as [`Handle`] does outside it.
impl Group {
    /// As [`Handle::spawn`].
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the manager was shut down.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// let disk = jobs.group("disk");
    /// disk.set_limit(1)?;
    /// let copies = [1, 2, 3].map(|n| disk.spawn("copy", move || n));
    /// for (copy, n) in copies.into_iter().zip(1..) {
    ///     assert_eq!(copy?.join()?, &n);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn<T, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.named(name).spawn(body)
    }

    /// As [`Handle::try_spawn`].
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn try_spawn<T, E, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + Sync + 'static,
        E: Into<BoxedError>,
    {
        self.named(name).try_spawn(body)
    }

    /// As [`Handle::spawn_with`].
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn spawn_with<T, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce(&Context) -> Result<T, Failure> + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.named(name).spawn_with(body)
    }

    /// As [`Handle::start`].
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn start<B: Body>(&self, body: B) -> Result<Job<B::Output>, SpawnError> {
        self.named(body.name()).start(body)
    }

    /// A job of the group with this name, whose other options can be set before it starts.
    pub fn named(&self, name: impl Into<Name>) -> Spawner<'_> {
        Spawner::new(self.engine(), name.into()).group(self.name())
    }
}
