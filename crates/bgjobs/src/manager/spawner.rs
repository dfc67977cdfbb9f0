//! A job before its start: its name and its options, set one by one or at once.
//!
//! Knows nothing of what runs it.

use std::{borrow::Cow, fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::{
    body::{Body, context::Context},
    config::Options,
    engine::{Engine, Start},
    error::SpawnError,
    job::{AnyJob, typed::Job},
    manager::hosted::Hosted,
    record::{
        Record, Shared,
        after::After,
        failure::{BoxedError, Failure},
        name::Name,
    },
};

/// A job with its name and its [`Options`], before its start; made by [`Handle::named`](crate::Handle::named) and
/// [`Group::named`](crate::Group::named).
///
/// Each setter replaces one option; [`retry`](Self::retry) comes last, because a body that is called again is of another
/// kind.
///
/// ```
/// use bgjobs::JobManager;
/// use std::time::Duration;
///
/// let jobs = JobManager::new();
/// let load = jobs.named("load").group("disk").time_limit(Duration::from_secs(60)).spawn(|| 20)?;
/// let fit = jobs.named("fit").after(&load).retry(3).try_spawn(move || load.join().map(|rows| rows + 1))?;
/// assert_eq!(fit.join()?, &21);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "it starts no job until a body is given to `spawn` or one of its siblings"]
pub struct Spawner<'a> {
    engine: &'a Arc<Engine>,
    name: Name,
    options: Cow<'a, Options>,
}

/// The default options, made once.
static PLAIN: Options = Options::PLAIN;

/// Options.
impl<'a> Spawner<'a> {
    pub(crate) fn new(engine: &'a Arc<Engine>, name: Name) -> Self {
        Self { engine, name, options: Cow::Borrowed(&PLAIN) }
    }

    /// Replaces all options.
    ///
    /// ```
    /// use bgjobs::{JobManager, Options};
    ///
    /// let jobs = JobManager::new();
    /// let deep = Options { stack_size: Some(64 << 20), ..Options::default() };
    /// assert_eq!(jobs.named("deep").with(deep).spawn(|| 1)?.join()?, &1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with(self, options: Options) -> Self {
        Self { options: Cow::Owned(options), ..self }
    }

    /// Sets [`Options::daemon`]: the manager shuts down without waiting for the job.
    pub fn daemon(self) -> Self {
        self.set(|options| options.daemon = true)
    }

    /// Sets [`Options::stack_size`], in bytes.
    pub fn stack_size(self, bytes: usize) -> Self {
        self.set(|options| options.stack_size = Some(bytes))
    }

    /// Sets [`Options::fresh_thread`]: the job gets a thread that runs no other job.
    pub fn fresh_thread(self) -> Self {
        self.set(|options| options.fresh_thread = true)
    }

    /// Sets [`Options::log_file`].
    pub fn log_file(self, path: impl Into<PathBuf>) -> Self {
        self.set(|options| options.log_file = Some(path.into()))
    }

    /// Sets [`Options::log_bytes`].
    pub fn log_bytes(self, bytes: usize) -> Self {
        self.set(|options| options.log_bytes = Some(bytes))
    }

    /// Sets [`Options::group`], by the group's name; a [`Group`](crate::Group) in hand starts its jobs itself, with its own
    /// [`named`](crate::Group::named).
    pub fn group(self, name: impl Into<Name>) -> Self {
        self.set(|options| options.group = Some(name.into()))
    }

    /// Sets [`Options::priority`].
    pub fn priority(self, priority: i32) -> Self {
        self.set(|options| options.priority = priority)
    }

    /// Sets [`Options::delay`].
    pub fn delay(self, delay: Duration) -> Self {
        self.set(|options| options.delay = Some(delay))
    }

    /// Adds to [`Options::after`]; a job alone must be [done](After::done).
    pub fn after(self, job: impl Into<After>) -> Self {
        self.set(|options| options.after.push(job.into()))
    }

    /// Adds several to [`Options::after`], such as a `Vec` of jobs.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// let parts = [1, 2, 3].map(|n| jobs.spawn("part", move || n)).into_iter().collect::<Result<Vec<_>, _>>()?;
    /// let whole = jobs.named("whole").after_all(&parts);
    /// let whole = whole.try_spawn(move || parts.iter().map(|part| part.join().copied()).sum::<Result<u32, _>>())?;
    /// assert_eq!(whole.join()?, &6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn after_all<A: Into<After>>(self, jobs: impl IntoIterator<Item = A>) -> Self {
        self.set(|options| options.after.extend(jobs.into_iter().map(Into::into)))
    }

    /// Sets [`Options::time_limit`].
    pub fn time_limit(self, limit: Duration) -> Self {
        self.set(|options| options.time_limit = Some(limit))
    }

    /// Sets [`Options::unlisted`]: the job is in no list and no notice.
    pub fn unlisted(self) -> Self {
        self.set(|options| options.unlisted = true)
    }

    fn set(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(self.options.to_mut());
        self
    }
}

