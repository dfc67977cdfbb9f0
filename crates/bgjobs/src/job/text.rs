//! The original's texts, to the character.
//!
//! Knows nothing of where they are shown.

use std::fmt;

use crate::{
    job::AnyJob,
    record::{
        state::{Outcome, State},
        traceback::Traceback,
    },
};

impl State {
    /// The state in the original's words; see [`AnyJob::status`].
    #[must_use]
    pub const fn status(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Finished(Outcome::Done) => "Completed",
            Self::Finished(Outcome::Failed) => "Dead (Exception), call jobs.traceback() for details",
            Self::Finished(Outcome::Stopped) => "Dead (Stopped), call jobs.traceback() for details",
        }
    }

    /// The state as the original's number; see [`AnyJob::stat_code`].
    #[must_use]
    pub const fn stat_code(self) -> i8 {
        match self {
            Self::Created => 0,
            Self::Queued | Self::Running | Self::Stopping => 1,
            Self::Finished(Outcome::Done) => 2,
            Self::Finished(Outcome::Failed | Outcome::Stopped) => -1,
        }
    }
}

/// Writes a list of jobs under its title; nothing if it is empty.
fn list(f: &mut fmt::Formatter<'_>, title: &str, jobs: &[AnyJob]) -> fmt::Result {
    if jobs.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title} jobs:")?;
    for job in jobs {
        writeln!(f, "{} : {}", job.id(), job.name())?;
    }
    writeln!(f)
}

/// All jobs of a manager at one moment, each list by number.
///
/// Its [`Display`](fmt::Display) is what the original prints for `jobs.status()`; each text ends with a line break.
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// jobs.spawn("fit", || 42)?.wait()?;
/// jobs.spawn("load", || panic!("no rows"))?.wait()?;
/// assert_eq!(jobs.status().to_string(), "Completed jobs:\n0 : fit\n\nDead jobs:\n1 : load\n\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Those that have not ended.
    pub running: Vec<AnyJob>,
    /// Those that ended well.
    pub completed: Vec<AnyJob>,
    /// Those that failed or were stopped.
    pub dead: Vec<AnyJob>,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, "Running", &self.running)?;
        list(f, "Completed", &self.completed)?;
        list(f, "Dead", &self.dead)
    }
}

/// The jobs that a subscriber was just notified of, each list by number.
///
/// Its [`Display`](fmt::Display) is what the original prints for `jobs._status_new()`.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Those that ended well.
    pub completed: Vec<AnyJob>,
    /// Those that failed or were stopped.
    pub dead: Vec<AnyJob>,
}

impl Report {
    pub(crate) fn new(mut jobs: Vec<AnyJob>) -> Self {
        jobs.sort_by_key(AnyJob::id);
        let (completed, dead) = jobs.into_iter().partition(|job| job.state() == State::Finished(Outcome::Done));
        Self { completed, dead }
    }

    /// Whether there is nothing to report.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.completed.is_empty() && self.dead.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, "Completed", &self.completed)?;
        list(f, "Dead, call jobs.traceback() for details", &self.dead)
    }
}

/// How many jobs a flush removed from the lists.
///
/// Its [`Display`](fmt::Display) is what the original prints for `jobs.flush()`.
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// assert_eq!(jobs.flush().to_string(), "No jobs to flush.\n");
/// jobs.spawn("fit", || 42)?.wait()?;
/// assert_eq!(jobs.flush().to_string(), "Flushing 1 Completed job.\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// How many had ended well.
    pub completed: usize,
    /// How many had failed or been stopped.
    pub dead: usize,
}

impl fmt::Display for Flushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, title) in [(self.completed, "Completed"), (self.dead, "Dead")] {
            match count {
                0 => {}
                1 => writeln!(f, "Flushing 1 {title} job.")?,
                _ => writeln!(f, "Flushing {count} {title} jobs.")?,
            }
        }
        if *self == Self::default() { writeln!(f, "No jobs to flush.") } else { Ok(()) }
    }
}

/// The tracebacks of all dead jobs, by number.
///
/// Its [`Display`](fmt::Display) is what the original prints for `jobs.traceback()`.
///
/// ```
/// use bgjobs::{Failure, JobManager};
///
/// let jobs = JobManager::new();
/// jobs.try_spawn("load", || Err::<(), _>(Failure::new("no rows")))?.wait()?;
/// assert_eq!(jobs.tracebacks().to_string(), "Traceback for: <BackgroundJob #0: load>\nno rows\n\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tracebacks(Vec<(AnyJob, Traceback)>);

impl Tracebacks {
    pub(crate) fn new(dead: Vec<AnyJob>) -> Self {
        let with_traceback = |job: AnyJob| job.failure().map(|failure| (job, failure.traceback()));
        Self(dead.into_iter().filter_map(with_traceback).collect())
    }

    /// Whether no job is dead.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The dead jobs, each with its traceback.
    pub fn iter(&self) -> impl Iterator<Item = (&AnyJob, &Traceback)> {
        self.0.iter().map(|(job, traceback)| (job, traceback))
    }
}

impl fmt::Display for Tracebacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (job, traceback) in &self.0 {
            write!(f, "Traceback for: {job:?}\n{traceback}\n\n")?;
        }
        Ok(())
    }
}
