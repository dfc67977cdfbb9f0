//! What a session knows about its background jobs: unreported ends, what each was started with, what was read of it,
//! what dead ones left.
//!
//! Knows nothing of evaluations.

mod dead;
pub(super) mod done;
mod echo;
mod origin;
mod per_job;
pub(super) mod post_mortem;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bgjobs::{AnyJob, Failure, Handle, Notices, Options, Outcome, State};

use self::{dead::NewestDead, echo::Echo, per_job::PerJob, post_mortem::PostMortem};
pub(crate) use self::{
    dead::NoPostMortem,
    done::{Died, Done},
    origin::{KeptNumber, Origin, OriginCode, StartOptions},
};
use super::{output::Output, values::value::Value};
use crate::{digest::Digest, setting::Setting};

/// The background jobs of a session, with the reader of unreported ends.
///
/// Cheap to clone; all clones together report each end once.
#[derive(Clone)]
pub struct Jobs {
    pub(crate) handle: Handle,
    notices: Arc<Mutex<Notices>>,
    /// How many texts were given to `jobs.new(..)`.
    expressions: Arc<AtomicU64>,
    /// The jobs whose result, status or traceback was read.
    read: PerJob<()>,
    origins: PerJob<Arc<Origin>>,
    dead: NewestDead,
    /// How many lines of each job were read.
    lines_read: PerJob<u64>,
    /// Where jobs print besides their logs.
    echo: Arc<OnceLock<Echo>>,
    /// How many columns the terminal has on which lines print, if they do.
    pub(crate) width: Setting<Option<usize>>,
    /// How much the logs of later jobs hold; none for the library's default.
    pub(crate) log_bytes: Setting<Option<usize>>,
}

impl Jobs {
    /// The jobs of a manager; ends are reported from now on.
    #[must_use]
    pub fn new(handle: Handle) -> Self {
        let notices = Arc::new(Mutex::new(handle.notices()));
        Self {
            handle,
            notices,
            expressions: Arc::default(),
            read: PerJob::default(),
            origins: PerJob::default(),
            dead: NewestDead::default(),
            lines_read: PerJob::default(),
            echo: Arc::default(),
            width: Setting::default(),
            log_bytes: Setting::default(),
        }
    }

