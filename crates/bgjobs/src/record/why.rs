//! What a job waits for, before it starts or while it runs.
//!
//! Knows how that reads, and nothing of how jobs are made to wait.

use std::{fmt, time::Duration};

use crate::record::{id::JobId, name::Name, state::State};

/// One thing that a job waits for; see [`AnyJob::why`](crate::AnyJob::why).
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// let disk = jobs.group("disk");
/// disk.pause();
/// let copy = disk.spawn("copy", || ())?;
/// assert_eq!(copy.why()[0].to_string(), "group disk is paused; resume it");
/// disk.resume();
/// copy.join()?;
/// assert!(copy.why().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// Its delay has not passed.
    Delay {
        /// How much of the delay is left.
        left: Duration,
    },
    /// It starts after another job.
    After {
        /// The other job.
        job: JobId,
        /// Whether the other job must be done; if not, it may end in any way.
        must_be_done: bool,
        /// The other job's name; `None` if that job is no longer listed.
        name: Option<Name>,
        /// The other job's state.
        state: State,
    },
    /// Its group is paused.
    Paused {
        /// The name of the group.
        group: Name,
    },
    /// Its group is at its limit. A running job waits for that too, to get back the slot that it lent during a wait.
    Full {
        /// The name of the group.
        group: Name,
        /// How many jobs of the group have a slot.
        running: usize,
        /// How many slots the group has.
        limit: usize,
        /// How many jobs of the group come before it.
        before: usize,
    },
    /// The system refused a thread; the job starts when a thread is free.
    Thread,
    /// It runs, and waits for the end of another job.
    Job {
        /// The other job.
        job: JobId,
        /// The other job's name; `None` if that job is no longer listed.
        name: Option<Name>,
        /// The other job's state.
        state: State,
    },
    /// It runs, its body [has failed](crate::Spawner::retry), and it waits before the next attempt.
    Attempt {
        /// How much of the wait is left.
        left: Duration,
        /// The number of the next attempt, from 1.
        number: u32,
        /// The maximum number of attempts.
        of: u32,
    },
}

/// The reason for people, as in `group disk runs 2 jobs, its limit is 2; 3 wait before it`.
impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay { left } => write!(f, "it starts in {left:.1?}"),
            Self::After { job, must_be_done, name, state } => {
                let end = if *must_be_done { "is done" } else { "has ended" };
                write!(f, "it starts after {} {end}", Other(*job, name.as_ref(), *state))
            }
            Self::Paused { group } => write!(f, "group {group} is paused; resume it"),
            Self::Full { group, running, limit, before } => {
                let jobs = if *running == 1 { "job" } else { "jobs" };
                write!(f, "group {group} runs {running} {jobs}, its limit is {limit}; ")?;
                match before {
                    0 => f.write_str("it is next"),
                    1 => f.write_str("1 waits before it"),
                    _ => write!(f, "{before} wait before it"),
                }
            }
            Self::Thread => f.write_str("the system refused a thread; it starts when another job ends"),
            Self::Job { job, name, state } => {
                write!(f, "it waits for the end of {}", Other(*job, name.as_ref(), *state))
            }
            Self::Attempt { left, number, of } => write!(f, "it waits {left:.1?} before attempt {number} of {of}"),
        }
    }
}

/// `job #3 (fit, running)`.
struct Other<'a>(JobId, Option<&'a Name>, State);

impl fmt::Display for Other<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(id, name, state) = self;
        write!(f, "job #{id} (")?;
        // The jobs of a host may have no names.
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            write!(f, "{name}, ")?;
        }
        // A dead job's status continues with a hint from the original.
        let status = state.status().to_lowercase();
        write!(f, "{})", status.split(' ').next().unwrap_or_default())
    }
}
