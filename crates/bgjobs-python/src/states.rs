//! The names of a job's states.
//!
//! It does not know Python's jobs.

use bgjobs::{Outcome, State};
use pyo3::{prelude::*, sync::PyOnceLock, types::PyString};

/// The names of the states, in the order in which a job reaches them; created by the import.
static STATES: PyOnceLock<[Py<PyString>; 6]> = PyOnceLock::new();

/// Creates the names of the states.
pub(crate) fn name_states(py: Python<'_>) {
    let names = ["new", "entered", "running", "done", "failed", "stopped"];
    // Those of an earlier import are the same.
    let _ = STATES.set(py, names.map(|name| PyString::intern(py, name).unbind()));
}

/// The name of a state of the engine's job, if there is one.
pub(crate) fn name_of(py: Python<'_>, state: Option<State>) -> &Bound<'_, PyString> {
    let [new, entered, running, done, failed, stopped] = STATES.get(py).expect("the import has created them");
    let name = match state {
        None => new,
        Some(State::Created | State::Queued) => entered,
        Some(State::Running | State::Stopping) => running,
        Some(State::Finished(Outcome::Done)) => done,
        Some(State::Finished(Outcome::Failed)) => failed,
        Some(State::Finished(Outcome::Stopped)) => stopped,
    };
    name.bind(py)
}