    /// The jobs that ended since the last report.
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
        // Any other type is a command, or a job that the host program started from Rust.
        let done = job.clone().downcast::<Done>().ok();
        let value = done.and_then(|job| Some(job.outcome()?.ok()?.value.clone()));
        Some(Ok(value.unwrap_or_else(|| Value::plain(()))))
    }

    /// The dead jobs whose result, status and traceback nobody has read.
    #[must_use]
    pub fn unread(&self) -> Vec<AnyJob> {
        self.handle.dead().into_iter().filter(|job| self.read.get(job.id()).is_none()).collect()
    }

    /// Whether somebody knows how the job ended.
    #[cfg(feature = "terminal")]
    pub(crate) fn is_read(&self, job: &AnyJob) -> bool {
        self.read.get(job.id()).is_some()
    }

    /// Notes that somebody knows how the job ended, if it has.
    pub fn note_read(&self, job: &AnyJob) {
        if job.is_finished() {
            self.read.set(job.id(), (), &self.handle);
        }
    }

    /// Notes that the user has just seen how the job ended, if it has, so that no notice repeats it.
    pub fn note_seen(&self, job: &AnyJob) {
        self.note_read(job);
        self.notices().mark_seen(job.id());
    }

    /// Notes that the first `lines` lines of the job's output were read.
    pub fn note_looked(&self, job: &AnyJob, lines: u64) {
        let before = self.lines_read.get(job.id()).unwrap_or(0);
        self.lines_read.set(job.id(), lines.max(before), &self.handle);
    }

    /// From now on jobs that start print there too, so that their lines need no other reader.
    #[cfg(feature = "terminal")]
    pub(crate) fn echo_to(&self, output: Output) {
        // Once is enough: the output of a session never changes.
        let _ = self.echo.set(Echo::new(output));
    }

    /// What jobs print besides their logs waits from now on, so that it comes after the reply to the line that started
    /// them.
    pub(crate) fn hold_echo(&self) {
        if let Some(echo) = self.echo.get() {
            echo.hold();
        }
    }

    /// Prints what has waited.
    #[cfg(feature = "terminal")]
    pub(crate) fn release_echo(&self) {
        if let Some(echo) = self.echo.get() {
            echo.release();
        }
    }

    /// The options of a job that starts now, with the settings of the session where it has none.
    pub(crate) fn with_settings(&self, options: Options) -> Options {
        Options { log_bytes: options.log_bytes.or_else(|| self.log_bytes.get()), ..options }
    }

    /// Where jobs print besides their logs.
    pub(crate) fn echo(&self) -> Option<Output> {
        self.echo.get().map(Echo::output)
    }

    /// Whether jobs print besides their logs.
    pub(crate) fn has_echo(&self) -> bool {
        self.echo.get().is_some()
    }

    /// How many lines of the job's output were read; all, if jobs print elsewhere too.
    #[must_use]
    pub fn lines_read(&self, job: &AnyJob) -> u64 {
        if self.has_echo() { job.printed() } else { self.lines_read.get(job.id()).unwrap_or(0) }
    }

    /// How many lines of the job's output are unread.
    #[must_use]
    pub fn new_lines(&self, job: &AnyJob) -> u64 {
        job.printed().saturating_sub(self.lines_read(job))
    }

    /// What a job was started with.
    pub(crate) fn origin(&self, job: &AnyJob) -> Option<Arc<Origin>> {
        self.origins.get(job.id())
    }

    /// Forgets removed jobs.
    pub(crate) fn forget_gone(&self) {
        self.origins.forget_gone(&self.handle);
        self.read.forget_gone(&self.handle);
        self.lines_read.forget_gone(&self.handle);
    }

    /// What can be examined of a dead job, or why nothing can.
    pub(crate) fn post_mortem(&self, job: &AnyJob) -> Result<Arc<PostMortem>, NoPostMortem> {
        let id = job.id();
        let failure = job.failure();
        if let Some(died) = failure.as_ref().and_then(Died::of) {
            let none = if died.captured.is_some() { NoPostMortem::Dropped(id) } else { NoPostMortem::NoNames(id) };
            return died.post_mortem().ok_or(none);
        }
        Err(match job.state() {
            State::Finished(Outcome::Done) => NoPostMortem::Done(id),
            State::Finished(_) if job.times().started.is_none() => NoPostMortem::NeverBegan(id),
            State::Finished(_) => match self.origin(job).as_ref().map(|origin| &origin.code) {
                None => NoPostMortem::NoNames(id),
                Some(OriginCode::Command { .. }) => NoPostMortem::Command(id),
                Some(OriginCode::Kept(_)) => NoPostMortem::Kept(id),
                Some(OriginCode::Expression { .. } | OriginCode::Call { .. }) => NoPostMortem::Dropped(id),
            },
            _ => NoPostMortem::Runs(id),
        })
    }

    /// Notes what can be examined of a dead job.
    pub(crate) fn note_dead(&self, died: &Died) {
        self.dead.add(died);
    }

    /// One line about all jobs; those that ended count only if they ended after `since`.
    pub(crate) fn digest(&self, since: Option<Instant>) -> Digest {
        Digest::new(&self.handle.all(), |job| self.new_lines(job) > 0, since)
    }

    /// The number of the job that a job follows, if that outlives the session.
    pub(crate) fn kept(&self, job: &AnyJob) -> Option<String> {
        self.kept_number(job)?.get().cloned()
    }

    /// Whether a job will outlive the session, once it has started.
    pub(crate) fn is_to_be_kept(&self, job: &AnyJob) -> bool {
        !job.is_finished() && self.kept_number(job).is_some_and(|number| number.get().is_none())
    }

    fn kept_number(&self, job: &AnyJob) -> Option<KeptNumber> {
        match &self.origin(job)?.code {
            OriginCode::Kept(number) => Some(Arc::clone(number)),
            _ => None,
        }
    }

    pub(crate) fn note_origin(&self, job: &AnyJob, origin: Origin) {
        self.origins.set(job.id(), Arc::new(origin), &self.handle);
    }

    /// The name of the next job's text, until the job has its number.
    pub(crate) fn name_expression(&self) -> String {
        format!("expression {}", self.expressions.fetch_add(1, Ordering::Relaxed))
    }
}
