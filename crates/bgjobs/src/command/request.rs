//! A command and its settings, before it runs.
//!
//! Knows nothing of how it runs.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use crate::{
    command::{handover::Handover, input::Input, quoting, terminal::TerminalSize},
    record::name::Name,
};

/// How long a command that was asked to end may take by default.
const GRACE: Duration = Duration::from_secs(1);

/// A system command, as the body of a job.
///
/// The job's log gets its output line by line, with the two streams apart: the lines of each are in order, and the
/// streams interleave as they arrive. Invalid UTF-8 is replaced.
/// Standard input is empty, unless [`input`](Self::input) says otherwise; a [`Keyboard`](crate::Keyboard) is the input of a
/// command that a user works with.
///
/// With exit status 0 the job is done. With any other, a signal, or a command that can't be started, the job fails, and
/// the failure's [`error`](crate::Failure::error) is a [`CommandError`](crate::CommandError).
///
/// A stop, the end of the manager and the end of the program all end the command and its descendants: each gets SIGTERM,
/// and SIGKILL after a [`grace`](Self::grace) period.
/// If the program calls [`supervise`](crate::supervise), this also covers processes that have left the command's process
/// group or session, and a program that is itself ended by SIGKILL.
///
/// A job ends when its command does. Whatever the command leaves running continues as a separate daemon job in the same
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
/// A clone runs the same command again, for example as the next attempt of [`retry`](crate::Spawner::retry).
///
/// # Limits
///
/// - Without [`supervise`](crate::supervise), and on a Unix other than Linux, a stop reaches only the command's process
///   group. Also, without `supervise`, the end of the program ends no command, the command keeps the program's
///   terminal as `/dev/tty`, and what a command leaves running is not reported.
/// - If the supervisor itself is killed, the command's process group is killed too, and the job fails with
///   [`CommandError::Lost`](crate::CommandError::Lost).
/// - Where the system can't tell a supervisor of the program's end (before Linux 5.3, and on other Unixes), a fork of the
///   program that outlives it counts as the program; other programs that it starts do not.
/// - A process of another user, such as one under `sudo`, can't be signalled. One that waits for a device
///   ([`ProcessState::Blocked`](crate::ProcessState::Blocked)) ends when the device answers.
///   Until they end, the command's job goes on, and a stop reports that it is still running.
#[derive(Clone, Debug)]
#[must_use = "a command runs only once it is started as a job"]
pub struct Command {
    pub(crate) program: OsString,
    pub(crate) words: Vec<OsString>,
    pub(crate) environment: Vec<(OsString, Option<OsString>)>,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) input: Input,
    pub(crate) terminal: Option<TerminalSize>,
    pub(crate) grace: Duration,
    pub(crate) name: Option<Name>,
    pub(crate) handover: Option<Handover>,
}

impl Command {
    /// Creates a command from a program, which the system looks up as usual, without arguments.
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
            handover: None,
        }
    }

    /// Creates a command from a line for the system's shell, `/bin/sh`; the line becomes the job's name.
    pub fn shell(line: impl Into<String>) -> Self {
        let line = line.into();
        let name = Some(Name::from(line.clone()));
        // Lines that a fuzzer invents must not run.
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

    /// Sets an environment variable; all others come from the program.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), Some(value.into())));
        self
    }

    /// Removes an environment variable.
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), None));
        self
    }

    /// Sets the folder the command runs in. Default: the program's.
    pub fn dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Sets what the command reads: a text, a file, or the read end of a pipe such as one from [`std::io::pipe`].
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
    /// jobs.wait_all()?;
    /// assert_eq!(sorted.log().tail(2)[0].text, "a");
    /// assert_eq!(counted.log().tail(1)[0].text, "3");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn input(mut self, input: impl Into<Input>) -> Self {
        self.input = input.into();
        self
    }

    /// Lets the command write to a pseudo-terminal, which with [`supervise`](crate::supervise) is also its controlling
    /// terminal.
    ///
    /// Both outputs are then one stream. Standard input is not affected, unless it is a [`Keyboard`](crate::Keyboard).
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

    /// Sets the time between SIGTERM and SIGKILL, in whole milliseconds. Default: one second.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Lets the command leave the program while it runs, by [`Handover`].
    ///
    /// That takes [`supervise`](crate::supervise), Linux, a command without a terminal, and one that has read its input.
    pub fn handover(mut self, handover: &Handover) -> Self {
        self.handover = Some(handover.clone());
        self
    }

    /// The shell's command line, or the program and its arguments.
    pub(crate) fn label(&self) -> Name {
        self.name.clone().unwrap_or_else(|| quoting::line(&self.program, &self.words).into())
    }

    /// The name of the command in errors: the shell's command line, or the program.
    pub(crate) fn called(&self) -> String {
        self.name.as_ref().map_or_else(|| self.program.to_string_lossy().into_owned(), |name| (**name).to_owned())
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::Command;

    #[test]
    fn a_command_is_named_by_what_a_user_would_type() {
        let command = Command::new("/bin/ls").args(["-l", "a b", "", "it's", "x;y", "ä.txt"]);
        assert_eq!(&*command.label(), r"/bin/ls -l 'a b' '' 'it'\''s' 'x;y' ä.txt");
        assert_eq!(&*Command::shell("make -j2 2>&1 | tail").label(), "make -j2 2>&1 | tail");
    }
}
