//! All that is known of a job at one moment, as data.
//!
//! Knows nothing of how it is shown or written; with the feature `serde` it can be serialized, see `serialize.rs`.

use std::time::{Duration, SystemTime};

use crate::{
    job::AnyJob,
    record::{
        attempt::Attempt, failure::Failure, id::JobId, name::Name, progress::Progress, state::State, why::WaitReason,
    },
    system::wall_clock::time_of,
};

/// All that is known of a job at one moment, for lists, records and other programs; made by [`AnyJob::summary`].
///
/// With the feature `serde` it can be serialized, under the names of its fields: the state as one word (`created`,
/// `queued`, `running`, `stopping`, `done`, `failed`, `stopped`), times as text in UTC (`2026-03-01T14:03:21.250000Z`), durations in
/// seconds, what it waits for as texts.
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
    /// The number.
    pub id: JobId,
    /// What the job shows.
    pub name: Name,
    /// Whether the job is not waited for when its manager goes.
    pub daemon: bool,
    /// Where the job is.
    pub state: State,
    /// When it got its number, by the clock on the wall.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::time"))]
    pub created: SystemTime,
    /// When its body began; none if it has not.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::maybe_time"))]
    pub started: Option<SystemTime>,
    /// When it ended; none if it has not.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::maybe_time"))]
    pub finished: Option<SystemTime>,
    /// How long the body has run, until now or until its end; none if it has not begun.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::maybe_seconds"))]
    pub ran: Option<Duration>,
    /// The processor time that the body has used; see [`AnyJob::cpu_time`].
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::maybe_seconds"))]
    pub cpu: Option<Duration>,
    /// How far the body says that it is.
    pub progress: Option<Progress>,
    /// How long it will still run, as it seems; see [`AnyJob::remaining`].
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::record::serialize::maybe_seconds"))]
    pub remaining: Option<Duration>,
    /// Where the body last said that it was.
    pub place: Option<Name>,
    /// The group that it belongs to.
    pub group: Option<Name>,
    /// What it waits for; see [`AnyJob::why`].
    pub why: Vec<WaitReason>,
    /// The attempts of a job that is made again when it fails; see [`AnyJob::attempts`].
    pub attempts: Vec<Attempt>,
    /// Why the job was asked to stop; none if it was not.
    pub stop_reason: Option<Name>,
    /// Why the job failed; none before the end and after a good one.
    pub failure: Option<Failure>,
    /// How many lines it has printed.
    pub lines: u64,
}

impl AnyJob {
    /// All that is known of the job now, as data.
    #[must_use]
    pub fn summary(&self) -> Summary {
        // First, so that a job that is told finished has all that comes with the end.
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

    /// How long the job will still run, if it goes on as it went so far; none unless it runs, and said by its
    /// [progress](crate::Context::progress) how much of how much is done.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        let ran = self.times().ran().filter(|_| !self.is_finished())?;
        self.progress()?.remaining(ran)
    }

    /// How many lines the job has printed: the length of its [log](AnyJob::log), which is not made for the question.
    #[must_use]
    pub fn printed(&self) -> u64 {
        self.core().printed()
    }
}
