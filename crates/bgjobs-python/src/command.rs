//! A command as the body of a job, in calls that do not wait.
//!
//! It does not know who waits meanwhile.

use std::{
    ffi::OsString,
    io::{self, PipeReader},
    os::{
        fd::{AsRawFd, IntoRawFd, RawFd},
        unix::process::ExitStatusExt,
    },
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bgjobs::{CommandError, FailureKind, Stream};
use pyo3::{exceptions::PyRuntimeError, prelude::*};

use crate::job::JobCore;

/// The near end of a command.
#[pyclass(frozen, module = "bgjobs._core")]
pub(crate) struct HostedCommand(Mutex<Inner>);

struct Inner {
    /// None once the outcome was asked for: its descriptors would stay open as long as a traceback holds it.
    command: Option<bgjobs::HostedCommand>,
    pid: Option<u32>,
}

/// Whether to standard error, and a piece of output.
type Piece = (bool, String);

/// A descriptor to wait for, and whether it is to become writable.
type Awaited = (RawFd, bool);

impl HostedCommand {
    fn new(command: bgjobs::HostedCommand) -> Self {
        Self(Mutex::new(Inner { command: Some(command), pid: None }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl HostedCommand {
    /// Opens the near end of a command; also returns the standard input of its supervisor, which the caller closes.
    ///
    /// `input` is what the command reads, and `grace` how many seconds it has to end when this process or its job ends it.
    #[staticmethod]
    fn open(program: String, input: Vec<u8>, grace: f64) -> PyResult<(Self, RawFd)> {
        let input = if input.is_empty() { bgjobs::Input::default() } else { input.into() };
        let (command, socket) = bgjobs::HostedCommand::open(program, input, seconds(grace))?;
        Ok((Self::new(command), socket.into_raw_fd()))
    }

    /// Opens the near end of a command that its supervisor forks; also returns the standard input, output and error of the
    /// supervisor, which the caller closes.
    #[staticmethod]
    fn open_for_fork(program: String, grace: f64) -> PyResult<(Self, Vec<RawFd>)> {
        let (command, streams) = bgjobs::HostedCommand::open_for_fork(program, seconds(grace))?;
        Ok((Self::new(command), streams.into_iter().map(IntoRawFd::into_raw_fd).collect()))
    }

    /// Makes the command the body of `job`, which runs on the calling thread and whose stop ends the command.
    fn become_body(&self, job: &Bound<'_, JobCore>) -> PyResult<()> {
        let context = job.get().context().ok_or_else(|| PyRuntimeError::new_err("the job does not run"))?;
        if let Some(command) = &mut self.lock().command {
            command.become_body(context);
        }
        Ok(())
    }

    /// Tells which process supervises the command.
    fn supervised_by(&self, supervisor: u32) {
        if let Some(command) = &self.lock().command {
            command.supervised_by(supervisor);
        }
    }

    /// The ID of the command's process, once it has one.
    #[getter]
    fn pid(&self) -> Option<u32> {
        self.lock().pid
    }

    /// Does what can be done without waiting: returns the output, and what to wait for before the next call, which is
    /// nothing when the command and all its descendants have ended.
    fn advance(&self) -> (Vec<Piece>, Vec<Awaited>) {
        let mut inner = self.lock();
        let Inner { command: Some(command), pid } = &mut *inner else { return Default::default() };
        let mut pieces = Vec::new();
        let is_over = command.advance(|stream, text| pieces.push((stream == Stream::Err, text.to_owned())));
        *pid = command.id();
        if is_over {
            return (pieces, Vec::new());
        }
        let mut awaited: Vec<Awaited> = command.readable().map(|fd| (fd.as_raw_fd(), false)).collect();
        awaited.extend(command.writable().map(|fd| (fd.as_raw_fd(), true)));
        (pieces, awaited)
    }

    /// Whether the command has ended, even if descendants go on.
    fn has_ended(&self) -> bool {
        self.lock().command.as_ref().is_none_or(bgjobs::HostedCommand::has_ended)
    }

    /// Asks the command and its descendants to end, and has them killed after so many seconds at most.
    fn end(&self, grace: f64) {
        if let Some(command) = &self.lock().command {
            command.end(seconds(grace));
        }
    }

    /// Interrupts the command as Ctrl-C does, if `grace` is more than 0, and has it and its descendants killed after so many
    /// seconds at most.
    fn interrupt(&self, grace: f64) {
        if let Some(command) = &self.lock().command {
            command.interrupt(seconds(grace));
        }
    }

    /// Gives up a command whose supervisor could not be started.
    fn close(&self) {
        let command = self.lock().command.take();
        drop(command);
    }

    /// How the command ended, once: its exit status, or the negated number of the signal; none if a stop of the job ended it.
    ///
    /// Raises `OSError` if the command could not be started, and `RuntimeError` if its supervisor was killed.
    fn outcome(&self) -> PyResult<Option<i32>> {
        let command = self.lock().command.take().ok_or_else(|| PyRuntimeError::new_err("the outcome was asked for"))?;
        let failure = match command.outcome() {
            Ok(status) => return Ok(status.code().or_else(|| status.signal().map(|signal| -signal))),
            Err(failure) if failure.kind() == FailureKind::Stop => return Ok(None),
            Err(failure) => failure,
        };
        let number = match failure.error().and_then(|error| error.downcast_ref()) {
            Some(CommandError::NotStarted { cause, .. }) => cause.raw_os_error(),
            _ => None,
        };
        Err(number.map_or_else(
            || PyRuntimeError::new_err(failure.message().to_owned()),
            |number| io::Error::from_raw_os_error(number).into(),
        ))
    }
}

fn seconds(grace: f64) -> Duration {
    Duration::try_from_secs_f64(grace).unwrap_or(if grace > 0.0 { Duration::MAX } else { Duration::ZERO })
}

/// The far end of a command that this process forks.
#[pyclass(module = "bgjobs._core")]
pub(crate) struct Supervisor {
    /// None once the command is attended to, and in the fork.
    supervisor: Option<bgjobs::Supervisor>,
    alarm: Option<PipeReader>,
}

#[pymethods]
impl Supervisor {
    /// Receives what the program has handed over.
    #[new]
    fn new() -> PyResult<Self> {
        Ok(Self { supervisor: Some(bgjobs::Supervisor::receive()?), alarm: None })
    }

    /// In the fork: reports that it has started, and closes its copy.
    fn leave(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.report_start(std::process::id());
        }
    }

    /// A descriptor: what is written there ends the command.
    fn alarm(&mut self) -> PyResult<RawFd> {
        let (reader, writer) = io::pipe()?;
        self.alarm = Some(reader);
        Ok(writer.into_raw_fd())
    }

    /// Attends to the command, a fork of this process, until it and its descendants have ended.
    fn attend(&mut self, process: u32) {
        if let (Some(supervisor), Some(alarm)) = (self.supervisor.take(), self.alarm.take()) {
            supervisor.attend(process, alarm.into());
        }
    }
}

/// Supervises the command with these words, or keeps the job that the environment names, and ends this process with it.
#[pyfunction]
pub(crate) fn supervise(words: Vec<OsString>) {
    #[cfg(target_os = "linux")]
    crate::kept::keep_if_asked();
    bgjobs::supervise_command(words);
}
