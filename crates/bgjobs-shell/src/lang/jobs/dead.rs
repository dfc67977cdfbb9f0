//! What the newest dead jobs left: their frames, with the names that these had.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bgjobs::{Handle, JobId};

use super::post_mortem::PostMortem;

/// Of how many dead jobs the names are kept.
const MOST_JOBS: usize = 20;

/// Why there is nothing to look at of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPostMortem {
    /// It has not ended.
    Runs(JobId),
    /// It ended well.
    Done(JobId),
    /// It ended before it began: it was stopped, or what it was to start after failed.
    NeverBegan(JobId),
    /// It is a line of the system's shell.
    Command(JobId),
    /// No code of the user's ran.
    NoNames(JobId),
    /// There are newer ones.
    LetGo(JobId),
}

/// What the newest dead jobs left, oldest first; none of one that was in no code of the user's.
#[derive(Clone, Default)]
pub(crate) struct AllDead(Arc<Mutex<VecDeque<(JobId, Left)>>>);

type Left = Option<Arc<PostMortem>>;

impl AllDead {
    pub(crate) fn get(&self, job: JobId) -> Option<Left> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|(dead, _)| *dead == job).map(|(_, left)| left.clone())
    }

    pub(crate) fn add(&self, job: JobId, left: Left) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_back((job, left));
        let oldest = if all.len() > MOST_JOBS { all.pop_front() } else { None };
        drop(all);
        // Values of a program's own types may do anything when they are dropped, so this comes without the lock.
        drop(oldest);
    }

    /// Lets go of what jobs left that are there no more.
    pub(crate) fn forget_gone(&self, jobs: &Handle) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (here, gone) = std::mem::take(&mut *all).into_iter().partition(|(job, _)| jobs.get(*job).is_ok());
        *all = here;
        drop(all);
        drop::<VecDeque<_>>(gone);
    }
}

impl fmt::Display for NoPostMortem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs(id) => {
                write!(f, "Job #{id} has not ended; stop it (kill {id}) or wait for it (wait {id}) first")
            }
            Self::Done(id) => {
                write!(f, "Job #{id} completed: there is nothing to look for; its value is jobs[{id}].result")
            }
            Self::NeverBegan(id) => {
                write!(f, "job #{id} never ran, and has no names; jobs.traceback({id}) says why")
            }
            Self::Command(id) => {
                write!(f, "job #{id} is a command and has no names; `log {id}` shows what it printed")
            }
            Self::NoNames(id) => write!(
                f,
                "Job #{id} failed in no function of yours, so there are no names to look at; jobs.traceback({id}) says why"
            ),
            Self::LetGo(id) => write!(
                f,
                "the names of job #{id} were let go: the newest {MOST_JOBS} that died keep theirs; jobs.traceback({id}) is still there"
            ),
        }
    }
}
