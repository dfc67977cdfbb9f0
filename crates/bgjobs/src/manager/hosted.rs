//! Jobs whose bodies the host runs, on threads that it makes.
//!
//! Knows nothing of threads: an interpreter must make its own, with no frame of this library below its code.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    body::context::Context,
    engine::{Engine, due::Event, start::log_start, trace::Origin, wait_graph::Node},
    error::WaitError,
    job::AnyJob,
    manager::handle::Handle,
    record::{AnyRecord, Record, Shared, attempt::Pause, failure::Failure},
    system::sync::lock,
};

/// A job that waits for its host to begin it; made by [`Spawner::host`](crate::Spawner::host).
///
/// It is listed, waited for and stopped like any other job. If its [options](crate::Options) say when it may start, the
/// host begins it when [`Handle::take_due`](crate::Handle::take_due) says so.
/// Dropping it before it begins makes the job fail.
/// In the child of a fork a host may go on with jobs that it makes there, on threads that it makes there.
///
/// ```
/// let jobs = bgjobs::JobManager::new();
/// let hosted = jobs.named("fit").host()?;
/// let job = hosted.job();
/// std::thread::spawn(move || {
///     if let Some(turn) = hosted.begin() {
///         // The body runs here.
///         turn.end(Ok(()));
///     }
/// });
/// job.wait()?;
/// assert_eq!(job.status(), "Completed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping it makes the job fail"]
pub struct Hosted(Held);

/// A job that its host has begun; it runs until the host ends it.
///
/// Dropping it instead makes the job fail.
#[derive(Debug)]
#[must_use = "dropping it makes the job fail"]
pub struct Turn(Held);

/// What a host has to do for one of its jobs; see [`Handle::take_due`](crate::Handle::take_due).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Due {
    /// To [begin](Hosted::begin) the job, whose turn has come.
    Begin(AnyJob),
    /// Nothing more: the job has ended without a start, because it was stopped, or failed with a job that it follows.
    Ended(AnyJob),
    /// To interrupt the job, which has used up its time limit, if it does not hear the request to stop by itself.
    TimeUp(AnyJob),
    /// To let the job go on, which has back the slot that it lent [while it waited](Turn::begin_wait).
    Resume(AnyJob),
}

impl Due {
    pub(crate) fn new(event: Event, job: AnyJob) -> Self {
        match event {
            Event::Begin => Self::Begin(job),
            Event::Ended => Self::Ended(job),
            Event::TimeUp => Self::TimeUp(job),
            Event::Resume => Self::Resume(job),
        }
    }
}

/// The sole right to begin and end a job.
struct Held {
    /// The job, and where it was started; `None` once it is settled.
    job: Option<(Arc<Record<()>>, Origin)>,
    begun: bool,
    engine: Arc<Engine>,
}

/// What is due for hosted jobs.
impl Handle {
    /// Takes what is due for [hosted](crate::Hosted) jobs with options that the schedule obeys: each thing once, in order.
    ///
    /// The library never calls a host, so the host asks: after each call by which a job may get its turn, such as
    /// [`Spawner::host`](crate::Spawner::host), [`Turn::end`](crate::Turn::end), a stop or a change of a group, and at
    /// the time that [`next_due`](Self::next_due) says.
    ///
    /// ```
    /// use bgjobs::{Due, JobManager};
    ///
    /// let jobs = JobManager::new();
    /// jobs.group("net").set_limit(1)?;
    /// let first = jobs.named("first").group("net").host()?;
    /// let second = jobs.named("second").group("net").host()?;
    /// assert!(matches!(&jobs.take_due()[..], [Due::Begin(job)] if job == &first.job()));
    /// let turn = first.begin().unwrap();
    /// assert!(!jobs.has_due());
    /// turn.end(Ok(()));
    /// assert!(matches!(&jobs.take_due()[..], [Due::Begin(job)] if job == &second.job()));
    /// second.begin().unwrap().end(Ok(()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "what is taken is not returned again"]
    pub fn take_due(&self) -> Vec<Due> {
        let due = |(event, record)| Due::new(event, AnyJob::new(record, Arc::clone(&self.engine)));
        self.engine.take_due().into_iter().map(due).collect()
    }

    /// Whether something is due that does not depend on the time. This takes no lock.
    #[must_use]
    pub fn has_due(&self) -> bool {
        self.engine.due.has_any()
    }

    /// When to call [`take_due`](Self::take_due) next, because a delay or a time limit will be over then; `None` if no
    /// job depends on the time.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        self.engine.next_due()
    }
}

