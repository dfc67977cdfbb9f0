//! The process that stands between the program and a command, and outlives the program as long as it takes to end
//! the command with all that came of it.
//!
//! It knows nothing of jobs, and not how a command is ended.
//!
//! It is the program's own executable, started again; [`supervise`] is where it turns off. It leads a session of its
//! own, so the terminal's Ctrl-C does not reach it, and is a "child subreaper": what loses its parent becomes its
//! child, wherever that has moved. So all that came of the command is always below it.
//! The socket which is its standard input ends with the program, however that ends.

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
    time::Duration,
};

use rustix::{
    io::{FdFlags, fcntl_setfd},
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg},
    process::setsid,
};

use crate::command::supervision::{Reach, attend};

/// Says to the executable that it is started as a supervisor, and at which of its arguments the command begins.
const VARIABLE: &str = "BGJOBS_SUPERVISOR";

/// The words that start a supervisor, and the name it goes by.
static STARTED_BY: OnceLock<(Vec<OsString>, Option<&str>)> = OnceLock::new();

/// Makes the program one that can supervise its commands; to be called first of all in `main`.
///
/// From then on each [`Command`](crate::Command) has a supervisor: a small process that ends the command, and all
/// that came of it, when the job is stopped and when this program ends, were it by SIGKILL.
/// The supervisor is this very executable, started again with a variable in its environment, and in it this function
/// does not return: what stands before it in `main` runs in every supervisor too.
///
/// Without a call of this or of [`supervise_by`] commands run without supervisor; what that means
/// [`Command`](crate::Command) says.
///
/// ```no_run
/// use bgjobs::{Command, JobManager};
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     bgjobs::supervise();
///     let jobs = JobManager::new();
///     let make = jobs.start(Command::shell("make -j2"))?;
///     make.join()?;
///     Ok(())
/// }
/// ```
pub fn supervise() {
    if let Some(at) = env::var_os(VARIABLE) {
        exit(serve(at.to_str().and_then(|at| at.parse().ok()).unwrap_or(1)));
    }
    // What a file of that name holds by then may be another version; the link is always to what runs.
    let link = |own| if cfg!(target_os = "linux") { PathBuf::from("/proc/self/exe") } else { own };
    let own = env::current_exe().map(link);
    if let Ok(own) = own {
        let _ = STARTED_BY.set((vec![own.into()], Some("bgjobs-supervisor")));
    }
}

/// Names the program that supervises commands: one that calls [`supervise`], with the arguments that it needs.
///
/// It is for code that is not the program's `main`, such as an extension of an interpreter. The first call in a
/// process counts, be it this or [`supervise`].
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
    assert!(!words.is_empty(), "a supervisor is a program and its arguments");
    let _ = STARTED_BY.set((words, None));
}

/// The command that starts a supervisor for `program`, whose arguments are to be appended; none if supervision is off.
pub(crate) fn starter(program: &OsStr) -> Option<Command> {
    let (words, name) = STARTED_BY.get()?;
    let mut starter = Command::new(&words[0]);
    if let Some(name) = name {
        starter.arg0(name);
    }
    starter.args(&words[1..]).arg(program).env(VARIABLE, words.len().to_string());
    starter.stdout(Stdio::null()).stderr(Stdio::null());
    Some(starter)
}

/// The whole life of a supervisor; returns what it exits with.
fn serve(command_at: usize) -> i32 {
    let mut words = env::args_os().skip(command_at);
    let control = io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from);
    let (Some(program), Ok(control)) = (words.next(), control) else { return 125 };
    // It fails for who leads a group already, and has left the terminal's then.
    let _ = setsid();
    let Ok((grace, fds)) = receive(&control) else { return 125 };
    let mut command = Command::new(program);
    command.args(words).env_remove(VARIABLE);
    attend(command, fds, grace, control, everything());
    0
}

/// What the program sends first: the grace, and the command's input, outputs and, if it is to be on one, the near side
/// of its terminal.
fn receive(control: &UnixStream) -> io::Result<(Duration, Vec<OwnedFd>)> {
    let mut grace = [0; 8];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(control, &mut [IoSliceMut::new(&mut grace)], &mut ancillary, RecvFlags::empty())?;
    let rights = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    let fds: Vec<_> = rights.flatten().collect();
    for fd in &fds {
        fcntl_setfd(fd, FdFlags::CLOEXEC)?;
    }
    // A program that has ended meanwhile sends nothing.
    if received.bytes < grace.len() || fds.len() < 3 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((Duration::from_millis(u64::from_le_bytes(grace)), fds))
}

/// The farthest reach of a supervisor on this system.
#[cfg(target_os = "linux")]
fn everything() -> Reach {
    let subreaper = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    if subreaper.is_ok() { Reach::Everything } else { Reach::Group }
}

#[cfg(not(target_os = "linux"))]
fn everything() -> Reach {
    Reach::Group
}
