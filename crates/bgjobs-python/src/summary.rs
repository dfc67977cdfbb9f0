//! What the engine knows of a job, as a dict for Python; times are seconds since the epoch.
//!
//! It does not know Python's jobs.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bgjobs::{AnyJob, Attempt, Failure, FailureKind, Summary};
use pyo3::{prelude::*, types::PyDict};

/// A job's data now, under the names of the engine's [`Summary`]; `waited` is the time until its start, or until now.
pub(crate) fn of<'py>(py: Python<'py>, job: &AnyJob) -> PyResult<Bound<'py, PyDict>> {
    let summary = job.summary();
    let times = job.times();
    let waited = times.started.or(times.finished).unwrap_or_else(Instant::now).saturating_duration_since(times.created);
    let dict = PyDict::new(py);
    dict.set_item("state", summary.state.to_string())?;
    dict.set_item("created", seconds(summary.created))?;
    dict.set_item("started", summary.started.map(seconds))?;
    dict.set_item("finished", summary.finished.map(seconds))?;
    dict.set_item("waited", waited.as_secs_f64())?;
    dict.set_item("ran", summary.ran.map(|ran| ran.as_secs_f64()))?;
    dict.set_item("group", summary.group.as_deref())?;
    dict.set_item("why", summary.why.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    // An attempt has moments of the steady clock; of the job's creation the time is known too.
    let at = |moment: Instant| seconds(summary.created + moment.saturating_duration_since(times.created));
    dict.set_item("attempts", attempts(py, &summary, at)?)?;
    dict.set_item("stop_reason", summary.stop_reason.as_ref().map(|reason| reason.text().into_owned()))?;
    dict.set_item("lines", summary.lines)?;
    Ok(dict)
}

fn attempts<'py>(py: Python<'py>, summary: &Summary, at: impl Fn(Instant) -> f64) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let dict_of = |attempt: &Attempt| {
        let dict = PyDict::new(py);
        dict.set_item("number", attempt.number)?;
        dict.set_item("started", at(attempt.started))?;
        dict.set_item("ended", attempt.ended.map(&at))?;
        dict.set_item("failure", attempt.failure.as_ref().map(|failure| failure_of(py, failure)).transpose()?)?;
        Ok(dict)
    };
    summary.attempts.iter().map(dict_of).collect()
}

fn failure_of<'py>(py: Python<'py>, failure: &Failure) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let kind = if failure.kind() == FailureKind::Stop { "stop" } else { "error" };
    dict.set_item("kind", kind)?;
    dict.set_item("message", failure.message())?;
    Ok(dict)
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}
