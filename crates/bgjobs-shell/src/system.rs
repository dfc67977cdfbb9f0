//! Lines for the system's shell: `!make`, and `!make &`.
//!
//! Knows nothing of the language.

use bgjobs::{AnyJob, Command, CommandError, Context, Failure};

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
    /// let mut session = Session::new(std::sync::Arc::new(|_, text| assert_eq!(text, "one\n")));
    /// assert!(matches!(session.run_command("echo one"), Answer::Nothing));
    /// let Answer::Failed(failure) = session.run_command("exit 3") else { panic!("it failed") };
    /// assert_eq!(failure.message(), "exit status 3");
    /// ```
    pub fn run_command(&mut self, line: &str) -> Answer {
        let environment = self.environment().clone();
        let command = environment.command(Command::shell(line));
        let run = move |context: &Context, output: Output| {
            let print = |stream, text: &str| {
                output(stream, text);
                Ok(())
            };
            match command.run_alone(context, print)? {
                status if status.success() => Ok(()),
                status => Err(Failure::from_error(CommandError::Ended(status))),
            }
        };
        let note = |job: &AnyJob, jobs: &Jobs| lang::note_command(job, jobs, line, environment);
        match self.wait_for_line(line.to_owned(), run, note) {
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