/// Starting; see [`Handle`](crate::Handle) for what each of these does.
impl Spawner<'_> {
    /// As [`Handle::spawn`](crate::Handle::spawn).
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the manager was shut down, a thread could not be created, or a job to follow is not known.
    pub fn spawn<T, F>(self, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.launch(|_, _| Ok(body()))
    }

    /// As [`Handle::try_spawn`](crate::Handle::try_spawn).
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn try_spawn<T, E, F>(self, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> Result<T, E> + Send + 'static,
        T: Send + Sync + 'static,
        E: Into<BoxedError>,
    {
        self.launch(|_, _| body().map_err(Failure::from_error))
    }

    /// As [`Handle::spawn_with`](crate::Handle::spawn_with).
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn spawn_with<T, F>(self, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce(&Context) -> Result<T, Failure> + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.launch(|record, engine| body(&Context::new(AnyJob::new(Arc::clone(record) as Shared, Arc::clone(engine)))))
    }

    /// As [`Handle::start`](crate::Handle::start), under this name instead of the body's own.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn start<B: Body>(self, body: B) -> Result<Job<B::Output>, SpawnError> {
        self.spawn_with(|job| body.call(job))
    }

    /// Makes a job whose body the host runs, on a thread that the host makes; see [`Hosted`].
    ///
    /// A job with a group, a delay, jobs before it or a time limit waits until [`Handle::take_due`](crate::Handle::take_due)
    /// says that it may begin; any other may begin at once.
    /// [`Options::stack_size`] and [`Options::fresh_thread`] have no effect: the thread is the host's.
    ///
    /// # Errors
    ///
    /// [`SpawnError::ShutDown`] if the manager was shut down, [`SpawnError::Unknown`] if a job to follow is not known, and
    /// [`SpawnError::LogFile`].
    pub fn host(self) -> Result<Hosted, SpawnError> {
        // In the child of a fork it tells this job from those of the parent.
        let _ = self.engine.is_forked();
        let record = self.engine.new_record(self.name, &self.options)?;
        let job = Arc::clone(&record) as Shared;
        let entered = if self.options.is_scheduled() {
            job.core().set_hosted();
            self.engine.launch_scheduled(&job, &self.options, Start::Hosted)
        } else {
            self.engine.enter(&job, &self.options)
        };
        entered.inspect_err(|_| job.core().remove_log_file())?;
        Ok(Hosted::new(record, Arc::clone(self.engine)))
    }

    fn launch<T: Send + Sync + 'static>(
        self,
        body: impl FnOnce(&Arc<Record<T>>, &Arc<Engine>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Job<T>, SpawnError> {
        let record = self.engine.launch(self.name, &self.options, body)?;
        Ok(Job::of(AnyJob::new(record, Arc::clone(self.engine))))
    }
}

impl fmt::Debug for Spawner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawner").field("name", &self.name).field("options", &self.options).finish()
    }
}
