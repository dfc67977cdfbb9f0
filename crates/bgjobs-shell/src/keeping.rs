//! Starts and follows jobs that outlive the session.
//!
//! Knows nothing of the words for that.

use bgjobs::{AnyJob, Body, KeepOptions, KeptError, KeptId, KeptJob, KeptJobs, Options};
use rhai::Dynamic;

use crate::{
    lang::{self, Value},
    session::{Answer, Session},
};

/// The user's kept jobs.
///
/// # Errors
///
/// Why their folder can't be used.
pub(crate) fn kept_jobs() -> Result<KeptJobs, String> {
    // Lines that a fuzzer invents write no file.
    if cfg!(fuzzing) {
        return Err("no kept jobs".to_owned());
    }
    KeptJobs::of_user().map_err(|error| error.to_string())
}

impl Session {
    /// Starts a line of the system's shell that goes on without the session, and a job that follows it, which becomes the
    /// value.
    ///
    /// # Errors
    ///
    /// Why it can't be started.
    pub(crate) fn keep(&mut self, line: &str) -> Result<(KeptId, Answer), String> {
        let here = self.environment();
        let environment = here.changed().map(|(name, value)| (name.into(), value.map(Into::into))).collect();
        let (folder, shell) = (Some(here.folder().to_owned()), here.shell());
        let options = KeepOptions { name: Some(line.into()), folder, environment, ..KeepOptions::default() };
        let kept = kept_jobs()?.start([&*shell, "-c", line], options).map_err(|error| error.to_string())?;
        Ok((kept.id(), self.follow_kept(kept)?))
    }

    /// Starts a job that follows a kept one, and becomes the value.
    ///
    /// # Errors
    ///
    /// There is no such job, or no thread for another.
    pub(crate) fn attach(&mut self, id: KeptId) -> Result<Answer, String> {
        let kept = kept_jobs()?.get(id).and_then(|kept| kept.state().map(|_| kept));
        let kept = kept.map_err(|error: KeptError| error.to_string())?;
        self.follow_kept(kept)
    }

    fn follow_kept(&mut self, kept: KeptJob) -> Result<Answer, String> {
        // A daemon, because the session need not wait for what goes on without it.
        let id = kept.id();
        let options = self.tracked().with_settings(Options::default());
        let job =
            self.jobs().named(kept.name()).with(options).daemon().start(kept).map_err(|error| error.to_string())?;
        lang::note_kept(&job, self.tracked(), id, self.environment().clone());
        Ok(self.answer_shown(Value::plain(Dynamic::from(AnyJob::clone(&job)))))
    }
}
