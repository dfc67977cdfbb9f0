//! A command as the body of a job.
//!
//! Knows nothing of how a command runs.

pub(crate) mod arrivals;
#[cfg(target_os = "linux")]
pub(crate) mod awaits;
pub(crate) mod child;
pub(crate) mod descendants;
pub(crate) mod ending;
pub(crate) mod error;
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has kept jobs"))]
pub(crate) mod handover;
pub(crate) mod hosted;
pub(crate) mod input;
pub(crate) mod keyboard;
pub(crate) mod link;
pub(crate) mod lossy;
pub(crate) mod pipes;
pub(crate) mod protocol;
pub(crate) mod quoting;
pub(crate) mod request;
pub(crate) mod served;
pub(crate) mod shortage;
pub(crate) mod supervision;
pub(crate) mod supervisor;
pub(crate) mod terminal;
#[cfg(target_os = "linux")]
pub(crate) mod tree;

use std::process::ExitStatus;

use crate::{
    body::{Body, context::Context},
    command::{
        child::Child,
        error::{CommandError, failure},
        request::Command,
    },
    record::{failure::Failure, log::line::Stream, name::Name},
};

/// Running a command inside a body.
impl Command {
    /// Runs the command as part of the body of `job`, and passes its output to `print` as it arrives.
    ///
    /// While the system is short of open files, processes or memory, it waits for other commands of this process to end.
    /// Returns when the command and all its descendants have ended and all output has been passed on.
    /// An error from `print` ends the command, as a stop of the job does.
    ///
    /// ```
    /// use bgjobs::{Command, JobManager};
    ///
    /// let jobs = JobManager::new();
    /// let version = jobs.spawn_with("version", |job| {
    ///     let mut text = String::new();
    ///     let status = Command::shell("echo 1.2; exit 4").run(job, |_, piece| {
    ///         text.push_str(piece);
    ///         Ok(())
    ///     })?;
    ///     Ok((text, status.code()))
    /// })?;
    /// assert_eq!(version.join()?, &("1.2\n".to_owned(), Some(4)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`CommandError`] if the command did not start or was lost, [`Stopped`](crate::Stopped) if the job was asked to
    /// stop, and any error from `print`.
    pub fn run(
        self,
        job: &Context,
        mut print: impl FnMut(Stream, &str) -> Result<(), Failure>,
    ) -> Result<ExitStatus, Failure> {
        shortage::when_possible(job, || Child::start(self.clone()).map_err(failure)?.run(job, &mut print))
    }

    /// Runs the command as the whole body of `job`: like [`run`](Self::run), but it returns when the command itself has
    /// ended, and until then the command's processes are the [place](crate::AnyJob::place) of `job`.
    ///
    /// Whatever the command leaves running continues as a separate daemon job in the manager of `job`.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run).
    pub fn run_alone(
        self,
        job: &Context,
        mut print: impl FnMut(Stream, &str) -> Result<(), Failure>,
    ) -> Result<ExitStatus, Failure> {
        let name = self.name();
        shortage::when_possible(job, || Child::start(self.clone()).map_err(failure)?.run_alone(job, &name, &mut print))
    }
}

/// Starts with [`Handle::start`](crate::Handle::start).
impl Body for Command {
    type Output = ();

    /// The shell's command line, or the program and its arguments.
    fn name(&self) -> Name {
        self.label()
    }

    fn call(self, job: &Context) -> Result<(), Failure> {
        let log = job.log();
        let status = self.run_alone(job, |stream, text| {
            log.write(stream, text);
            Ok(())
        })?;
        if status.success() { Ok(()) } else { Err(failure(CommandError::Ended(status))) }
    }
}
