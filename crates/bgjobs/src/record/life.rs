//! The life of a job: its state and its times, and the only code that changes them.
//!
//! Knows nothing of threads, tables or results.

use crate::{
    record::state::{Event, Outcome, State, advance},
    system::sync::{AtomicU8, AtomicU64, Ordering},
};

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

impl State {
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
    use super::{Ended, Life, STOPPING};
    use crate::record::state::{Outcome, STATES, State};

    #[test]
    fn a_state_survives_encoding_and_decoding() {
        let word = |state: State| state.code() | if state == State::Stopping { STOPPING } else { 0 };
        assert_eq!(STATES.map(|state| State::from_word(word(state))), STATES);
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
