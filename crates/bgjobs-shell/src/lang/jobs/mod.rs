//! The background jobs of a session: what is to be told of them, what each was started with, what it leaves behind.
//!
//! Knows nothing of evaluations.

mod dead;
mod done;
mod looks;
mod origin;
pub(super) mod post_mortem;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bgjobs::{AnyJob, Failure, Handle, JobId, Notices, Outcome, State};

pub(crate) use self::dead::NoPostMortem;
use self::{dead::AllDead, looks::Looks, origin::AllStarted};
pub(crate) use self::{
    done::{Done, Own},
    origin::Started,
};
use super::{jobs::post_mortem::PostMortem, values::value::Value};

/// The background jobs of a session, with the reader of what was not told yet.
///
/// Cheap to clone; all clones tell of each job once.
#[derive(Clone)]
pub struct Jobs {
    pub(crate) handle: Handle,
    notices: Arc<Mutex<Notices>>,
    /// How many texts were given to `jobs.new(..)`.
    expressions: Arc<AtomicU64>,
    /// The jobs whose result, status or traceback was read.
    read: Arc<Mutex<BTreeSet<JobId>>>,
    started: AllStarted,
    dead: AllDead,
    looks: Looks,
}

impl Jobs {
    /// The jobs of a manager, told from now on.
    #[must_use]
    pub fn new(handle: Handle) -> Self {
        let notices = Arc::new(Mutex::new(handle.notices()));
        Self {
            handle,
            notices,
            expressions: Arc::default(),
            read: Arc::default(),
            started: AllStarted::default(),
            dead: AllDead::default(),
            looks: Looks::default(),
        }
    }

    /// What ended since the last look.
    pub fn notices(&self) -> MutexGuard<'_, Notices> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a job that has ended, or why it has none.
    #[must_use]
    pub fn outcome(&self, job: &AnyJob) -> Option<Result<Value, Failure>> {
        self.note_read(job);
        if !job.is_finished() {
            return None;
        }
        if let Some(failure) = job.failure() {
            return Some(Err(failure));
        }
        // A job of another kind is a command, or was started by the program around the prompt, in Rust.
        let done = job.clone().downcast::<Done>().ok();
        let value = done.and_then(|job| Some(job.outcome()?.ok()?.value.clone()));
        Some(Ok(value.unwrap_or_else(|| Value::plain(()))))
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

    /// The names of the groups that can be typed as one word.
    #[cfg(feature = "terminal")]
    pub(crate) fn groups(&self) -> Vec<String> {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let names = self.handle.groups().into_iter().map(|group| (**group.name()).to_owned());
        names.filter(|name| name.chars().all(is_word)).collect()
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

    /// Notes that somebody has looked at the first `lines` lines that the job printed.
    pub fn note_looked(&self, job: &AnyJob, lines: u64) {
        self.looks.note(job, lines, &self.handle);
    }

    /// How many lines the job printed that nobody has looked at.
    #[must_use]
    pub fn new_lines(&self, job: &AnyJob) -> u64 {
        self.looks.new_lines(job)
    }

    /// What a job was started with.
    pub(crate) fn started(&self, job: &AnyJob) -> Option<Started> {
        self.started.get(job.id())
    }

    /// Lets go of what was given to jobs that are there no more.
    pub(crate) fn forget_gone(&self) {
        self.started.forget_gone(&self.handle);
        self.dead.forget_gone(&self.handle);
        self.looks.forget_gone(&self.handle);
    }

    /// What a dead job left, or why there is nothing.
    pub(crate) fn post_mortem(&self, job: &AnyJob) -> Result<Arc<PostMortem>, NoPostMortem> {
        let id = job.id();
        if let Some(left) = self.dead.get(id) {
            return left.ok_or(NoPostMortem::NoNames(id));
        }
        Err(match job.state() {
            State::Finished(Outcome::Done) => NoPostMortem::Done(id),
            State::Finished(_) if job.times().started.is_none() => NoPostMortem::NeverBegan(id),
            State::Finished(_) => match self.started(job) {
                None => NoPostMortem::NoNames(id),
                Some(Started::Command { .. }) => NoPostMortem::Command(id),
                Some(Started::Expression { .. } | Started::Call { .. }) => NoPostMortem::LetGo(id),
            },
            _ => NoPostMortem::Runs(id),
        })
    }

    pub(crate) fn note_dead(&self, job: &AnyJob, post_mortem: Option<Arc<PostMortem>>) {
        self.dead.add(job.id(), post_mortem);
    }

    pub(crate) fn note_started(&self, job: &AnyJob, started: Started) {
        self.started.add(job.id(), started, &self.handle);
    }

    /// What the text of the next job is called, as long as the job has no number.
    pub(crate) fn name_expression(&self) -> String {
        format!("expression {}", self.expressions.fetch_add(1, Ordering::Relaxed))
    }
}
