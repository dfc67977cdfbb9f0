//! The background jobs as a program sees them, as in the original: the object `jobs`, and the jobs themselves.

mod all;
mod new;
mod one;
mod started;

use std::{
    collections::BTreeSet,
    fmt::Display,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bgjobs::{AnyJob, Failure, Handle, JobId, Notices, ResultError, Stream, TracebackError};
use rhai::{Dynamic, Module};

use self::started::AllStarted;
pub(super) use self::started::Started;
use super::{
    evaluation::{Evaluation, Result},
    start::Done,
    value::Value,
};

/// The background jobs of a session, with the reader of what was not told yet.
///
/// Cheap to clone; all clones tell of each job once.
#[derive(Clone)]
pub struct Jobs {
    pub(super) handle: Handle,
    notices: Arc<Mutex<Notices>>,
    /// How many texts were given to `jobs.new(..)`.
    expressions: Arc<AtomicU64>,
    /// The jobs whose result, status or traceback was read.
    read: Arc<Mutex<BTreeSet<JobId>>>,
    started: AllStarted,
}

impl Jobs {
    /// The jobs of a manager, told from now on.
    #[must_use]
    pub fn new(handle: Handle) -> Self {
        let notices = Arc::new(Mutex::new(handle.notices()));
        Self { handle, notices, expressions: Arc::default(), read: Arc::default(), started: AllStarted::default() }
    }

    /// What ended since the last look.
    pub fn notices(&self) -> MutexGuard<'_, Notices> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a job that has ended, or why it has none.
    #[must_use]
    pub fn outcome(&self, job: &AnyJob) -> Option<Result<Value, Failure>> {
        self.note_read(job);
        // A job of another kind was started by the program around the prompt, in Rust.
        let Ok(job) = job.clone().downcast::<Done>() else { return Some(Ok(Value::plain(()))) };
        Some(job.outcome()?.map(|done| done.value.clone()).map_err(Failure::clone))
    }

    /// The dead jobs of which nobody has read the result, the status or the traceback.
    #[must_use]
    pub fn unread(&self) -> Vec<AnyJob> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.handle.dead().into_iter().filter(|job| !read.contains(&job.id())).collect()
    }

    /// The numbers of all jobs.
    #[cfg(feature = "terminal")]
    pub(crate) fn numbers(&self) -> Vec<JobId> {
        self.handle.all().iter().map(AnyJob::id).collect()
    }

    /// Notes that somebody knows how the job ended, if it has.
    pub fn note_read(&self, job: &AnyJob) {
        if job.is_finished() {
            self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(job.id());
        }
    }

    /// Notes that the user has just been shown how the job ended, if it has: no notice need say so again.
    pub fn note_seen(&self, job: &AnyJob) {
        self.note_read(job);
        self.notices().skip(job.id());
    }

    pub(super) fn note_started(&self, job: &AnyJob, started: Started) {
        self.started.add(job.id(), started, &self.handle);
    }

    /// What the text of the next job is called, as long as the job has no number.
    pub(super) fn name_expression(&self) -> String {
        format!("expression {}", self.expressions.fetch_add(1, Ordering::Relaxed))
    }
}

/// The functions as a module.
pub(super) fn module() -> Module {
    let mut module = all::module();
    module.combine(one::module()).combine(new::module());
    module.set_custom_type::<Jobs>("jobs").set_custom_type::<AnyJob>("job");
    module
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
