//! The background jobs as a program sees them, as in the original: the object `jobs`, and the jobs themselves.

mod all;
mod frames;
mod group;
mod log;
mod new;
mod one;
mod options;
mod sh;
mod summary;

use std::{fmt::Display, time::Duration};

pub(in crate::lang) use self::summary::{summaries, summary_of};
use bgjobs::{AnyJob, Group, ResultError, Stream, TracebackError};
use rhai::{Dynamic, Module};

use crate::lang::{eval::evaluation::Evaluation, jobs::Jobs};

/// How long a stop is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why a program stops a job that gives no reason.
const REASON: &str = "on request";

/// The functions as a module.
pub(super) fn module() -> Module {
    let mut module = all::module();
    let parts = [
        one::module(),
        frames::module(),
        new::module(),
        group::module(),
        sh::module(),
        log::module(),
        summary::module(),
    ];
    for part in parts {
        module.combine(part);
    }
    module.set_custom_type::<Jobs>("jobs").set_custom_type::<AnyJob>("job").set_custom_type::<Group>("group");
    module
}

/// What can be chosen for a job, an option a line.
pub(crate) fn options_help() -> String {
    let indented = |line: String| format!("  {line}");
    let mut lines =
        vec!["jobs.start(f, [5], #{name: \"x\"}) takes these options, and jobs.sh(\"make\", #{..}) too:".to_owned()];
    lines.extend(options::lines().map(indented));
    lines.push("jobs.sh takes also:".to_owned());
    lines.extend(sh::lines().map(indented));
    lines.join("\n")
}

fn number(job: &AnyJob) -> i64 {
    i64::try_from(job.id().get()).unwrap_or(i64::MAX)
}

/// Prints a text of the original, which ends each line.
fn print(evaluation: &Evaluation, text: impl Display) {
    let text = text.to_string();
    if let Some(text) = text.strip_suffix('\n') {
        evaluation.print(Stream::Out, text);
    }
}

/// Tells of a wrong number and the like, as the original does: not as an error.
fn complain(evaluation: &Evaluation, refusal: &impl Display) {
    evaluation.print(Stream::Err, &refusal.to_string());
}

fn print_traceback(evaluation: &Evaluation, job: &AnyJob) {
    evaluation.jobs.note_read(job);
    match job.failure() {
        Some(failure) => evaluation.print(Stream::Out, &failure.traceback().to_string()),
        None => complain(evaluation, &TracebackError::NotDead(job.id(), job.state())),
    }
}

/// The value of a job, or what the original shows in its place.
fn value(evaluation: &Evaluation, job: &AnyJob) -> Dynamic {
    match evaluation.jobs.outcome(job) {
        None => ResultError::Unfinished(job.id()).to_string().into(),
        Some(Err(failure)) => ResultError::Died(job.id(), failure).to_string().into(),
        Some(Ok(value)) => evaluation.cells().wake(&value),
    }
}
