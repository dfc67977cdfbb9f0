//! All that is known about a job at one moment, as data.
//!
//! Knows nothing of how it is shown or written; with the feature `serde` it can be serialized, see `serialize.rs`.

use std::time::{Duration, SystemTime};

use crate::{
    job::AnyJob,
    record::{
        attempt::Attempt, failure::Failure, id::JobId, log::line::Line, name::Name, progress::Progress, state::State,
        stop::StopReason, why::WaitReason,
    },
    system::wall_clock::time_of,
};

/// All that is known about a job at one moment, for lists, records and other programs; made by [`AnyJob::summary`].
///
/// With the feature `serde` it can be serialized under its fields' names: the state as one word (`created`, `queued`,
/// `running`, `stopping`, `done`, `failed`, `stopped`), times as text in UTC (`2026-03-01T14:03:21.250000Z`), durations
/// in seconds, and what the job waits for as texts.
///
/// ```
/// use bgjobs::{JobManager, Outcome, State};
///
/// let jobs = JobManager::new();
/// let job = jobs.spawn_with("fit", |job| {
///     job.print("fitting");
///     job.progress(10, 10);
///     Ok(())
/// })?;
/// job.wait()?;
///
/// let summary = job.summary();
/// assert_eq!(summary.state, State::Finished(Outcome::Done));
/// assert_eq!((summary.lines, summary.progress.unwrap().done), (1, 10));
/// assert!(summary.created <= summary.finished.unwrap());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Summary {
    /// The job's number.
    pub id: JobId,
    /// The name that lists and notices show.
    pub name: Name,
    /// Whether the manager's shutdown does not wait for the job.
    pub daemon: bool,
    /// The job's state.
    pub state: State,
    /// When the job was made, by the wall clock.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::time"))]
    pub created: SystemTime,
    /// When its body began; `None` if it has not.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::maybe_time"))]
    pub started: Option<SystemTime>,
    /// When it ended; `None` if it has not.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::maybe_time"))]
    pub finished: Option<SystemTime>,
    /// How long the body has run, until now or its end; `None` if it has not begun.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::maybe_seconds"))]
    pub ran: Option<Duration>,
    /// The processor time that the body has used; `None` if it has not begun, or is not known: see [`AnyJob::cpu_time`].
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::maybe_seconds"))]
    pub cpu: Option<Duration>,
    /// How far the body has come; see [`AnyJob::progress`].
    pub progress: Option<Progress>,
    /// How long the job will probably still run; see [`AnyJob::remaining`].
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::maybe_seconds"))]
    pub remaining: Option<Duration>,
    /// Where the body is; see [`AnyJob::place`].
    pub place: Option<Name>,
    /// The name of the job's group, if it has one.
    pub group: Option<Name>,
    /// What the job waits for; see [`AnyJob::why`].
    pub why: Vec<WaitReason>,
    /// The attempts of a job that is retried; see [`AnyJob::attempts`].
    pub attempts: Vec<Attempt>,
    /// Why the job was asked to stop; `None` if it was not.
    pub stop_reason: Option<StopReason>,
    /// Why the job failed or was stopped; `None` before its end, and if it ended well.
    pub failure: Option<Failure>,
    /// How many lines it has printed.
    pub lines: u64,
}

impl AnyJob {
    /// All that is known about the job now, as data.
    #[must_use]
    pub fn summary(&self) -> Summary {
        // First, so that a finished job comes with everything that belongs to its end.
        let state = self.state();
        let times = self.times();
        Summary {
            id: self.id(),
            name: self.name().clone(),
            daemon: self.is_daemon(),
            state,
            created: time_of(times.created),
            started: times.started.map(time_of),
            finished: times.finished.map(time_of),
            ran: times.ran(),
            cpu: self.cpu_time(),
            progress: self.progress(),
            remaining: self.remaining(),
            place: self.place().map(|place| place.text),
            group: self.group().cloned(),
            why: self.why(),
            attempts: self.attempts(),
            stop_reason: self.stop_reason(),
            failure: self.failure(),
            lines: self.printed(),
        }
    }

    /// How long the job will still run if it goes on at the same rate; `None` unless it runs and has reported its
    /// [progress](crate::Context::progress) with a total.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        let ran = self.times().ran().filter(|_| !self.is_finished())?;
        self.progress()?.remaining(ran)
    }

    /// How many lines the job has printed: the length of its [log](AnyJob::log). Asking creates no log.
    #[must_use]
    pub fn printed(&self) -> u64 {
        self.core().printed()
    }

    /// The newest line that the job printed, perhaps [unfinished](crate::Log::pending); `None` if it has printed nothing.
    /// Asking creates no log.
    ///
    /// ```
    /// use bgjobs::{JobManager, Stream};
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("ask", |job| {
    ///     job.print("reading");
    ///     job.log().write(Stream::Out, "Overwrite? ");
    ///     Ok(job.job().last_line().map(|line| line.text))
    /// })?;
    /// assert_eq!(job.join()?.as_deref(), Some("Overwrite? "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn last_line(&self) -> Option<Line> {
        self.core().newest_lines(1).pop()
    }
}
