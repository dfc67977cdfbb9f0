//! Where a job is, and the only code that changes it.
//!
//! Knows nothing of threads, tables or results.

use crate::system::sync::{AtomicU8, AtomicU64, Ordering};

/// Where a job is.
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
    /// It may start and has not been picked up by its thread yet; that takes microseconds.
    Created,
    /// It waits: for a place in its group, a time or other jobs, or because the system refused a thread for it.
    /// [`AnyJob::why`](crate::AnyJob::why) says for what.
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
    /// The body panicked or returned an error; or the job could not be started when its turn came.
    Failed,
    /// The body was asked to stop, and did; or the job was stopped before it started.
    Stopped,
}

/// What can happen to a job; a request to stop is no event: it makes [`State::Stopping`] of [`State::Running`], whichever comes
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It can't start now.
    Queue,
    /// A thread was found for it.
    Admit,
    /// A worker calls its body.
    Start,
    /// Its outcome is set.
    End(Outcome),
}

/// The state after `event`, or none if `event` cannot happen in `state`.
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
    /// Whether the job has ended.
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

    /// Whether the body runs.
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

    /// The bits of [`Life::word`] that hold the state; a request to stop has a bit of its own.
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

/// The bits of [`Life::word`] that hold the state.
const CODE: u8 = 0b0000_0111;
/// Somebody has taken the right to start the job, or to settle it unstarted.
const CLAIMED: u8 = 0b0000_1000;
/// The job has been asked to stop.
const STOPPING: u8 = 0b0001_0000;
/// Somebody waits for the end, and must be woken.
const AWAITED: u8 = 0b0010_0000;
/// The schedule wants to hear of the start and the end.
const WATCHED: u8 = 0b0100_0000;

/// The time of something that has not happened.
const NEVER: u64 = u64::MAX;

/// Who must be told of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Somebody who waits.
    pub(crate) awaited: bool,
    /// The schedule.
    pub(crate) watched: bool,
}

/// A job's state and its times, in nanoseconds of the manager's clock; written by one thread at a time, read by any.
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
        // Acquire, so that whoever hears of the stop finds its reason.
        self.word.load(Ordering::Acquire) & STOPPING != 0
    }

    /// Takes the right to start the job or to settle it unstarted; true for one caller.
    pub(crate) fn claim(&self) -> bool {
        self.word.fetch_or(CLAIMED, Ordering::AcqRel) & CLAIMED == 0
    }

    /// Notes that the job is asked to stop; true for the first who asks, false later and after its end.
    pub(crate) fn ask_stop(&self) -> bool {
        let old = self.word.fetch_or(STOPPING, Ordering::AcqRel);
        old & STOPPING == 0 && !State::from_word(old).is_finished()
    }

    /// Notes that somebody waits for the end; false if it has come.
    pub(crate) fn await_end(&self) -> bool {
        !State::from_word(self.word.fetch_or(AWAITED, Ordering::AcqRel)).is_finished()
    }

    /// Lets the schedule hear of the start and the end.
    pub(crate) fn watch(&self) {
        self.word.fetch_or(WATCHED, Ordering::AcqRel);
    }

    /// Whether the schedule wants to hear of the start.
    pub(crate) fn is_watched(&self) -> bool {
        self.word.load(Ordering::Relaxed) & WATCHED != 0
    }

    /// Marks the job as queued, unless it has been claimed meanwhile.
    pub(crate) fn queue(&self) {
        self.step(Event::Queue);
    }

    /// Marks a queued job as one that is about to start, unless it has started or was claimed meanwhile.
    pub(crate) fn admit(&self) {
        self.step(Event::Admit);
    }

    /// Marks the job as running since `now`.
    pub(crate) fn start(&self, now: u64) {
        self.started.store(now, Ordering::Relaxed);
        let stepped = self.step(Event::Start);
        debug_assert!(stepped.is_some(), "only whoever has claimed a job starts it, once");
    }

    /// Publishes the end at `now`; returns who must be told.
    ///
    /// Whatever was written before, the outcome above all, is visible to whoever sees the new state.
    pub(crate) fn end(&self, outcome: Outcome, now: u64) -> Ended {
        self.finished.store(now, Ordering::Relaxed);
        let stepped = self.step(Event::End(outcome));
        debug_assert!(stepped.is_some(), "only whoever has claimed a job ends it, once");
        let old = stepped.unwrap_or_default();
        Ended { awaited: old & AWAITED != 0, watched: old & WATCHED != 0 }
    }

    /// Makes the step that `event` asks for, if it can be made; returns the word before it.
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
    fn a_state_survives_its_coding() {
        let word = |state: State| state.code() | if state == State::Stopping { STOPPING } else { 0 };
        assert_eq!(STATES.map(|state| State::from_word(word(state))), STATES);
    }

    #[test]
    fn times_travel_with_the_state() {
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
    fn the_first_to_ask_for_a_stop_is_told_so_and_nobody_after_the_end() {
        let life = Life::new(0);
        assert_eq!([life.ask_stop(), life.ask_stop(), life.is_stopping()], [true, false, true]);
        let ended = Life::new(0);
        ended.end(Outcome::Stopped, 1);
        assert!(!ended.ask_stop());
    }

    #[test]
    fn a_job_is_stopping_while_it_runs_and_was_asked_to_stop_before_or_since() {
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
    fn an_end_tells_who_must_be_told() {
        let life = Life::new(0);
        assert!(life.await_end());
        assert_eq!(life.end(Outcome::Stopped, 1), Ended { awaited: true, watched: false });
        assert!(!life.await_end());
        let life = Life::new(0);
        life.watch();
        assert_eq!(life.end(Outcome::Stopped, 1), Ended { awaited: false, watched: true });
    }

    #[test]
    fn a_running_job_is_not_queued_any_more() {
        let life = Life::new(0);
        life.start(1);
        life.queue();
        assert_eq!(life.state(), State::Running);
    }
}
