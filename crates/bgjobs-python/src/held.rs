//! The jobs with options, from their start to their end, and what is due for them.
//!
//! It does not know what such a job is to Python.

use std::{
    collections::HashMap,
    mem,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use bgjobs::{AnyJob, Due, Handle};
use pyo3::{prelude::*, sync::PyOnceLock};

/// The jobs that have options and have not ended. This keeps those alive that only the schedule knows.
static HELD: LazyLock<Mutex<Held>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Held {
    jobs: HashMap<AnyJob, Py<PyAny>>,
    /// How many of them each manager has.
    managers: HashMap<Handle, usize>,
}

/// Called with the job whose end or stop has made something due.
static ON_DUE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

fn held() -> MutexGuard<'static, Held> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds a job until its end.
pub(crate) fn hold(job: AnyJob, object: Py<PyAny>) {
    let mut held = held();
    *held.managers.entry(job.manager()).or_default() += 1;
    held.jobs.insert(job, object);
}

/// Lets go of a job that has ended; the caller holds another reference to it.
pub(crate) fn release(job: &AnyJob) {
    let mut held = held();
    let released = held.jobs.remove(job);
    let manager = job.manager();
    if let Some(count) = held.managers.get_mut(&manager) {
        *count -= 1;
        if *count == 0 {
            held.managers.remove(&manager);
        }
    }
    drop(held);
    drop(released);
}

/// What to call because something is due, if it is.
pub(crate) fn on_due(py: Python<'_>, is_due: bool) -> Option<Py<PyAny>> {
    ON_DUE.get(py).filter(|_| is_due).map(|call| call.clone_ref(py))
}

/// Sets what is called with the job whose end or stop has made something due for others.
#[pyfunction]
pub(crate) fn call_on_due(py: Python<'_>, call: Py<PyAny>) {
    // That of an earlier import is the same.
    let _ = ON_DUE.set(py, call);
}

/// Forgets all jobs, in the child of a fork.
#[pyfunction]
pub(crate) fn forget_held() {
    // Their destructors belong to the parent.
    mem::forget(mem::take(&mut *held()));
}

/// How many jobs with options have not ended.
#[pyfunction]
pub(crate) fn held_jobs() -> usize {
    held().jobs.len()
}

/// `"begin"`, `"ended"`, `"time up"` or `"resume"`, and the job for which that is due.
pub(crate) type DueRow = (&'static str, Py<PyAny>);

/// What is due in a manager.
pub(crate) fn due_in(py: Python<'_>, manager: &Handle) -> Vec<DueRow> {
    let due = manager.take_due();
    let held = held();
    let row = |due: &Due| {
        let (what, job) = match due {
            Due::Begin(job) => ("begin", job),
            Due::Ended(job) => ("ended", job),
            Due::TimeUp(job) => ("time up", job),
            Due::Resume(job) => ("resume", job),
            _ => return None,
        };
        held.jobs.get(job).map(|object| (what, object.clone_ref(py)))
    };
    let rows = due.iter().filter_map(row).collect();
    drop(held);
    rows
}

/// The managers of these jobs.
pub(crate) fn managers() -> Vec<Handle> {
    held().managers.keys().cloned().collect()
}
