//! Where a job is in its life, and the only code that changes that.
//!
//! Knows nothing of threads, tables or results.

use std::fmt;

use crate::system::sync::{AtomicU8, AtomicU64, Ordering};

/// Where a job is in its life.
///
/// ```text
/// Created ──► Running ──► Stopping ──► Finished(Done | Failed | Stopped)
///    │  ╲        ▲ ╲───────────────────►  ▲
///    ▼▲  ╲───────┼────────────────────────┤ Stopped, before it started
///  Queued ───────┘────────────────────────┘ Stopped, or Failed, because it can't be started any more
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum State {
    /// It may start, but its thread has not picked it up yet, which takes microseconds.
    Created,
    /// It waits for a slot in its group, a time or other jobs, or for a worker because the system refused a thread.
    /// [`AnyJob::why`](crate::AnyJob::why) says which.
    Queued,
    /// Its body runs.
    Running,
    /// Its body runs, and the job has been asked to stop.
    Stopping,
    /// It has ended.
    #[cfg_attr(feature = "serde", serde(untagged))]
    Finished(Outcome),
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Outcome {
    /// The body returned a value.
    Done,
    /// The body panicked or returned an error, or the job could not start when its turn came.
    Failed,
    /// The body was asked to stop and did, or the job was stopped before it started.
    Stopped,
}

/// What can happen to a job.
///
/// A request to stop is not an event: it turns [`State::Running`] into [`State::Stopping`], whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It can't start now.
    Queue,
    /// There is a thread for it now.
    Admit,
    /// A worker calls its body.
    Start,
    /// Its outcome is set.
    End(Outcome),
}

/// The state after `event`, or `None` if `event` can't happen in `state`.
pub(crate) const fn advance(state: State, event: Event) -> Option<State> {
    match (state, event) {
        (State::Created, Event::Queue) => Some(State::Queued),
        (State::Queued, Event::Admit) => Some(State::Created),
        (State::Created | State::Queued, Event::Start) => Some(State::Running),
        (State::Created | State::Queued, Event::End(Outcome::Stopped)) => Some(State::Finished(Outcome::Stopped)),
        (State::Queued, Event::End(Outcome::Failed)) => Some(State::Finished(Outcome::Failed)),
        (State::Running | State::Stopping, Event::End(outcome)) => Some(State::Finished(outcome)),
        _ => None,
    }
}

impl State {
    /// Returns whether the job has ended.
    ///
    /// ```
    /// use bgjobs::{Outcome, State};
    ///
    /// assert!(State::Finished(Outcome::Failed).is_finished());
    /// assert!(!State::Running.is_finished());
    /// ```
    #[must_use]
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Finished(_))
    }

    /// Returns whether the body is running.
    ///
    /// ```
    /// use bgjobs::State;
    ///
    /// assert!(State::Running.is_running() && State::Stopping.is_running());
    /// assert!(!State::Queued.is_running());
    /// ```
    #[must_use]
    pub const fn is_running(self) -> bool {
        matches!(self, Self::Running | Self::Stopping)
    }

    /// The bits of [`Life::word`] that hold the state; a request to stop has its own bit.
    const fn code(self) -> u8 {
        match self {
            Self::Created => 0,
            Self::Queued => 1,
            Self::Running | Self::Stopping => 2,
            Self::Finished(Outcome::Done) => 3,
            Self::Finished(Outcome::Failed) => 4,
            Self::Finished(Outcome::Stopped) => 5,
        }
    }

    const fn from_word(word: u8) -> Self {
        match word & CODE {
            0 => Self::Created,
            1 => Self::Queued,
            2 if word & STOPPING != 0 => Self::Stopping,
            2 => Self::Running,
            3 => Self::Finished(Outcome::Done),
            4 => Self::Finished(Outcome::Failed),
            _ => Self::Finished(Outcome::Stopped),
        }
    }
}

/// The state in one word, as it is serialized: `created`, `queued`, `running`, `stopping`, `done`, `failed`, `stopped`.
/// [`status`](Self::status) has the original's words.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created => f.pad("created"),
            Self::Queued => f.pad("queued"),
            Self::Running => f.pad("running"),
            Self::Stopping => f.pad("stopping"),
            Self::Finished(outcome) => outcome.fmt(f),
        }
    }
}

/// `done`, `failed` or `stopped`.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        })
    }
}

/// The bits of [`Life::word`] that hold the state.
const CODE: u8 = 0b0000_0111;
/// A thread has claimed the job, to start it or to settle it unstarted.
const CLAIMED: u8 = 0b0000_1000;
/// The job has been asked to stop.
const STOPPING: u8 = 0b0001_0000;
/// A waiter must be woken at the end.
const AWAITED: u8 = 0b0010_0000;
/// The schedule must be told of the start and the end.
const WATCHED: u8 = 0b0100_0000;
/// The body has noticed that the job was asked to stop.
const HEARD: u8 = 0b1000_0000;

