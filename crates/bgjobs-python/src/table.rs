//! The numbers of a manager's jobs, and the subscribers to their ends.
//!
//! It does not know Python's jobs.

use std::sync::{Mutex, PoisonError};

use bgjobs::{AnyJob, Handle, JobManager, Notices};
use pyo3::prelude::*;

/// The numbers of a manager's jobs.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct Table {
    pub(crate) handle: Handle,
}

/// Receives the end of each job of a manager, once.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct Subscriber(Mutex<Notices>);

#[pymethods]
impl Table {
    #[new]
    pub(crate) fn new() -> Self {
        // Python waits for jobs at its exit by its own rules.
        Self { handle: JobManager::new().detach() }
    }

    /// The numbers of the jobs that have not ended.
    fn running(&self) -> Vec<u64> {
        numbers(&self.handle.running())
    }

    /// Forgets a job that has ended; false if it runs or is unknown.
    fn remove(&self, num: u64) -> bool {
        self.handle.remove(num).is_ok()
    }

    /// Forgets all jobs that have ended.
    fn flush(&self) {
        self.handle.flush();
    }

    /// A subscriber to the ends from now on.
    fn subscribe(&self) -> Subscriber {
        Subscriber(Mutex::new(self.handle.notices()))
    }
}

#[pymethods]
impl Subscriber {
    /// Whether a job has ended since the last `drain`.
    fn has_pending(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).has_news()
    }

    /// The numbers of the jobs that have ended since the last call, in the order of their ends.
    fn drain(&self) -> Vec<u64> {
        numbers(&self.0.lock().unwrap_or_else(PoisonError::into_inner).look())
    }
}

fn numbers(jobs: &[AnyJob]) -> Vec<u64> {
    jobs.iter().map(|job| job.id().get()).collect()
}
