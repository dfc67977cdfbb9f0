//! Starts and follows jobs that outlive the session.
//!
//! Knows nothing of the words for that.

use std::sync::Arc;

use bgjobs::{AnyJob, KeepError, KeptError, KeptId, one_line};
use rhai::Dynamic;

use crate::{
    lang::{self, Keeping, Origin, OriginCode, Source, StartOptions, Value, kept_jobs},
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

    /// Lets the command of a job go on without the session, and returns its number for all sessions.
    ///
    /// # Errors
    ///
    /// The job is no command, or the command can't leave.
    pub(crate) fn disown(&mut self, job: &AnyJob) -> Result<String, String> {
        let id = job.id();
        if job.is_finished() {
            return Err(format!("Job #{id} has ended"));
        }
        let origin = self.tracked().origin(job);
        let inside = format!("Job #{id} runs inside this shell and can't leave it");
        let Some(origin) = origin else { return Err(inside) };
        let handover = match &origin.code {
            OriginCode::Command { handover, .. } => handover,
            OriginCode::Kept(number) => {
                return Err(match number.get() {
                    Some(kept) => format!("Job #{id} is kept already, as {kept}"),
                    None => format!("Job #{id} is kept once it has started; until then it ends with this session"),
                });
            }
            _ => return Err(format!("{inside}; next time `keep {}`", one_line(job.name()))),
        };
        let name = origin.options.name.clone().unwrap_or_else(|| (**job.name()).to_owned());
        let kept = kept_jobs()?.take_over(handover, name).map_err(|error| match error {
            KeepError::CantLeave => {
                format!("Job #{id} has not started, has a terminal or reads an input, so it can't leave this shell; next time `keep !..`")
            }
            error => error.to_string(),
        })?;
        let number = kept.id().to_string();
        let code = OriginCode::Kept(Arc::new(number.clone().into()));
        let (environment, options) = (origin.environment.clone(), origin.options.clone());
        self.tracked().note_origin(job, Origin { code, environment, options });
        Ok(number)
    }

    /// Starts a job that follows a kept one, and becomes the value.
    ///
    /// # Errors
    ///
    /// There is no such job, or no thread for another.
    pub(crate) fn attach(&mut self, id: KeptId) -> Result<Answer, String> {
        let kept = kept_jobs()?.get(id).and_then(|kept| kept.summary().map(|known| (kept, known.folder)));
        let (kept, folder) = kept.map_err(|error: KeptError| error.to_string())?;
        let mut environment = self.environment().clone();
        environment.set_folder(&folder.to_string_lossy());
        self.tracked().hold_echo();
        let job = lang::follow(kept, self.tracked(), environment, StartOptions::default());
        let job: AnyJob = job.map_err(|error| error.to_string())?;
        Ok(self.answer_shown(Value::plain(Dynamic::from(job))))
    }
}
