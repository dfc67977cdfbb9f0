//! What functions of jobs have in common, in the original's words: values, tracebacks, complaints.

use std::{fmt::Display, time::Duration};

use bgjobs::{AnyJob, ResultError, Stream, TracebackError};
use rhai::Dynamic;

use crate::{lang::eval::evaluation::Evaluation, text::within};

/// How long a function waits for jobs that it has asked to stop.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The reason of a stop if the program gives none.
pub(super) const REASON: &str = "on request";

pub(super) fn number(job: &AnyJob) -> i64 {
    i64::try_from(job.id().get()).unwrap_or(i64::MAX)
}

/// Prints a text of the original, in which every line ends in a line break.
pub(super) fn print(evaluation: &Evaluation, text: impl Display) {
    let text = text.to_string();
    if let Some(text) = text.strip_suffix('\n') {
        evaluation.tell(Stream::Out, text);
    }
}

/// Reports a wrong number and the like as the original does: without an error.
pub(super) fn complain(evaluation: &Evaluation, cause: &impl Display) {
    evaluation.tell(Stream::Err, &cause.to_string());
}

pub(super) fn print_traceback(evaluation: &Evaluation, job: &AnyJob) {
    evaluation.jobs.note_read(job);
    match job.failure() {
        Some(failure) => {
            evaluation.tell(Stream::Out, &within(&failure.traceback(), evaluation.width()));
        }
        None => complain(evaluation, &TracebackError::NotDead(job.id(), job.state())),
    }
}

/// The value of a job, or what the original shows instead.
pub(super) fn value(evaluation: &Evaluation, job: &AnyJob) -> Dynamic {
    match evaluation.jobs.outcome(job) {
        None => ResultError::Unfinished(job.id()).to_string().into(),
        Some(Err(failure)) => ResultError::Died(job.id(), failure).to_string().into(),
        Some(Ok(value)) => evaluation.cells().thaw(&value),
    }
}