/// The time of something that has not happened.
const NEVER: u64 = u64::MAX;

/// Which parts must be told of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The waiters.
    pub(crate) awaited: bool,
    /// The schedule.
    pub(crate) watched: bool,
}

/// A job's state and its times, in nanoseconds of the manager's clock; one thread at a time writes, any thread reads.
pub(crate) struct Life {
    word: AtomicU8,
    created: u64,
    started: AtomicU64,
    finished: AtomicU64,
}

impl Life {
    pub(crate) fn new(created: u64) -> Self {
        Self {
            word: AtomicU8::new(State::Created.code()),
            created,
            started: AtomicU64::new(NEVER),
            finished: AtomicU64::new(NEVER),
        }
    }

    pub(crate) fn state(&self) -> State {
        State::from_word(self.word.load(Ordering::Acquire))
    }

    pub(crate) fn created(&self) -> u64 {
        self.created
    }

    pub(crate) fn started(&self) -> Option<u64> {
        Some(self.started.load(Ordering::Relaxed)).filter(|&time| time != NEVER)
    }

    pub(crate) fn finished(&self) -> Option<u64> {
        Some(self.finished.load(Ordering::Relaxed)).filter(|&time| time != NEVER)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        // Acquire, so that a thread that sees the stop also sees its reason.
        self.word.load(Ordering::Acquire) & STOPPING != 0
    }

    /// Whether the job has been asked to stop; if so, its body, which asks, has heard it.
    pub(crate) fn hear_stop(&self) -> bool {
        // Acquire, as in `is_stopping`.
        let word = self.word.load(Ordering::Acquire);
        // A thread that works for the body may ask after the end.
        if word & STOPPING != 0 && !State::from_word(word).is_finished() {
            self.word.fetch_or(HEARD, Ordering::Relaxed);
        }
        word & STOPPING != 0
    }

    /// Whether the body has noticed that the job was asked to stop.
    pub(crate) fn has_heard_stop(&self) -> bool {
        self.word.load(Ordering::Relaxed) & HEARD != 0
    }

    /// Claims the job, to start it or to settle it unstarted; true for one caller only.
    pub(crate) fn claim(&self) -> bool {
        self.word.fetch_or(CLAIMED, Ordering::AcqRel) & CLAIMED == 0
    }

    /// Records a request to stop; true for the first request, false for later ones and after the end.
    pub(crate) fn ask_stop(&self) -> bool {
        let old = self.word.fetch_or(STOPPING, Ordering::AcqRel);
        old & STOPPING == 0 && !State::from_word(old).is_finished()
    }

    /// Records that there is a waiter for the end; false if the job has already ended.
    pub(crate) fn await_end(&self) -> bool {
        !State::from_word(self.word.fetch_or(AWAITED, Ordering::AcqRel)).is_finished()
    }

    /// Has the schedule told of the start and the end.
    pub(crate) fn watch(&self) {
        self.word.fetch_or(WATCHED, Ordering::AcqRel);
    }

    /// Whether the schedule must be told of the start.
    pub(crate) fn is_watched(&self) -> bool {
        self.word.load(Ordering::Relaxed) & WATCHED != 0
    }

    /// Marks the job as queued, unless it has started or ended meanwhile.
    pub(crate) fn queue(&self) {
        self.step(Event::Queue);
    }

    /// Marks a queued job as about to start, unless it has started or ended meanwhile.
    pub(crate) fn admit(&self) {
        self.step(Event::Admit);
    }

    /// Marks the job as running since `now`.
    pub(crate) fn start(&self, now: u64) {
        self.started.store(now, Ordering::Relaxed);
        let stepped = self.step(Event::Start);
        debug_assert!(stepped.is_some(), "only the claimant of a job starts it, once");
    }

    /// Publishes the end at `now`, and returns which parts must be told.
    ///
    /// All earlier writes, the outcome above all, are visible to any thread that sees the new state.
    pub(crate) fn end(&self, outcome: Outcome, now: u64) -> Ended {
        self.finished.store(now, Ordering::Relaxed);
        let stepped = self.step(Event::End(outcome));
        debug_assert!(stepped.is_some(), "only the claimant of a job ends it, once");
        let old = stepped.unwrap_or_default();
        Ended { awaited: old & AWAITED != 0, watched: old & WATCHED != 0 }
    }

