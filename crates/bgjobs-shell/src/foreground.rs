//! What the prompt waits for: one job at a time, without number and notice, which can be stopped from any thread.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bgjobs::{AnyJob, Config, Context, Failure, Job, JobManager, SpawnError};

/// The job that the prompt waits for.
pub(crate) struct Foreground {
    running: Running,
    jobs: JobManager,
}

/// None while the prompt waits for the user.
type Running = Arc<Mutex<Option<AnyJob>>>;

/// Stops the evaluation that a session waits for, from any thread.
#[derive(Clone)]
pub struct Stopper(Running);

impl Foreground {
    pub(crate) fn new(config: Config) -> Self {
        Self { running: Running::default(), jobs: JobManager::with_config(config) }
    }

    /// Starts what the prompt waits for; a stop that comes meanwhile waits until it is known what runs, and is not lost.
    pub(crate) fn start<T: Send + Sync + 'static>(
        &self,
        name: &'static str,
        body: impl FnOnce(&Context) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Job<T>, SpawnError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let job = self.jobs.spawn_with(name, body)?;
        *running = Some(AnyJob::clone(&job));
        Ok(job)
    }

    /// Forgets the job, which has ended.
    pub(crate) fn end(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.jobs.flush();
    }

    pub(crate) fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.running))
    }
}

impl Stopper {
    /// Asks the evaluation to stop; false if there is none.
    pub fn stop(&self, reason: &'static str) -> bool {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().is_some_and(|job| job.ask_stop(reason))
    }
}

impl fmt::Debug for Stopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stopper").finish()
    }
}
