//! Lines for the system's shell: `!make`, and `!make &`.
//!
//! Knows nothing of the language.

use bgjobs::{AnyJob, Command, CommandError, Context, Failure, Stream};

use crate::{
    lang::{self, Jobs, Output},
    session::{Answer, Session},
};

impl Session {
    /// Runs a line of the system's shell, and prints its output as it comes.
    ///
    /// Its standard input is empty. Any exit status but 0 is a failure.
    ///
    /// ```
    /// use bgjobs_shell::{Answer, Session};
    ///
    /// let mut session = Session::new(std::sync::Arc::new(|_, line| assert_eq!(line, "one")));
    /// assert!(matches!(session.run_command("echo one"), Answer::Nothing));
    /// let Answer::Failed(failure) = session.run_command("exit 3") else { panic!("it failed") };
    /// assert_eq!(failure.message(), "exit status 3");
    /// ```
    pub fn run_command(&mut self, line: &str) -> Answer {
        let environment = self.environment().clone();
        let command = environment.command(Command::shell(line));
        let note = |job: &AnyJob, jobs: &Jobs| lang::note_command(job, jobs, line, environment);
        match self.wait_for_line(line.to_owned(), |context, output| run(command, context, output), note) {
            Ok(job) => job.failure().map_or(Answer::Nothing, Answer::Failed),
            Err(answer) => answer,
        }
    }

    /// Starts a line of the system's shell as a background job, which becomes the value.
    pub fn start_command(&mut self, line: &str) -> Answer {
        match lang::start_command(line, self.tracked(), self.environment()) {
            Ok(job) => self.answer_shown(job),
            Err(error) => Answer::Failed(Failure::new(error.to_string())),
        }
    }
}

/// Runs what the prompt waits for: it prints to `output` until it is sent to the background.
fn run(command: Command, context: &Context, output: &Output) -> Result<(), Failure> {
    let mut open = [String::new(), String::new()];
    let status = command.run_alone(context, |stream, text| {
        let open = &mut open[stream as usize];
        open.push_str(text);
        if context.job().is_listed() {
            context.log().write(stream, &std::mem::take(open));
        } else if let Some(end) = open.rfind('\n') {
            output(stream, &open[..end]);
            open.drain(..=end);
        }
        Ok(())
    });
    for (stream, rest) in [Stream::Out, Stream::Err].into_iter().zip(open) {
        if !rest.is_empty() {
            output(stream, &rest);
        }
    }
    match status? {
        status if status.success() => Ok(()),
        status => Err(Failure::from_error(CommandError::Ended(status))),
    }
}
