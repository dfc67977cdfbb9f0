//! Where a job is in its life, and which state follows which event.
//!
//! Knows nothing of how a state is stored, and when.

use std::fmt;

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

/// All states, for tests.
#[cfg(all(test, not(bgjobs_loom)))]
pub(crate) const STATES: [State; 7] = [
    State::Created,
    State::Queued,
    State::Running,
    State::Stopping,
    State::Finished(Outcome::Done),
    State::Finished(Outcome::Failed),
    State::Finished(Outcome::Stopped),
];

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::{Event, Outcome, STATES, State, advance};

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
    fn a_state_reads_as_one_word() {
        let words = STATES.map(|state| format!("{state:>8}"));
        assert_eq!(
            words.map(|word| word.trim_start().to_owned()),
            ["created", "queued", "running", "stopping", "done", "failed", "stopped"]
        );
    }
}
