//! Lines for the system's shell: `!make`, and `!make &`.
//!
//! Knows nothing of the language.

#[cfg(feature = "terminal")]
use std::sync::Arc;

#[cfg(feature = "terminal")]
use bgjobs::Command;
use bgjobs::{AnyJob, CommandError, Context, Failure};

#[cfg(feature = "terminal")]
use crate::console::Console;
use crate::{
    lang::{self, Jobs, Output},
    session::{Answer, Session},
};

impl Session {
    /// Runs a line of the system's shell, and prints its output as it comes.
    ///
    /// Its standard input is empty; at a prompt on a terminal, it has the terminal. Any exit status but 0 is a failure.
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
        let command = environment.command(environment.shell_line(line));
        let note = |job: &AnyJob, jobs: &Jobs| lang::note_command(job, jobs, line, environment);
        #[cfg(feature = "terminal")]
        if self.consoles.is_some() && bgjobs::is_supervising() {
            return self.run_at_terminal(line, command, note);
        }
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
        match self.wait_for_line(line.to_owned(), run, note) {
            Ok(job) => job.failure().map_or(Answer::Nothing, Answer::Failed),
            Err(answer) => answer,
        }
    }

    /// Runs a command that has the terminal until it ends or gives up the keyboard.
    #[cfg(feature = "terminal")]
    fn run_at_terminal(&mut self, line: &str, command: Command, note: impl FnOnce(&AnyJob, &Jobs)) -> Answer {
        let console = Console::new(self.stopper());
        let own = Arc::clone(&console);
        let typed_ahead = std::mem::take(&mut self.typed_ahead);
        let served = console.serve(typed_ahead, || {
            let name = line.to_owned();
            self.wait_for_line(name, move |context, _| own.run(command, context), note)
        });
        let (waited, typed_ahead) = match served {
            Ok(served) => served,
            Err(error) => return Answer::Failed(Failure::new(format!("can't use the terminal: {error}"))),
        };
        self.typed_ahead = typed_ahead;
        match waited {
            Ok(job) => job.failure().map_or(Answer::Nothing, Answer::Failed),
            Err(answer) => {
                if let (Answer::Sent(job), Some(consoles)) = (&answer, &self.consoles) {
                    consoles.add(job, console);
                }
                answer
            }
        }
    }

    /// Starts a line of the system's shell as a background job with the options of a map, as `jobs.sh(line, #{..})` does.
    pub(crate) fn start_command_with(&mut self, line: &str, options: &str) -> Answer {
        self.tracked().hold_echo();
        let quoted = line.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
        match self.run("!", &format!("jobs.sh(\"{quoted}\", {options})")) {
            Answer::Value(job) => self.answer_shown(job),
            answer => answer,
        }
    }

    /// Starts a line of the system's shell as a background job, which becomes the value.
    pub fn start_command(&mut self, line: &str) -> Answer {
        self.tracked().hold_echo();
        match lang::start_command(line, self.tracked(), self.environment()) {
            Ok(job) => self.answer_shown(job),
            Err(error) => Answer::Failed(Failure::new(error.to_string())),
        }
    }
}
