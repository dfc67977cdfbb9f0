//! Which dead jobs can still be examined, and why others can't.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use bgjobs::JobId;

use super::done::{Captured, Died};

/// How many dead jobs can be examined.
const MOST_JOBS: usize = 20;

/// Why a job can't be examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPostMortem {
    /// It has not ended.
    Runs(JobId),
    /// It succeeded.
    Done(JobId),
    /// It ended before it began: it was stopped, or a job before it failed.
    NeverBegan(JobId),
    /// It is a line of the system's shell.
    Command(JobId),
    /// It ran in another process.
    Kept(JobId),
    /// No code of the user's ran.
    NoNames(JobId),
    /// There are newer dead jobs.
    Dropped(JobId),
}

/// What the newest dead jobs left, oldest first; nothing of one that failed in no code of the user's.
#[derive(Clone, Default)]
pub(super) struct NewestDead(Arc<Mutex<VecDeque<Option<Weak<Captured>>>>>);

impl NewestDead {
    /// Adds a dead job, and drops what the oldest one left.
    pub(super) fn add(&self, died: &Died) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_back(died.captured.as_ref().map(Arc::downgrade));
        let oldest = if all.len() > MOST_JOBS { all.pop_front().flatten() } else { None };
        drop(all);
        if let Some(captured) = oldest.and_then(|oldest| oldest.upgrade()) {
            let post_mortem = captured.lock().unwrap_or_else(PoisonError::into_inner).take();
            // A program's own types may do anything when they are dropped, so this happens without a lock.
            drop(post_mortem);
        }
    }
}

impl fmt::Display for NoPostMortem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs(id) => {
                write!(f, "Job #{id} has not ended; stop it (kill {id}) or wait for it (wait {id}) first")
            }
            Self::Done(id) => {
                write!(f, "Job #{id} completed, so there is nothing to debug; its value is jobs[{id}].result")
            }
            Self::NeverBegan(id) => {
                write!(f, "Job #{id} never ran, so it has no names; jobs.traceback({id}) says why")
            }
            Self::Command(id) => {
                write!(f, "Job #{id} is a command, so it has no names; `log {id}` shows what it printed")
            }
            Self::Kept(id) => {
                write!(
                    f,
                    "Job #{id} ran in a process of its own, so its names are gone; jobs.traceback({id}) is still there"
                )
            }
            Self::NoNames(id) => write!(
                f,
                "Job #{id} failed in no function of yours, so there are no names to examine; jobs.traceback({id}) says why"
            ),
            Self::Dropped(id) => write!(
                f,
                "the names of job #{id} were dropped: only the newest {MOST_JOBS} dead jobs keep theirs; jobs.traceback({id}) is still there"
            ),
        }
    }
}
