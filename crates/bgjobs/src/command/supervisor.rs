//! The process between the program and a command, which outlives the program until it has ended the command and its
//! descendants.
//!
//! Knows nothing of jobs, nor how a command is ended.
//!
//! It is the program's own executable, started again; [`supervise`] is where it branches off. It leads its own session,
//! so the terminal's Ctrl-C does not reach it, and it is a "child subreaper": a descendant that loses its parent becomes
//! its child, whatever group or session it has moved to. So all descendants of the command stay below it.
//! The socket that is its standard input closes when the program ends, no matter how.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    path::PathBuf,
    process::{Command, Stdio, exit},
    sync::OnceLock,
};

use rustix::{
    io::{FdFlags, fcntl_setfd},
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg},
    process::{Pid, setsid},
};

use crate::{
    command::{
        descendants::Reach,
        protocol::{Message, tell},
        supervision::Attention,
    },
    system::file_limit,
};

/// Tells the executable that it runs as a supervisor, and at which of its arguments the command begins.
const VARIABLE: &str = "BGJOBS_SUPERVISOR";

/// The words that start a supervisor, and whether they are this executable alone, which can show any name.
static STARTED_BY: OnceLock<(Vec<OsString>, bool)> = OnceLock::new();

/// Runs a supervisor if this process was started as one; otherwise, lets this executable be started again.
pub(crate) fn supervise() {
    if let Some(at) = env::var_os(VARIABLE) {
        let at = at.to_str().and_then(|at| at.parse().ok()).unwrap_or(1);
        supervise_command(env::args_os().skip(at));
    }
    // By then the file may hold another version; the link always leads to the running one.
    let link = |own| if cfg!(target_os = "linux") { PathBuf::from("/proc/self/exe") } else { own };
    let own = env::current_exe().map(link);
    if let Ok(own) = own {
        let _ = STARTED_BY.set((vec![own.into()], true));
    }
}

/// Sets the program that supervises commands: one that calls [`supervise`](crate::supervise), followed by the arguments
/// it needs.
///
/// This is for code without its own `main`, such as an extension of an interpreter. Of all calls to this and to
/// [`supervise`](crate::supervise) in a process, only the first counts.
///
/// # Panics
///
/// If `words` is empty.
///
/// ```
/// bgjobs::supervise_by(["/usr/lib/editor/supervisor"]);
/// ```
pub fn supervise_by<W: Into<OsString>>(words: impl IntoIterator<Item = W>) {
    let words: Vec<_> = words.into_iter().map(Into::into).collect();
    assert!(!words.is_empty(), "a supervisor needs a program");
    let _ = STARTED_BY.set((words, false));
}

/// Returns the command that starts this executable again, called `name` if it is free to choose; `None` if supervision is
/// not set up.
pub(crate) fn again(name: &str) -> Option<Command> {
    let (words, is_own) = STARTED_BY.get()?;
    let mut starter = Command::new(&words[0]);
    if *is_own {
        starter.arg0(name);
    }
    starter.args(&words[1..]);
    file_limit::tell(&mut starter);
    Some(starter)
}

/// Whether commands have supervisors, because the program has called [`supervise`](crate::supervise) or
/// [`supervise_by`].
#[must_use]
pub fn is_supervising() -> bool {
    STARTED_BY.get().is_some()
}

/// Returns the command that starts a supervisor for `program`, to which the caller appends the program's arguments;
/// `None` if supervision is not set up.
pub(crate) fn starter(program: &OsStr) -> Option<Command> {
    let mut starter = again("bgjobs-supervisor")?;
    let at = starter.get_args().count() + 1;
    starter.arg(program).env(VARIABLE, at.to_string());
    starter.stdout(Stdio::null()).stderr(Stdio::null());
    Some(starter)
}

/// Supervises the command whose program and arguments are `words`, and ends this process with it; its standard input is
/// the socket from [`HostedCommand::open`](crate::HostedCommand::open).
///
/// ```no_run
/// bgjobs::supervise_command(std::env::args_os().skip(1));
/// ```
pub fn supervise_command(words: impl IntoIterator<Item = OsString>) -> ! {
    exit(serve(words.into_iter()))
}

/// Runs a supervisor from start to end; returns its exit status.
fn serve(mut words: impl Iterator<Item = OsString>) -> i32 {
    let Some(program) = words.next() else { return 125 };
    // It fails for a process that already leads a group, which has then left the terminal's.
    let _ = setsid();
    let Ok((mut attention, fds)) = receive() else { return 125 };
    attention.alarms.extend(shutdown());
    let mut command = Command::new(program);
    command.args(words).env_remove(VARIABLE);
    file_limit::put_back(&mut command);
    attention.run(command, fds);
    0
}

/// A supervisor whose host forks the command itself, instead of starting a program.
///
/// The fork makes a process group of its own, reports its start and drops its copy of this; the host then gives up its own
/// standard output and error, and attends to the fork.
#[derive(Debug)]
pub struct Supervisor(Attention);

impl Supervisor {
    /// Receives what the program has handed over; this process's standard input is the socket from
    /// [`HostedCommand::open_for_fork`](crate::HostedCommand::open_for_fork).
    ///
    /// # Errors
    ///
    /// The system's, and an early end of the socket if the program has ended meanwhile.
    pub fn receive() -> io::Result<Self> {
        Ok(Self(receive()?.0))
    }

    /// Reports that the command has started, as the process with this ID.
    pub fn report_start(&self, process: u32) {
        tell(&self.0.control, Message::Started(process));
    }

    /// Attends to the command, a child of this process, until it and its descendants have ended; ends them when the
    /// program says so or is gone, and when `alarm` becomes readable.
    pub fn attend(mut self, process: u32, alarm: OwnedFd) {
        self.0.alarms.push(alarm);
        if let Some(leader) = Pid::from_raw(process.cast_signed()) {
            self.0.watch(leader);
        }
    }
}

/// Receives what the program sends first: the grace period, and the command's input, outputs and, if it gets a terminal,
/// the near end of that.
fn receive() -> io::Result<(Attention, Vec<OwnedFd>)> {
    let control = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut grace = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(&control, &mut [IoSliceMut::new(&mut grace)], &mut ancillary, RecvFlags::empty())?;
    let rights = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    let fds: Vec<_> = rights.flatten().collect();
    for fd in &fds {
        fcntl_setfd(fd, FdFlags::CLOEXEC)?;
    }
    // A program that has ended meanwhile sends nothing.
    if received.bytes < grace.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let (program, alarms) = (program(), Vec::new());
    Ok((Attention { control, program, alarms, grace: u32::from_le_bytes(grace), reach: everything() }, fds))
}

/// A descriptor that becomes readable when the program ends, even if a fork of it holds the other end of the socket.
#[cfg(target_os = "linux")]
fn program() -> Option<OwnedFd> {
    use rustix::process::{PidfdFlags, getppid, pidfd_open};
    pidfd_open(getppid()?, PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn program() -> Option<OwnedFd> {
    None
}

/// A descriptor that becomes readable at SIGTERM, which a logout or a shutdown sends to every process: the command ends as
/// if the program had, and its end is told. The command itself gets the default action again.
fn shutdown() -> Option<OwnedFd> {
    let (near, far) = UnixStream::pair().ok()?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGTERM, far).ok()?;
    Some(near.into())
}

/// The widest reach a supervisor can have on this system.
#[cfg(target_os = "linux")]
fn everything() -> Reach {
    let subreaper = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    if subreaper.is_ok() { Reach::Everything } else { Reach::Group }
}

#[cfg(not(target_os = "linux"))]
fn everything() -> Reach {
    Reach::Group
}
