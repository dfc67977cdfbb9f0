//! The process that stands between the program and a command, and outlives the program as long as it takes to end
//! the command with all that came of it.
//!
//! It knows nothing of jobs: it hears one order, and tells how the command ended.
//!
//! It is the program's own executable, started again; [`supervise`] is where it turns off. It leads a session of its
//! own, so the terminal's Ctrl-C does not reach it, and is a "child subreaper": what loses its parent becomes its
//! child, wherever that has moved. So all that came of the command is always below it.
//! The socket which is its standard input ends with the program, however that ends.

use std::{
    env,
    ffi::OsString,
    io::{self, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{Child, Command, Stdio, exit},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::Duration,
};

use rustix::{
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg},
    process::{
        Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, WaitOptions, ioctl_tiocsctty, kill_process_group, setsid,
        wait, waitid,
    },
    termios::tcsetpgrp,
};

/// Says to the executable that it is started as a supervisor, and at which of its arguments the command begins.
const VARIABLE: &str = "BGJOBS_SUPERVISOR";

/// The order to end the command with all that came of it.
pub(crate) const END: u8 = b'e';

/// The word that nothing can come of the command any more, which has ended, as far as its outputs tell.
pub(crate) const RELEASE: u8 = b'r';

/// How long a kill that did not help is waited for before the next, at first and at most.
const PAUSE: [Duration; 2] = [Duration::from_millis(1), Duration::from_secs(1)];

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
    let own = if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { env::current_exe() };
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

/// What starts a supervisor for a command that is appended to its arguments; none if nobody said how.
pub(crate) fn starter() -> Option<Command> {
    let (words, name) = STARTED_BY.get()?;
    let mut starter = Command::new(&words[0]);
    if let Some(name) = name {
        starter.arg0(name);
    }
    starter.args(&words[1..]).env(VARIABLE, words.len().to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    Some(starter)
}

/// What is told of a command: a letter and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It has started, as the process of that number.
    Started(u32),
    /// It could not be started, for the reason that the system has under that number.
    NotStarted(i32),
    /// It has ended by itself, with that status.
    Ended(i32),
    /// It has ended with that status after it was asked to.
    EndedAsAsked(i32),
}

impl News {
    pub(crate) const SIZE: usize = 5;

    pub(crate) fn to_bytes(self) -> [u8; Self::SIZE] {
        let (letter, number) = match self {
            Self::Started(id) => (b'p', id.cast_signed()),
            Self::NotStarted(error) => (b'n', error),
            Self::Ended(status) => (b'e', status),
            Self::EndedAsAsked(status) => (b'a', status),
        };
        let [a, b, c, d] = number.to_le_bytes();
        [letter, a, b, c, d]
    }

