//! What keeps a job: from starting, or from going on.
//!
//! Knows how it reads, and nothing of how jobs are kept.

use std::{fmt, time::Duration};

use crate::record::{after::After, id::JobId, name::Name, state::State};

/// One thing that a job waits for, as [`AnyJob::why`](crate::AnyJob::why) tells it.
///
/// ```
/// use bgjobs::{JobManager, Options};
///
/// let jobs = JobManager::new();
/// let disk = jobs.group("disk");
/// disk.pause();
/// let copy = jobs.with(Options { group: Some("disk".into()), ..Options::default() }).spawn("copy", || ())?;
/// assert_eq!(copy.why()[0].to_string(), "group disk is paused; resume it");
/// disk.resume();
/// copy.join()?;
/// assert!(copy.why().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// It is to start later.
    Delay {
        /// How long that is from now.
        left: Duration,
    },
    /// It is to start after another job.
    After {
        /// The other job, and how that is to end.
        after: After,
        /// The other job's name; none if it is in no list any more.
        name: Option<Name>,
        /// Where the other job is.
        state: State,
    },
    /// Its group is paused.
    Paused {
        /// The name of the group.
        group: Name,
    },
    /// Its group runs as many jobs as it may; or it runs, has lent its place while it waited, and waits to have it back.
    Full {
        /// The name of the group.
        group: Name,
        /// How many jobs of the group have a place.
        running: usize,
        /// How many may have one.
        limit: usize,
        /// How many of the group come before it.
        before: usize,
    },
    /// The system refused a thread; the job starts when a thread is free.
    Thread,
    /// It runs, and waits for the end of another job.
    Job {
        /// The other job.
        job: JobId,
        /// The other job's name; none if it is in no list any more.
        name: Option<Name>,
        /// Where the other job is.
        state: State,
    },
    /// It runs, [has failed](crate::Spawner::retry), and waits before it is tried again.
    Attempt {
        /// How long that is from now.
        left: Duration,
        /// Which attempt is the next, from 1.
        number: u32,
        /// How many there are at most.
        of: u32,
    },
}

/// What a person reads, as in `group disk runs 2 jobs, its limit is 2; 3 wait before it`.
impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay { left } => write!(f, "it is to start in {left:.1?}"),
            Self::After { after, name, state } => {
                let end = if matches!(after, After::Done(_)) { "is done" } else { "has ended" };
                write!(f, "it is to start after {} {end}", Other(after.job(), name.as_ref(), *state))
            }
            Self::Paused { group } => write!(f, "group {group} is paused; resume it"),
            Self::Full { group, running, limit, before } => {
                let jobs = if *running == 1 { "job" } else { "jobs" };
                write!(f, "group {group} runs {running} {jobs}, its limit is {limit}; ")?;
                match before {
                    0 => f.write_str("it is the next"),
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
        if let Some(name) = name {
            write!(f, "{name}, ")?;
        }
        // A dead job's status goes on with what the original says of it.
        let status = state.status().to_lowercase();
        write!(f, "{})", status.split(' ').next().unwrap_or_default())
    }
}