    /// Applies `event` if it can happen in the current state; returns the word before it.
    fn step(&self, event: Event) -> Option<u8> {
        self.word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                Some(word & !CODE | advance(State::from_word(word), event)?.code())
            })
            .ok()
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::{Ended, Event, Life, Outcome, STOPPING, State, advance};

    const STATES: [State; 7] = [
        State::Created,
        State::Queued,
        State::Running,
        State::Stopping,
        State::Finished(Outcome::Done),
        State::Finished(Outcome::Failed),
        State::Finished(Outcome::Stopped),
    ];
    const EVENTS: [Event; 6] = [
        Event::Queue,
        Event::Admit,
        Event::Start,
        Event::End(Outcome::Done),
        Event::End(Outcome::Failed),
        Event::End(Outcome::Stopped),
    ];

    #[test]
    fn every_event_in_every_state_does_what_the_table_says() {
        const DONE: Option<State> = Some(State::Finished(Outcome::Done));
        const FAILED: Option<State> = Some(State::Finished(Outcome::Failed));
        const STOPPED: Option<State> = Some(State::Finished(Outcome::Stopped));
        const RUNNING: Option<State> = Some(State::Running);
        const CREATED: Option<State> = Some(State::Created);
        // Columns as in EVENTS: queue, admit, start, end done, end failed, end stopped.
        let table = [
            (State::Created, [Some(State::Queued), None, RUNNING, None, None, STOPPED]),
            (State::Queued, [None, CREATED, RUNNING, None, FAILED, STOPPED]),
            (State::Running, [None, None, None, DONE, FAILED, STOPPED]),
            (State::Stopping, [None, None, None, DONE, FAILED, STOPPED]),
            (State::Finished(Outcome::Done), [None; 6]),
            (State::Finished(Outcome::Failed), [None; 6]),
            (State::Finished(Outcome::Stopped), [None; 6]),
        ];
        assert_eq!(table.map(|(state, _)| state), STATES);
        for (state, row) in table {
            assert_eq!(EVENTS.map(|event| advance(state, event)), row, "{state:?}");
        }
    }

    #[test]
    fn a_state_survives_encoding_and_decoding() {
        let word = |state: State| state.code() | if state == State::Stopping { STOPPING } else { 0 };
        assert_eq!(STATES.map(|state| State::from_word(word(state))), STATES);
    }

    #[test]
    fn a_state_reads_as_one_word() {
        let words = STATES.map(|state| format!("{state:>8}"));
        assert_eq!(
            words.map(|word| word.trim_start().to_owned()),
            ["created", "queued", "running", "stopping", "done", "failed", "stopped"]
        );
    }

    #[test]
    fn times_are_recorded_with_the_state() {
        let life = Life::new(3);
        assert_eq!((life.created(), life.started(), life.finished()), (3, None, None));
        assert!(life.claim());
        life.start(5);
        assert_eq!((life.state(), life.started()), (State::Running, Some(5)));
        assert!(!life.end(Outcome::Done, 8).awaited);
        assert_eq!((life.state(), life.finished()), (State::Finished(Outcome::Done), Some(8)));
    }

    #[test]
    fn one_caller_claims_a_job() {
        let life = Life::new(0);
        assert_eq!([life.claim(), life.claim()], [true, false]);
    }

    #[test]
    fn only_the_first_request_to_stop_counts_and_none_after_the_end() {
        let life = Life::new(0);
        assert_eq!([life.ask_stop(), life.ask_stop(), life.is_stopping()], [true, false, true]);
        let ended = Life::new(0);
        ended.end(Outcome::Stopped, 1);
        assert!(!ended.ask_stop());
    }

    #[test]
    fn a_stop_is_heard_once_the_body_asks_after_the_request() {
        let life = Life::new(0);
        life.start(1);
        assert!(!life.hear_stop() && !life.has_heard_stop());
        life.ask_stop();
        assert!(!life.has_heard_stop());
        assert!(life.hear_stop() && life.has_heard_stop());
        assert_eq!(life.state(), State::Stopping);
        let deaf = Life::new(0);
        deaf.start(1);
        deaf.ask_stop();
        deaf.end(Outcome::Done, 2);
        assert!(deaf.hear_stop() && !deaf.has_heard_stop());
    }

    #[test]
    fn a_running_job_is_stopping_whether_it_was_asked_before_or_after_its_start() {
        let asked_first = Life::new(0);
        asked_first.ask_stop();
        assert_eq!(asked_first.state(), State::Created);
        asked_first.start(1);
        assert_eq!(asked_first.state(), State::Stopping);
        let life = Life::new(0);
        life.start(1);
        life.ask_stop();
        assert_eq!(life.state(), State::Stopping);
        life.end(Outcome::Done, 2);
        assert_eq!(life.state(), State::Finished(Outcome::Done));
    }

    #[test]
    fn an_end_returns_which_parts_must_be_told() {
        let life = Life::new(0);
        assert!(life.await_end());
        assert_eq!(life.end(Outcome::Stopped, 1), Ended { awaited: true, watched: false });
        assert!(!life.await_end());
        let life = Life::new(0);
        life.watch();
        assert_eq!(life.end(Outcome::Stopped, 1), Ended { awaited: false, watched: true });
    }

    #[test]
    fn a_running_job_can_no_longer_be_queued() {
        let life = Life::new(0);
        life.start(1);
        life.queue();
        assert_eq!(life.state(), State::Running);
    }
}
