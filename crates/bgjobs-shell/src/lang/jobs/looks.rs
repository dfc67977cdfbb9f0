//! How much of what each job printed somebody has looked at.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bgjobs::{AnyJob, Handle, JobId};

/// How many lines of each job were looked at; a job that is not here was never looked at.
#[derive(Clone, Default)]
pub(crate) struct Looks(Arc<Mutex<BTreeMap<JobId, u64>>>);

impl Looks {
    /// Notes that the first `lines` lines of a job were looked at.
    pub(crate) fn note(&self, job: &AnyJob, lines: u64, jobs: &Handle) {
        let mut looks = self.lock();
        let seen = looks.entry(job.id()).or_default();
        *seen = lines.max(*seen);
        // A program around the prompt may forget jobs without a word: it is looked for when twice as many are here.
        let is_time = looks.len().is_power_of_two();
        drop(looks);
        if is_time {
            self.forget_gone(jobs);
        }
    }

    /// How many lines of a job nobody has looked at.
    pub(crate) fn new_lines(&self, job: &AnyJob) -> u64 {
        let seen = self.lock().get(&job.id()).copied().unwrap_or(0);
        job.printed().saturating_sub(seen)
    }

    /// Forgets the jobs that are there no more.
    pub(crate) fn forget_gone(&self, jobs: &Handle) {
        let known: Vec<_> = self.lock().keys().copied().collect();
        let gone: Vec<_> = known.into_iter().filter(|job| jobs.get(*job).is_err()).collect();
        let mut looks = self.lock();
        for job in gone {
            looks.remove(&job);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<JobId, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
