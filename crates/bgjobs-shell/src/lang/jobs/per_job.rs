//! Something about each job, forgotten once the job is removed.
//!
//! Knows nothing of what it is.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bgjobs::{Handle, JobId};

/// Something about each job; all clones share it.
#[derive(Clone)]
pub(super) struct PerJob<T>(Arc<Mutex<BTreeMap<JobId, T>>>);

impl<T: Clone> PerJob<T> {
    pub(super) fn get(&self, job: JobId) -> Option<T> {
        self.lock().get(&job).cloned()
    }

    pub(super) fn set(&self, job: JobId, value: T, jobs: &Handle) {
        let mut all = self.lock();
        let old = all.insert(job, value);
        // The host program may remove jobs without notice, so removed ones are looked for whenever the map has doubled.
        let is_time = all.len().is_power_of_two();
        drop(all);
        drop(old);
        if is_time {
            self.forget_gone(jobs);
        }
    }

    /// Forgets removed jobs.
    pub(super) fn forget_gone(&self, jobs: &Handle) {
        let known: Vec<_> = self.lock().keys().copied().collect();
        for job in known.into_iter().filter(|job| jobs.get(*job).is_err()) {
            // A program's own types may do anything when they are dropped, so this happens without the lock.
            let gone = self.lock().remove(&job);
            drop(gone);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<JobId, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for PerJob<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}
