//! A job in its user's hands, without the type of its result.
//!
//! Knows nothing of how it was started.

pub(crate) mod evcxr;
pub(crate) mod future;
pub(crate) mod html;
pub(crate) mod several;
pub(crate) mod stop;
pub(crate) mod summary;
pub(crate) mod text;
pub(crate) mod typed;
pub(crate) mod wait;

use std::{
    any::Any,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    engine::Engine,
    record::{
        Core, Followed, Record, Shared, attempt::Attempt, failure::Failure, id::JobId, job_ref::JobRef, log::Log,
        name::Name, place::Place, progress::Progress, state::State, stop::StopReason, why::WaitReason,
    },
};

/// When a job was created, started and finished, by a clock that never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// When the job was made.
    pub created: Instant,
    /// When its body began; `None` if it has not.
    pub started: Option<Instant>,
    /// When it ended; `None` if it has not.
    pub finished: Option<Instant>,
}

impl Times {
    /// How long the body has run, until now or its end; `None` if it has not begun.
    #[must_use]
    pub fn ran(&self) -> Option<Duration> {
        let until = self.finished.unwrap_or_else(Instant::now);
        Some(until.saturating_duration_since(self.started?))
    }
}

/// A job of any result type: all that works without that type.
///
/// It is cheap to clone, and dropping it does not affect the job.
/// [`Display`](fmt::Display) shows the job's name; [`Debug`] shows the job as the original does.
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

    /// The job's number.
    #[must_use]
    pub fn id(&self) -> JobId {
        self.core().id()
    }

    /// Whether the job is, or was, in the lists of its manager.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.id() != JobId::NONE
    }

    /// Gives a job that was started [unlisted](crate::Options::unlisted) a number, adds it to the lists, and returns
    /// the number; a listed job just returns its number.
    ///
    /// `None` if the job has ended unlisted, or the manager was shut down.
    ///
    /// ```
    /// use bgjobs::JobManager;
    ///
    /// let jobs = JobManager::new();
    /// let (go, gate) = std::sync::mpsc::channel::<()>();
    /// let line = jobs.named("slow(5)").unlisted().spawn(move || gate.recv().is_ok())?;
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

    /// The name that lists and notices show.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.core().name
    }

    /// Whether the manager's shutdown does not wait for the job.
    #[must_use]
    pub fn is_daemon(&self) -> bool {
        self.core().daemon
    }

    /// The job's state.
    #[must_use]
    pub fn state(&self) -> State {
        self.core().life.state()
    }

    /// Whether the job has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.state().is_finished()
    }

    /// The job's state in the original's words.
    ///
    /// It is `Created`, `Running`, `Completed`, or `Dead (Exception), call jobs.traceback() for details`; for states
    /// that the original lacks it is `Queued`, `Stopping`, or `Dead (Stopped), call jobs.traceback() for details`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        self.state().status()
    }

    /// The job's state as the original's number: 0 created, 1 running, 2 completed, -1 dead.
    ///
    /// A queued job is 1, a stopped job -1.
    #[must_use]
    pub fn stat_code(&self) -> i8 {
        self.state().stat_code()
    }

    /// What keeps the job: from starting while it is [`Queued`](State::Queued), or from going on while its body waits
    /// for another job or for its next attempt. Empty for other running jobs, and for jobs that have ended.
    #[must_use]
    pub fn why(&self) -> Vec<WaitReason> {
        self.engine.why(self.core())
    }

    /// The name of the job's group, if it has one.
    #[must_use]
    pub fn group(&self) -> Option<&Name> {
        self.core().group()
    }

    /// The last hundred attempts of a job that is [retried](crate::Spawner::retry), oldest first; empty for other jobs.
    #[must_use]
    pub fn attempts(&self) -> Vec<Attempt> {
        self.core().attempts()
    }

    /// When the job was created, started and finished; of one that follows other work, when [that](crate::Context::follow_times)
    /// did.
    #[must_use]
    pub fn times(&self) -> Times {
        let life = &self.core().life;
        let at = |nanos| self.engine.epoch + Duration::from_nanos(nanos);
        // A finished job has all its times; one that is not finished yet shows no end.
        let is_finished = life.state().is_finished();
        let created = at(life.created());
        let started = life.started().map(at);
        let finished = life.finished().filter(|_| is_finished).map(at);
        match self.core().followed() {
            None => Times { created, started, finished },
            Some(Followed { started, finished: ended }) => Times {
                // Another program may have started it.
                created: created.min(started),
                started: Some(started),
                finished: finished.map(|heard| ended.map_or(heard, |ended| ended.min(heard))),
            },
        }
    }

    /// The processor time that the body has used; `None` if it has not begun, and where the system does not provide it.
    ///
    /// For a running job it is read now, and may include up to a millisecond of earlier jobs on the same thread.
    /// For a finished job it is known only if the manager was made with
    /// [`Config::measure_cpu`](crate::Config::measure_cpu); with that it is exact in both cases.
    #[must_use]
    pub fn cpu_time(&self) -> Option<Duration> {
        self.core().cpu_time()
    }

    /// The system's number of the thread that runs the body; `None` before and after that, and where the system does
    /// not provide it.
    #[must_use]
    pub fn thread(&self) -> Option<u32> {
        self.core().running_thread()
    }

    /// What the job printed.
    #[must_use]
    pub fn log(&self) -> Log {
        self.core().log(self.engine.config.log_bytes).clone()
    }

    /// How far the body has come, as it last [reported](crate::Context::progress); of a command that runs, what it
    /// [prints](crate::Context::read_progress) shows it. Otherwise `None`.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.core().progress()
    }

    /// Where the body is now, if it has a [provider](crate::Context::locate) for that, or else at its last
    /// [checkpoint](crate::Context::checkpoint); `None` if it has neither.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.core().place()
    }

    /// Why the job failed or was stopped; `None` before its end, and if it ended well.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.record.failure().cloned()
    }

    /// Why the job was asked to stop; `None` if it was not.
    #[must_use]
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.core().stop_reason().cloned()
    }

    /// The name of the result's type.
    pub(crate) fn result_type(&self) -> &'static str {
        self.record.result_type()
    }

    pub(crate) fn typed<T: Send + Sync + 'static>(&self) -> Option<&Record<T>> {
        let record: &dyn Any = &*self.record;
        record.downcast_ref()
    }
}

impl AsRef<Self> for AnyJob {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl From<&AnyJob> for JobRef {
    fn from(job: &AnyJob) -> Self {
        Self::in_hand(Arc::clone(&job.record), Arc::clone(&job.engine) as _)
    }
}

impl From<AnyJob> for JobRef {
    fn from(job: AnyJob) -> Self {
        (&job).into()
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
        // The address alone: the pointer to a record's methods differs between the crates that make one.
        Arc::as_ptr(&self.record).cast::<()>().hash(state);
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
