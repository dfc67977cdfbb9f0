//! The jobs of a manager by number, their lists, and the readers of their ends.

use std::sync::{Mutex, PoisonError};

use bgjobs::{AnyJob, Handle, JobManager, Notices};
use pyo3::prelude::*;

/// The numbers of a manager's jobs.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct Table {
    pub(crate) handle: Handle,
}

/// A reader of the ends of a manager's jobs, which is told of each once.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct Reader(Mutex<Notices>);

#[pymethods]
impl Table {
    #[new]
    pub(crate) fn new() -> Self {
        // At its exit Python waits for jobs by rules of its own.
        Self { handle: JobManager::new().detach() }
    }

    /// The numbers of the jobs that have not ended.
    fn running(&self) -> Vec<u64> {
        numbers(&self.handle.running())
    }

    /// Forgets a job that has ended; false if it runs or is not known.
    fn remove(&self, num: u64) -> bool {
        self.handle.remove(num).is_ok()
    }

    /// Forgets all jobs that have ended.
    fn flush(&self) {
        self.handle.flush();
    }

    /// A reader that is told of what ends from now on.
    fn reader(&self) -> Reader {
        Reader(Mutex::new(self.handle.notices()))
    }
}

#[pymethods]
impl Reader {
    /// Whether a job has ended that this reader was not told of.
    fn has_news(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).has_news()
    }

    /// The numbers of the jobs that have ended since the last look, in the order of their ends.
    fn look(&self) -> Vec<u64> {
        numbers(&self.0.lock().unwrap_or_else(PoisonError::into_inner).look())
    }
}

fn numbers(jobs: &[AnyJob]) -> Vec<u64> {
    jobs.iter().map(|job| job.id().get()).collect()
}
