//! What the newest dead jobs left: their frames, with the names that these had.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use bgjobs::{Handle, JobId};

use crate::lang::post_mortem::PostMortem;

/// Of how many dead jobs the names are kept.
pub(crate) const MOST_JOBS: usize = 20;

/// What the newest dead jobs left, oldest first; none of one that was in no code of the user's.
#[derive(Clone, Default)]
pub(super) struct AllDead(Arc<Mutex<VecDeque<(JobId, Left)>>>);

type Left = Option<Arc<PostMortem>>;

impl AllDead {
    pub(super) fn get(&self, job: JobId) -> Option<Left> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|(dead, _)| *dead == job).map(|(_, left)| left.clone())
    }

    pub(super) fn add(&self, job: JobId, left: Left) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_back((job, left));
        let oldest = if all.len() > MOST_JOBS { all.pop_front() } else { None };
        drop(all);
        // Values of a program's own types may do anything when they are dropped, so this comes without the lock.
        drop(oldest);
    }

    /// Lets go of what jobs left that are there no more.
    pub(super) fn forget_gone(&self, jobs: &Handle) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (here, gone) = std::mem::take(&mut *all).into_iter().partition(|(job, _)| jobs.get(*job).is_ok());
        *all = here;
        drop(all);
        drop::<VecDeque<_>>(gone);
    }
}