impl Hosted {
    pub(crate) fn new(record: Arc<Record<()>>, engine: Arc<Engine>) -> Self {
        log_start(&(Arc::clone(&record) as Shared));
        Self(Held { job: Some((record, Origin::here())), begun: false, engine })
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> AnyJob {
        self.0.job()
    }

    /// Begins the job; `None` if it was stopped before.
    #[must_use]
    pub fn begin(mut self) -> Option<Turn> {
        self.0.begin().then_some(Turn(self.0))
    }
}

impl Turn {
    /// The job as its body sees it.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::new(self.0.job())
    }

    /// Records that the body waits until `needed` of `jobs` have ended, and lends its slot in its group meanwhile. The
    /// host does the waiting; [`end_wait`](Self::end_wait) follows it.
    ///
    /// Jobs of other managers change nothing here.
    ///
    /// # Errors
    ///
    /// [`WaitError::Ring`] or [`WaitError::Itself`] if the wait is `forever`, for all of `jobs`, and would never end.
    pub fn begin_wait(&self, jobs: &[AnyJob], needed: usize, forever: bool) -> Result<(), WaitError> {
        let (own, engine) = (self.0.job(), &self.0.engine);
        if jobs.iter().any(|job| !Arc::ptr_eq(job.engine(), engine)) {
            return Ok(());
        }
        if forever && needed == jobs.len() {
            let targets: Vec<_> = jobs.iter().map(|job| Node::of(job.core())).collect();
            if targets.contains(&Node::of(own.core())) {
                return Err(WaitError::Itself(own.id()));
            }
            lock(&engine.ledger).wait_graph.begin(Node::of(own.core()), targets).map_err(WaitError::Ring)?;
        }
        engine.lend_slot_of(own.core().key(), jobs.iter().map(AnyJob::core), needed);
        Ok(())
    }

    /// Takes back the slot that the body lent while it waited; false if it must wait for the slot, until
    /// [`Due::Resume`] and another call.
    ///
    /// With `at_once` it gets the slot even if the group is full, as after a wait that timed out or a stop.
    #[must_use]
    pub fn end_wait(&self, at_once: bool) -> bool {
        let (own, engine) = (self.0.job(), &self.0.engine);
        let key = own.core().key();
        let mut ledger = lock(&engine.ledger);
        ledger.wait_graph.end(key);
        ledger.schedule.take_back(key, at_once)
    }

    /// Records that the body is called for the time `number`, counted from 1; see [`AnyJob::attempts`].
    pub fn begin_attempt(&self, number: u32) {
        let job = self.0.job();
        job.core().end_pause();
        job.core().begin_attempt(number);
    }

    /// Records that the attempt has ended, and why if it failed.
    pub fn end_attempt(&self, failure: Option<&Failure>) {
        self.0.job().core().end_attempt(failure);
    }

    /// Records that the body is called again after `time`, for the time `number` of at most `of`, and lends its slot
    /// meanwhile, as [`begin_wait`](Self::begin_wait) does.
    pub fn begin_pause(&self, time: Duration, number: u32, of: u32) {
        let job = self.0.job();
        job.core().begin_pause(Pause { began: Instant::now(), time, number, of });
        self.0.engine.lend_slot_of(job.core().key(), std::iter::empty(), 1);
    }

    /// Ends the job, which has succeeded, failed, or stopped ([`Failure::stopped`]).
    ///
    /// Returns whether something is due then for other hosted jobs, as [`Handle::has_due`](crate::Handle::has_due) does.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn end(mut self, result: Result<(), Failure>) -> bool {
        self.0.end(result);
        self.0.engine.due.has_any()
    }
}

impl Held {
    fn job(&self) -> AnyJob {
        let (record, _) = self.job.as_ref().expect("only calls that consume the whole take it out");
        AnyJob::new(Arc::clone(record) as Shared, Arc::clone(&self.engine))
    }

    fn begin(&mut self) -> bool {
        self.begun = self.job.as_ref().is_some_and(|(record, origin)| self.engine.begin(record.core(), origin));
        if !self.begun {
            self.job = None;
        }
        self.begun
    }

    fn end(&mut self, result: Result<(), Failure>) {
        if let Some((record, origin)) = self.job.take() {
            self.engine.end(record, origin, result);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.begun || self.begin() {
            self.end(Err(Failure::new("its host dropped it before its end")));
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.job.as_ref().map(|(record, _)| record.core().id())).finish()
    }
}
