//! What the schedule decides about Python's jobs, and what their bodies tell it.
//!
//! It does not know how Python carries that out.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use bgjobs::{After, Failure, Handle};
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
};

use crate::{
    held::{DueRow, due_in, managers, on_due},
    job::JobCore,
    table::Table,
};

/// What is due in the manager of `job`.
#[pyfunction]
pub(crate) fn take_due(py: Python<'_>, job: &JobCore) -> Vec<DueRow> {
    job.job().map(|job| due_in(py, &job.manager())).unwrap_or_default()
}

/// What is due in all managers that have jobs with options.
#[pyfunction]
pub(crate) fn take_all_due(py: Python<'_>) -> Vec<DueRow> {
    managers().iter().flat_map(|manager| due_in(py, manager)).collect()
}

/// In how many seconds the next delay or time limit of a job is over.
#[pyfunction]
pub(crate) fn next_due() -> Option<f64> {
    let next = managers().iter().filter_map(Handle::next_due).min()?;
    Some(next.saturating_duration_since(Instant::now()).as_secs_f64())
}

/// Resumes the paused groups of all managers that have jobs with options.
#[pyfunction]
pub(crate) fn resume_all() {
    for group in managers().iter().flat_map(Handle::groups) {
        group.resume();
    }
}

/// The options of a job that the engine obeys.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct Options(pub(crate) bgjobs::Options);

#[pymethods]
impl Options {
    /// Times are in seconds; `after` has the jobs to follow, each with whether it must be done.
    #[new]
    #[pyo3(signature = (*, daemon, group, priority, delay, after, time_limit, log_bytes, log_file))]
    #[expect(clippy::too_many_arguments, reason = "it has one for each option")]
    fn new(
        daemon: bool,
        group: Option<String>,
        priority: i32,
        delay: Option<f64>,
        after: Vec<(PyRef<'_, JobCore>, bool)>,
        time_limit: Option<f64>,
        log_bytes: Option<usize>,
        log_file: Option<PathBuf>,
    ) -> PyResult<Self> {
        let follow = |(job, must_be_done): (PyRef<'_, JobCore>, bool)| {
            let job = job
                .job()
                .ok_or_else(|| PyValueError::new_err("after is a job that was not started: start it first"))?;
            Ok(if must_be_done { After::done(&job) } else { After::ended(&job) })
        };
        Ok(Self(bgjobs::Options {
            daemon,
            group: group.map(Into::into),
            priority,
            delay: delay.map(seconds),
            after: after.into_iter().map(follow).collect::<PyResult<_>>()?,
            time_limit: time_limit.map(seconds),
            log_bytes,
            log_file,
            ..bgjobs::Options::default()
        }))
    }
}

/// A time in seconds; one that is too long for the clock is the longest.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// A group of a manager.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct Group(bgjobs::Group);

#[pymethods]
impl Group {
    #[new]
    fn new(table: &Table, name: &str) -> Self {
        Self(table.handle.group(name))
    }

    #[getter]
    fn limit(&self) -> Option<usize> {
        self.0.limit()
    }

    /// Sets the limit; `ValueError` if it is zero.
    #[setter(limit)]
    fn set_limit(&self, limit: Option<usize>) -> PyResult<()> {
        self.0.set_limit(limit).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Pauses or resumes it; true if that is a change.
    fn pause(&self, paused: bool) -> bool {
        if paused { self.0.pause() } else { self.0.resume() }
    }

    #[getter]
    fn paused(&self) -> bool {
        self.0.is_paused()
    }

    /// How many of its jobs have a slot.
    #[getter]
    fn running(&self) -> usize {
        self.0.running()
    }

    /// How many of its jobs have not started.
    #[getter]
    fn waiting(&self) -> usize {
        self.0.waiting()
    }

    /// The numbers of its jobs that have not ended.
    fn jobs(&self) -> Vec<u64> {
        self.0.jobs().iter().map(|job| job.id().get()).collect()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// The names of a manager's groups, in order.
#[pyfunction]
pub(crate) fn groups(table: &Table) -> Vec<String> {
    table.handle.groups().iter().map(|group| group.name().to_string()).collect()
}

/// What a job waits for, a sentence each.
#[pyfunction]
pub(crate) fn why(job: &JobCore) -> Vec<String> {
    job.job().map(|job| job.why().iter().map(ToString::to_string).collect()).unwrap_or_default()
}

/// Records that the body of `job` waits for `needed` of `jobs`, and returns what to call if others may begin meanwhile;
/// `RuntimeError` if it would wait `forever`, for itself.
#[pyfunction]
pub(crate) fn begin_wait(
    py: Python<'_>,
    job: &JobCore,
    jobs: Vec<PyRef<'_, JobCore>>,
    needed: usize,
    forever: bool,
) -> PyResult<Option<Py<PyAny>>> {
    let jobs: Vec<_> = jobs.into_iter().filter_map(|job| job.job()).collect();
    let begun = job.with_turn(|turn| turn.begin_wait(&jobs, needed, forever));
    begun.unwrap_or(Ok(())).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    Ok(on_due_of(py, job))
}

/// What to call because something is due in the manager of `job`, if it is.
fn on_due_of(py: Python<'_>, job: &JobCore) -> Option<Py<PyAny>> {
    on_due(py, job.job().is_some_and(|job| job.manager().has_due()))
}

/// Records that the body of `job` is called for the time `number`.
#[pyfunction]
pub(crate) fn begin_attempt(job: &JobCore, number: u32) {
    job.with_turn(|turn| turn.begin_attempt(number));
}

/// Records how the attempt ended: with `failure` as its message, unless it succeeded.
#[pyfunction]
#[pyo3(signature = (job, failure))]
pub(crate) fn end_attempt(job: &JobCore, failure: Option<String>) {
    let failure = failure.map(Failure::new);
    job.with_turn(|turn| turn.end_attempt(failure.as_ref()));
}

/// Records that the body is called again after a pause in seconds, for the time `number` of at most `of`; returns what
/// `begin_wait` does.
#[pyfunction]
pub(crate) fn begin_pause(py: Python<'_>, job: &JobCore, pause: f64, number: u32, of: u32) -> Option<Py<PyAny>> {
    job.with_turn(|turn| turn.begin_pause(seconds(pause), number, of));
    on_due_of(py, job)
}