    pub(crate) fn from_bytes([letter, number @ ..]: [u8; Self::SIZE]) -> Option<Self> {
        let number = i32::from_le_bytes(number);
        match letter {
            b'p' => Some(Self::Started(number.cast_unsigned())),
            b'n' => Some(Self::NotStarted(number)),
            b'e' => Some(Self::Ended(number)),
            b'a' => Some(Self::EndedAsAsked(number)),
            _ => None,
        }
    }
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
    let received = recvmsg(control, &mut [IoSliceMut::new(&mut grace)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let rights = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    let fds: Vec<_> = rights.flatten().collect();
    // A program that has ended meanwhile sends nothing.
    if received.bytes < grace.len() || fds.len() < 3 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((Duration::from_millis(u64::from_le_bytes(grace)), fds))
}

/// Which processes a signal reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All that came of this process; needs Linux, and a process of its own.
    #[cfg(target_os = "linux")]
    Everything,
    /// The command's process group.
    Group,
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

/// Runs a command to its end, and ends it when `control` says so or is at its end.
///
/// `fds` are its input, its outputs and the near side of its terminal, if it has one.
pub(crate) fn attend(mut command: Command, fds: Vec<OwnedFd>, grace: Duration, control: UnixStream, reach: Reach) {
    let control = Arc::new(control);
    let tell = |news: News| drop((&*control).write_all(&news.to_bytes()));
    let mut fds = fds.into_iter();
    let (Some(input), Some(out), Some(err)) = (fds.next(), fds.next(), fds.next()) else { return };
    // The near side stays open here, so that the terminal does not hang up, which would end this process, when the
    // program ends.
    let near = fds.next();
    let terminal = near.as_ref().and_then(|_| out.try_clone().ok().filter(|out| ioctl_tiocsctty(out).is_ok()));
    command.stdin(input).stdout(out).stderr(err).process_group(0);
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return tell(News::NotStarted(error.raw_os_error().unwrap_or_default())),
    };
    // What it holds of the command's pipes would keep them open.
    drop(command);
    let leader = Pid::from_child(&child);
    if let Some(terminal) = terminal {
        // It may have asked the terminal for something before the terminal was its own, which stops it.
        let _ = tcsetpgrp(terminal, leader);
        let _ = kill_process_group(leader, Signal::CONT);
    }
    tell(News::Started(child.id()));
    let tree = Arc::new(Tree { leader, reach, ending: Mutex::default(), changed: Condvar::new() });
    let (heard, ending) = (Arc::clone(&control), Arc::clone(&tree));
    let listener = move || {
        let mut order = [0];
        // The end of the program means the same as the order to end.
        match (&*heard).read(&mut order) {
            Ok(1) if order == [RELEASE] => ending.release(),
            _ => ending.end(grace),
        }
    };
    if thread::Builder::new().name("bgjobs command".into()).spawn(listener).is_err() {
        tree.signal(Signal::KILL);
    }
    tree.wait_for(child, tell);
    // The listener hears it, and whoever reads knows that nothing is left.
    let _ = control.shutdown(std::net::Shutdown::Both);
}

/// The status as the system calls that came before `waitid` give it.
fn raw(status: WaitIdStatus) -> i32 {
    /// Beside the signal: it left a dump of its memory.
    const DUMPED: i32 = 0x80;
    let signal = status.terminating_signal().unwrap_or(0);
    status.exit_status().map_or(signal | if status.dumped() { DUMPED } else { 0 }, |code| (code & 0xff) << 8)
}

/// A command with all that came of it.
struct Tree {
    leader: Pid,
    reach: Reach,
    ending: Mutex<Ending>,
    /// Tells of each change.
    changed: Condvar,
}

#[derive(Default)]
struct Ending {
    asked: bool,
    released: bool,
    /// Whether the group's number may be another's by now.
    over: bool,
}

impl Tree {
    /// Waits until nothing is left that is reached, and tells how the command itself ended.
    fn wait_for(&self, child: Child, tell: impl Fn(News)) {
        let ended = |status, asked| tell(if asked { News::EndedAsAsked(status) } else { News::Ended(status) });
        match self.reach {
            #[cfg(target_os = "linux")]
            Reach::Everything => {
                let mut told = false;
                // It takes in the orphans too, and fails when there is nobody left.
                while let Ok(Some((id, status))) = rustix::io::retry_on_intr(|| wait(WaitOptions::empty())) {
                    if id == self.leader && !std::mem::replace(&mut told, true) {
                        ended(status.as_raw(), self.lock().asked);
                    }
                }
                drop(child);
            }
            Reach::Group => self.wait_for_leader(child, ended),
        }
    }

    fn wait_for_leader(&self, mut child: Child, ended: impl Fn(i32, bool)) {
        // Until it is asked for its status the number of the group is nobody else's.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let status = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(self.leader), options));
        let status = status.ok().flatten().map_or(0, raw);
        let asked = self.lock().asked;
        ended(status, asked);
        let is_held = |ending: &mut Ending| !ending.asked && !ending.released;
        let mut ending = self.changed.wait_while(self.lock(), is_held).unwrap_or_else(PoisonError::into_inner);
        if ending.asked {
            self.signal(Signal::KILL);
        }
        let _ = child.wait();
        ending.over = true;
        self.changed.notify_all();
    }

    fn release(&self) {
        self.lock().released = true;
        self.changed.notify_all();
    }

    /// Asks all to end, and after `grace` kills until nothing is left.
    fn end(&self, grace: Duration) {
        let mut ending = self.lock();
        ending.asked = true;
        self.changed.notify_all();
        let [mut pause, longest] = PAUSE;
        let mut wait = grace;
        let mut signals = &[Signal::TERM, Signal::CONT][..];
        while !ending.over {
            // What was suspended hears nothing before it goes on.
            for &signal in signals {
                self.signal(signal);
            }
            signals = &[Signal::KILL];
            ending = self.changed.wait_timeout(ending, wait).unwrap_or_else(PoisonError::into_inner).0;
            wait = pause;
            pause = (pause * 2).min(longest);
        }
    }

    /// Sends a signal to all that it reaches; what has ended, or is not ours to signal, is left.
    fn signal(&self, signal: Signal) {
        match self.reach {
            #[cfg(target_os = "linux")]
            Reach::Everything => {
                for id in crate::process::ids_below(std::process::id()) {
                    if let Some(id) = Pid::from_raw(id.cast_signed()) {
                        let _ = rustix::process::kill_process(id, signal);
                    }
                }
            }
            Reach::Group => drop(kill_process_group(self.leader, signal)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ending> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
