//! What the prompt waits for: a line, a job, a view.
//!
//! Knows nothing of how a line is shown.

use std::{sync::Arc, time::Duration};

#[cfg(feature = "terminal")]
use bgjobs::StopReason;
use bgjobs::{AnyJob, Context, Failure, Job, Options, Stream};
use rhai::Dynamic;

use super::{Answer, Session};
use crate::{
    foreground::{self, WaitEnd},
    lang::{self, Died, Jobs, Line, Names, Output, Value},
};

/// How often a wait shows new output.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Session {
    /// Evaluates a line with some names; returns the names after it, unchanged if the line goes on in the background.
    pub(super) fn wait_for_value(&self, line: Line, names: Names) -> (Answer, Names) {
        let known = (names.clone(), self.jobs.clone(), self.language.clone());
        let (name, environment) = (line.name(), names.environment.clone());
        let note = |job: &AnyJob, jobs: &Jobs| lang::note_sent(job, jobs, environment);
        let job = match self.wait_for_line(name, |context, output| line.run(context, output, known), note) {
            Ok(job) => job,
            Err(answer) => return (answer, names),
        };
        if let Ok(done) = job.join() {
            return (Answer::Value(done.value.clone()), done.names().cloned().unwrap_or(names));
        }
        let failure = job.failure();
        let died = failure.as_ref().and_then(Died::of);
        let after = died.and_then(|died| died.names.clone()).unwrap_or(names);
        match died.and_then(|died| died.exit) {
            Some(status) => (Answer::Leave(status), after),
            None => (failure.map_or(Answer::Nothing, Answer::Failed), after),
        }
    }

    /// Runs the body of a line and waits until it ends, or is sent to the background: then calls `note`.
    ///
    /// What it prints is in its log from the start, and is shown until it is sent to the background.
    ///
    /// # Errors
    ///
    /// The answer to a line that could not start, or was sent to the background.
    pub(crate) fn wait_for_line<T: Send + Sync + 'static>(
        &self,
        name: String,
        body: impl FnOnce(&Context, Output) -> Result<T, Failure> + Send + 'static,
        note: impl FnOnce(&AnyJob, &Jobs),
    ) -> Result<Job<T>, Answer> {
        let output = Arc::clone(&self.output);
        let body = move |context: &Context| foreground::run(context, &output, body);
        let options = self.jobs.with_settings(Options::default());
        let job = self.foreground.start(name, options, body).map_err(Answer::Failed)?;
        if self.foreground.wait(&job, None, || {}) == WaitEnd::Background && job.list().is_some() {
            note(&job, &self.jobs);
            // So much was shown.
            self.jobs.note_looked(&job, job.printed());
            return Err(Answer::Sent(AnyJob::clone(&job)));
        }
        let _ = job.wait();
        Ok(job)
    }

    /// The jobs that `wait` and the end of the shell wait for: those that run, are no daemons and end with the
    /// session, oldest first.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = AnyJob> {
        self.jobs().running().into_iter().filter(|job| !job.is_daemon() && self.tracked().kept(job).is_none())
    }

    /// Lets the end of the session wait for no job that outlives it.
    #[cfg(feature = "terminal")]
    pub(crate) fn leave_kept(&self) {
        for job in self.jobs().running().iter().filter(|job| self.tracked().kept(job).is_some()) {
            // Not as a user's stop, which would end it.
            job.ask_stop(StopReason::ShutDown);
        }
    }

    /// Whether a job will outlive the session and has not started.
    #[cfg(feature = "terminal")]
    pub(crate) fn has_to_start_kept(&self) -> bool {
        self.jobs().running().iter().any(|job| self.tracked().is_to_be_kept(job))
    }

    /// The jobs that leaving the shell ends: all that run, but not one that follows a kept job, which goes on.
    #[cfg(feature = "terminal")]
    pub(crate) fn ended_by_leaving(&self) -> Vec<AnyJob> {
        self.jobs().running().into_iter().filter(|job| self.tracked().kept(job).is_none()).collect()
    }

    /// Waits until a background job has ended, calling `look` every now and then.
    pub(crate) fn wait_for(&self, job: &AnyJob, look: impl FnMut(&Self)) -> WaitEnd {
        self.begin_wait_for(job, || {}, look)
    }

    /// Does the same after `begin`; the wait can be ended from then on.
    pub(crate) fn begin_wait_for(&self, job: &AnyJob, begin: impl FnOnce(), mut look: impl FnMut(&Self)) -> WaitEnd {
        self.foreground.look_at(job);
        begin();
        self.foreground.wait(job, Some(LOOK_EVERY), || look(self))
    }

    /// Runs something that may take long and prints what it finds; a [`Stopper`](crate::Stopper) ends it.
    pub(crate) fn look(
        &self,
        look: impl FnOnce(&Context, &dyn Fn(Stream, &str)) -> Result<(), Failure> + Send + 'static,
    ) -> Answer {
        let output = Arc::clone(&self.output);
        let started = self.foreground.start("the look", Options::default(), move |context| look(context, &*output));
        let job = match started {
            Ok(job) => job,
            Err(failure) => return Answer::Failed(failure),
        };
        if self.foreground.wait(&job, None, || {}) == WaitEnd::Background {
            // Such a view has no use in the background.
            job.ask_stop("the prompt was wanted back");
            let _ = job.wait();
        }
        job.failure().map_or(Answer::Nothing, Answer::Failed)
    }

    /// Does the same where there is no terminal that a pager could use.
    #[cfg(not(feature = "terminal"))]
    pub(crate) fn look_in_pager(
        &self,
        look: impl FnOnce(&Context, &dyn Fn(Stream, &str)) -> Result<(), Failure> + Send + 'static,
    ) -> Answer {
        self.look(look)
    }

    /// Starts jobs again; the new ones become the value, one alone or several in an array.
    pub(crate) fn rerun(&mut self, jobs: &[AnyJob]) -> Answer {
        self.jobs.hold_echo();
        let mut started = Vec::new();
        for job in jobs {
            let line = Line::call("rerun", Value::plain(Dynamic::from(job.clone())));
            let (answer, names) = self.wait_for_value(line, self.names.clone());
            self.names = names;
            match answer {
                Answer::Value(value) => started.push(value.data().clone()),
                answer => return answer,
            }
        }
        let value = if started.len() == 1 { started.swap_remove(0) } else { Dynamic::from(started) };
        self.answer_shown(Value::plain(value))
    }
}
