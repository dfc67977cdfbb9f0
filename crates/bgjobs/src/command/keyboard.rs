//! The keyboard of a command's terminal, in the hand of the program that serves it.
//!
//! Knows nothing of how a command runs, nor of the program's own terminal.

use std::{
    fmt,
    io::{self, Read, Write},
    mem,
    os::{fd::OwnedFd, unix::net::UnixStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::Pid,
    termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcgetpgrp, tcsetattr},
};

use crate::command::{
    protocol::Order,
    terminal::{self, TerminalSize},
};

/// The most that is typed at once, in bytes: a terminal that is ready takes this much whole.
const MORSEL: usize = 256;

/// The keyboard of a command's terminal; a command gets it as its [`input`](crate::Command::input).
///
/// The command then reads from its terminal as from one that a user sits at: what is typed is echoed and edited as the
/// command asks for it, Ctrl-C interrupts, and a password prompt finds somebody to ask.
///
/// Ctrl-Z or Ctrl-\ gives up the keyboard: the command runs on, until it reads; then it is suspended, and goes on when it is
/// [served](Self::serve). The function that was passed to [`new`](Self::new) is told of both. A command that reads keys
/// itself, such as an editor, gets these too, and may give the keyboard up by suspending itself.
///
/// This needs [`supervise`](crate::supervise): without it a terminal belongs to the program itself.
/// Clones are the same keyboard. A command that is started again, as an attempt of a retry, takes it over.
///
/// ```
/// use bgjobs::{Command, JobManager, Keyboard, TerminalSize};
///
/// let jobs = JobManager::new();
/// let keyboard = Keyboard::new(|_| {});
/// let read = Command::shell("read answer; echo $answer").terminal(TerminalSize::default()).input(keyboard.clone());
/// let job = jobs.start(read)?;
/// let mut typed = 0;
/// while typed == 0 {
///     typed = keyboard.type_bytes(b"42\n")?;
/// }
/// job.join()?;
/// assert_eq!(job.log().tail(1)[0].text.trim_end(), "42");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Keyboard(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    tell: Box<dyn Fn(KeyboardEvent) + Send + Sync>,
}

/// What a command does with its keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyboardEvent {
    /// It gave the keyboard up, because of Ctrl-Z or by itself, and goes on without it.
    GivenUp,
    /// It reads from the keyboard, or changes the terminal's modes, and is suspended until it is
    /// [served](Keyboard::serve); or, on Linux, when it gave the keyboard up it already waited for a key and for nothing else.
    Wanted,
}

#[derive(Default)]
struct State {
    terminal: Option<Terminal>,
    /// The command's process, once it has the terminal: before, keys that send signals would reach its supervisor.
    leader: Option<Pid>,
    control: Option<Arc<UnixStream>>,
    /// What was typed and not read when the command ended.
    unread: Vec<u8>,
}

struct Terminal {
    near: OwnedFd,
    /// Keeps what was typed, even if nobody has the terminal open any more.
    far: OwnedFd,
}

impl Keyboard {
    /// Creates a keyboard; `tell` is called on the thread that attends to the command.
    pub fn new(tell: impl Fn(KeyboardEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared { state: Mutex::default(), tell: Box::new(tell) }))
    }

    /// Types as much as the terminal takes now, in bytes; nothing before the command has started or after its end.
    ///
    /// # Errors
    ///
    /// The system's, if the terminal is gone.
    pub fn type_bytes(&self, bytes: &[u8]) -> io::Result<usize> {
        let state = self.lock();
        let (Some(Terminal { near, .. }), Some(leader)) = (&state.terminal, state.leader) else { return Ok(0) };
        let keys = keys_that_give_up(near, leader);
        let bytes = match bytes.iter().position(|byte| keys.contains(byte)) {
            Some(0) => {
                state.order(Order::Leave);
                return Ok(1);
            }
            Some(before) => &bytes[..before],
            None => bytes,
        };
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let is_ready = poll(&mut [PollFd::new(near, PollFlags::OUT)], Some(&now)).is_ok_and(|ready| ready > 0);
        let morsel = if is_ready { &bytes[..bytes.len().min(MORSEL)] } else { &[] };
        Ok(rustix::io::write(near, morsel)?)
    }

    /// Gives the terminal another size.
    pub fn resize(&self, size: TerminalSize) {
        if let Some(Terminal { near, .. }) = &self.lock().terminal {
            // A terminal that is gone needs none.
            let _ = terminal::resize(near, size);
        }
    }

    /// Lets the command have its keyboard again: it may read, goes on if it is suspended, and paints its screen anew.
    pub fn serve(&self) {
        self.lock().order(Order::Serve);
    }

    /// What was typed and not read when the command ended; it can be taken once.
    #[must_use]
    pub fn take_unread(&self) -> Vec<u8> {
        mem::take(&mut self.lock().unread)
    }

    /// Connects the keyboard to a terminal that is just made.
    pub(crate) fn connect(&self, near: OwnedFd, far: OwnedFd) {
        *self.lock() = State { terminal: Some(Terminal { near, far }), ..State::default() };
    }

    /// From now on a supervisor hears that the command is served.
    pub(crate) fn supervised_by(&self, control: Arc<UnixStream>) {
        self.lock().control = Some(control);
    }

    /// From now on the command has the terminal, as this process.
    pub(crate) fn note_start(&self, leader: u32) {
        self.lock().leader = Pid::from_raw(leader.cast_signed());
    }

    pub(crate) fn tell(&self, event: KeyboardEvent) {
        (self.0.tell)(event);
    }

    /// Takes back what was not read, when the command has ended.
    pub(crate) fn disconnect(&self) {
        let mut state = self.lock();
        state.control = None;
        if let Some(Terminal { far, .. }) = state.terminal.take() {
            state.unread = unread(far).unwrap_or_default();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn order(&self, order: Order) {
        if let Some(mut control) = self.control.as_deref() {
            // A supervisor that is gone needs no order.
            let _ = control.write_all(&order.to_bytes());
        }
    }
}

/// The keys that give up the keyboard; none if the command reads keys itself, or lets another have the terminal.
fn keys_that_give_up(near: &OwnedFd, leader: Pid) -> Vec<u8> {
    let is_own = tcgetpgrp(near).is_ok_and(|group| group == leader);
    let modes = tcgetattr(near).ok().filter(|modes| is_own && modes.local_modes.contains(LocalModes::ISIG));
    let keys =
        modes.map(|modes| [SpecialCodeIndex::VSUSP, SpecialCodeIndex::VQUIT].map(|key| modes.special_codes[key]));
    keys.into_iter().flatten().filter(|&key| key != 0).collect()
}

/// All that waits to be read from a terminal, with or without a line's end.
fn unread(far: OwnedFd) -> io::Result<Vec<u8>> {
    let mut modes = tcgetattr(&far)?;
    modes.local_modes.remove(LocalModes::ICANON);
    modes.special_codes[SpecialCodeIndex::VMIN] = 0;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(&far, OptionalActions::Now, &modes)?;
    let mut bytes = Vec::new();
    std::fs::File::from(far).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl fmt::Debug for Keyboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keyboard").finish()
    }
}
