//! Jobs whose bodies the host runs, on threads that it makes.
//!
//! Knows nothing of threads: an interpreter must make its own, with no frame of this library below its code.

use std::{fmt, sync::Arc};

use crate::{
    body::context::Context,
    engine::{Engine, start::log_start, trace::Origin},
    job::AnyJob,
    record::{AnyRecord, Record, Shared, failure::Failure},
};

/// A job that waits for its host to begin it; made by [`Spawner::host`](crate::Spawner::host).
///
/// It is listed, waited for and stopped like any other job.
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

/// The sole right to begin and end a job.
struct Held {
    /// The job, and where it was started; `None` once it is settled.
    job: Option<(Arc<Record<()>>, Origin)>,
    begun: bool,
    engine: Arc<Engine>,
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

    /// Ends the job, which has succeeded, failed, or stopped ([`Failure::stopped`]).
    pub fn end(mut self, result: Result<(), Failure>) {
        self.0.end(result);
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
