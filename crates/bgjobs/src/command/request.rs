//! What a command is asked for.
//!
//! Knows nothing of how it runs.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use crate::{
    command::{input::Input, quoting, terminal::TerminalSize},
    record::name::Name,
};

/// How long a command that was asked to end may take, by default.
const GRACE: Duration = Duration::from_secs(1);

/// A command of the system, as the body of a job.
///
/// The job's log gets what it prints, line by line, both outputs apart; each in its own order, the two as they
/// arrive. What is no UTF-8 is replaced.
/// Its standard input is empty, unless [`input`](Self::input) says otherwise.
///
/// Exit status 0 makes a job that is done. Any other, a signal, and a command that can't be started make a failed one,
/// whose [`error`](crate::Failure::error) is a [`CommandError`](crate::CommandError).
///
/// A stop, and the end of the manager or of the program, ends the command with all the processes that came of it: they
/// get SIGTERM, and SIGKILL after a [`grace`](Self::grace).
/// That holds for those too that have left its process group or its session, and for a program that is itself ended
/// by SIGKILL, if the program calls [`supervise`](crate::supervise).
///
/// A job ends when its command does. What the command has left running goes on, as a daemon job of its own in the same
/// manager.
///
/// ```
/// use bgjobs::{Command, CommandError, JobManager};
///
/// let jobs = JobManager::new();
/// let job = jobs.start(Command::shell("echo reading; exit 3"))?;
/// assert!(job.join().is_err());
/// let failure = job.failure().unwrap();
/// assert_eq!(failure.message(), "exit status 3");
/// let error = failure.error().unwrap().downcast_ref::<CommandError>().unwrap();
/// assert!(matches!(error, CommandError::Ended(status) if status.code() == Some(3)));
/// assert_eq!(job.log().tail(1)[0].text, "reading");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A clone is the same command once more, for instance for the next attempt of [`retry`](crate::Spawner::retry).
///
/// # Limits
///
/// - Without [`supervise`](crate::supervise), and on a Unix other than Linux, a stop reaches the command's process
///   group only. Without it, the end of the program ends nothing, the command keeps the terminal of the program as
///   `/dev/tty`, and what a command leaves running is not told of.
/// - If the supervisor itself is killed, the command's process group is killed, and the job fails
///   with [`CommandError::Lost`](crate::CommandError::Lost).
/// - A fork of the program that lives on without it (no other program started by it does) is the program to a supervisor.
/// - A process of another user, as `sudo` starts it, can't be signalled. One that waits for a device
///   ([`ProcessState::Blocked`](crate::ProcessState::Blocked)) ends when the device answers.
///   The job of such a command goes on until they end, and a stop says that it is still running.
#[derive(Clone, Debug)]
#[must_use = "it runs when it is started as a job"]
pub struct Command {
    pub(crate) program: OsString,
    pub(crate) words: Vec<OsString>,
    pub(crate) environment: Vec<(OsString, Option<OsString>)>,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) input: Input,
    pub(crate) terminal: Option<TerminalSize>,
    pub(crate) grace: Duration,
    pub(crate) name: Option<Name>,
}

impl Command {
    /// A program, found as the system finds programs, with no arguments yet.
    ///
    /// ```
    /// use bgjobs::{Command, JobManager};
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.start(Command::new("echo").arg("a  b").env("LANG", "C").dir("/"))?;
    /// job.join()?;
    /// assert_eq!(job.name(), &"echo 'a  b'");
    /// assert_eq!(job.log().tail(1)[0].text, "a  b");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            words: Vec::new(),
            environment: Vec::new(),
            folder: None,
            input: Input::default(),
            terminal: None,
            grace: GRACE,
            name: None,
        }
    }

    /// A line for the system's shell, `/bin/sh`; the job goes by its text.
    pub fn shell(line: impl Into<String>) -> Self {
        let line = line.into();
        let name = Some(Name::from(line.clone()));
        // What a fuzzer makes up nobody should run.
        let line = if cfg!(fuzzing) { "true".to_owned() } else { line };
        Self { name, ..Self::new("/bin/sh").arg("-c").arg(line) }
    }

    /// Appends an argument.
    pub fn arg(mut self, word: impl Into<OsString>) -> Self {
        self.words.push(word.into());
        self
    }

    /// Appends arguments.
    pub fn args<W: Into<OsString>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.words.extend(words.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment, which else is that of the program.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), Some(value.into())));
        self
    }

    /// Takes a variable out of its environment.
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), None));
        self
    }

    /// Sets the folder that it runs in, which else is that of the program.
    pub fn dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Sets what it reads: a text, a file, or a pipe whose other end one keeps, as of [`std::io::pipe`].
    ///
    /// ```
    /// use bgjobs::{Command, JobManager};
    /// use std::io::Write;
    ///
    /// let jobs = JobManager::new();
    /// let sorted = jobs.start(Command::new("sort").input("b\na\n"))?;
    /// let (reader, mut writer) = std::io::pipe()?;
    /// let counted = jobs.start(Command::new("grep").arg("-c").arg("").input(reader))?;
    /// writer.write_all(b"1\n2\n3\n")?;
    /// drop(writer);
    /// jobs.wait_all(None)?;
    /// assert_eq!(sorted.log().tail(2)[0].text, "a");
    /// assert_eq!(counted.log().tail(1)[0].text, "3");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn input(mut self, input: impl Into<Input>) -> Self {
        self.input = input.into();
        self
    }

    /// Lets it write to a pseudo-terminal, which with [`supervise`](crate::supervise) is its controlling terminal too.
    ///
    /// Its outputs are one then. What [`input`](Self::input) says of its standard input stays so.
    ///
    /// ```
    /// use bgjobs::{Command, JobManager, TerminalSize};
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.start(Command::shell("test -t 1").terminal(TerminalSize::default()))?;
    /// assert!(job.join().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn terminal(mut self, size: TerminalSize) -> Self {
        self.terminal = Some(size);
        self
    }

    /// Sets how long after SIGTERM its processes get SIGKILL, in whole milliseconds. Default: a second.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The line of a shell, or the program and its arguments.
    pub(crate) fn label(&self) -> Name {
        self.name.clone().unwrap_or_else(|| quoting::line(&self.program, &self.words).into())
    }

    /// What an error calls it: the line of a shell, or the program.
    pub(crate) fn called(&self) -> String {
        self.name.as_ref().map_or_else(|| self.program.to_string_lossy().into_owned(), |name| (**name).to_owned())
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::Command;

    #[test]
    fn a_command_goes_by_the_words_that_one_would_type() {
        let command = Command::new("/bin/ls").args(["-l", "a b", "", "it's", "x;y", "ä.txt"]);
        assert_eq!(&*command.label(), r"/bin/ls -l 'a b' '' 'it'\''s' 'x;y' ä.txt");
        assert_eq!(&*Command::shell("make -j2 2>&1 | tail").label(), "make -j2 2>&1 | tail");
    }
}
