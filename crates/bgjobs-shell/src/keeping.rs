//! Starts and follows jobs that outlive the session.
//!
//! Knows nothing of the words for that.

use std::sync::Arc;

use bgjobs::{AnyJob, KeptError, KeptId};
use rhai::Dynamic;

use crate::{
    lang::{self, Keeping, Source, StartOptions, Value, kept_jobs},
    session::{Answer, Session},
};

impl Session {
    /// Starts a line of the system's shell that goes on without the session, and a job that follows it, which becomes the
    /// value.
    pub(crate) fn keep_command(&mut self, line: &str) -> Answer {
        let keeping = Keeping::command(line, self.environment());
        self.keep(keeping)
    }

    /// Starts a text that is evaluated without the session, and a job that follows it, which becomes the value.
    pub(crate) fn keep_text(&mut self, source: &Arc<Source>) -> Answer {
        match Keeping::text(source, self.names()) {
            Ok(keeping) => self.keep(keeping),
            Err(failure) => Answer::Failed(failure),
        }
    }

    fn keep(&mut self, keeping: Keeping) -> Answer {
        self.tracked().hold_echo();
        match lang::keep(keeping, self.tracked(), self.environment().clone(), StartOptions::default()) {
            Ok(job) => self.answer_shown(Value::plain(Dynamic::from(job))),
            Err(failure) => Answer::Failed(failure),
        }
    }

    /// Starts a job that follows a kept one, and becomes the value.
    ///
    /// # Errors
    ///
    /// There is no such job, or no thread for another.
    pub(crate) fn attach(&mut self, id: KeptId) -> Result<Answer, String> {
        let kept = kept_jobs()?.get(id).and_then(|kept| kept.state().map(|_| kept));
        let kept = kept.map_err(|error: KeptError| error.to_string())?;
        self.tracked().hold_echo();
        let job = lang::follow(kept, self.tracked(), self.environment().clone(), StartOptions::default());
        let job: AnyJob = job.map_err(|error| error.to_string())?;
        Ok(self.answer_shown(Value::plain(Dynamic::from(job))))
    }
}
