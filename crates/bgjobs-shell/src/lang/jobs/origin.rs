//! What jobs were started with, as the original keeps it with each job.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use bgjobs::{Handle, JobId};

use crate::lang::values::value::Value;

/// What a job was started with.
#[derive(Clone)]
pub(crate) enum Started {
    /// A text, and the names that were given for it.
    Expression { text: Arc<str>, given: Vec<Value> },
    /// A function and its arguments.
    Call { function: Value, arguments: Vec<Value> },
    /// A line of the system's shell.
    Command { line: Arc<str> },
}

/// What all jobs were started with, as long as there are the jobs.
#[derive(Clone, Default)]
pub(crate) struct AllStarted(Arc<Mutex<BTreeMap<JobId, Started>>>);

impl AllStarted {
    pub(crate) fn get(&self, job: JobId) -> Option<Started> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&job).cloned()
    }

    pub(crate) fn add(&self, job: JobId, started: Started, jobs: &Handle) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(job, started);
        // A program around the prompt may forget jobs without a word: it is looked for when twice as many are here.
        let is_time = all.len().is_power_of_two();
        drop(all);
        if is_time {
            self.forget_gone(jobs);
        }
    }

    /// Lets go of what was given to jobs that are there no more.
    pub(crate) fn forget_gone(&self, jobs: &Handle) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (here, gone) = std::mem::take(&mut *all).into_iter().partition(|(job, _)| jobs.get(*job).is_ok());
        *all = here;
        drop(all);
        // Values of a program's own types may do anything when they are dropped, so this comes without the lock.
        drop::<BTreeMap<_, _>>(gone);
    }
}
