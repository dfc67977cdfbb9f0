//! Lets a command in the foreground have the user's terminal: `!vi notes`.
//!
//! Knows nothing of what the command does. The command has a terminal of its own; what it prints there is shown as it is, and
//! what the user types goes there key by key.

use std::{
    io::{self, PipeReader, Read, Write, pipe},
    os::unix::net::UnixStream,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use bgjobs::{Command, CommandError, Context, Failure, Keyboard, KeyboardEvent, TerminalSize};
use crossterm::event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::{consts::SIGWINCH, low_level};

use crate::{
    foreground::Stopper,
    keys,
    screen::Screen,
    terminal::{self, RawMode},
};

/// What a job that wants the keyboard says.
pub(crate) const WANTS: &str = "waits for the terminal";

/// How soon it is tried again to type what the command's terminal did not take.
const RETRY: Duration = Duration::from_millis(10);

/// The console that the user sees.
static SERVED: Mutex<Option<Arc<Console>>> = Mutex::new(None);

/// The user's terminal, as one command has it.
pub(crate) struct Console {
    keyboard: Keyboard,
    shown: Mutex<Shown>,
    standing: Arc<Standing>,
}

/// What the command shows.
#[derive(Default)]
struct Shown {
    screen: Screen,
    /// Whether the user sees it.
    is_seen: bool,
}

/// How the command stands with its keyboard.
#[derive(Default)]
struct Standing {
    context: OnceLock<Context>,
    /// Whether it has just given the keyboard up.
    gave_up: AtomicBool,
    /// Whether it wants the keyboard, until that was told.
    wants: Mutex<bool>,
}

impl Console {
    /// Creates the console of one command; `stopper` sends it to the background when it gives up the keyboard.
    pub(crate) fn new(stopper: Stopper) -> Arc<Self> {
        let standing = Arc::<Standing>::default();
        let told = Arc::clone(&standing);
        let keyboard = Keyboard::new(move |event| {
            if event == KeyboardEvent::Wanted {
                return told.want();
            }
            told.gave_up.store(true, Ordering::Relaxed);
            stopper.send_to_background();
        });
        Arc::new(Self { keyboard, shown: Mutex::default(), standing })
    }

    /// Runs a command as the body of a job.
    pub(crate) fn run(&self, command: Command, context: &Context) -> Result<(), Failure> {
        let _ = self.standing.context.set(context.clone());
        let command = command.terminal(size()).input(self.keyboard.clone());
        let status = command.run_alone(context, |stream, text| {
            let mut shown = self.lock();
            let for_log = shown.screen.take(text);
            if shown.is_seen {
                show(text);
            }
            drop(shown);
            context.log().write(stream, &for_log);
            Ok(())
        })?;
        if status.success() { Ok(()) } else { Err(Failure::from_error(CommandError::Ended(status))) }
    }

    /// Lets the command have the terminal while `wait` waits for it, and first what was typed ahead; also returns what was
    /// typed and not read.
    ///
    /// Afterwards the terminal is as it was, however the command has ended.
    pub(crate) fn serve<T>(
        self: &Arc<Self>,
        typed_ahead: Vec<u8>,
        wait: impl FnOnce() -> T,
    ) -> io::Result<(T, Vec<u8>)> {
        let raw = RawMode::enter(false)?;
        self.standing.be_served();
        self.appear();
        self.keyboard.resize(size());
        self.keyboard.serve();
        let (end, stop) = pipe()?;
        let waited = thread::scope(|scope| {
            let typing = scope.spawn(|| self.type_on(typed_ahead, &end));
            let waited = wait();
            drop(stop);
            let untyped = typing.join().unwrap_or_else(|_| Ok(Vec::new()));
            untyped.map(|untyped| (waited, untyped))
        });
        release();
        drop(raw);
        waited.map(|(waited, untyped)| (waited, [self.keyboard.take_unread(), untyped].concat()))
    }

    /// Types what was typed ahead and what the user types, and follows the size of the window, until `end` is closed; returns what the command's
    /// terminal did not take.
    fn type_on(&self, mut untyped: Vec<u8>, end: &PipeReader) -> io::Result<Vec<u8>> {
        let (mut resized, notify) = UnixStream::pair()?;
        resized.set_nonblocking(true)?;
        let listening = low_level::pipe::register(SIGWINCH, notify)?;
        let keyboard = rustix::stdio::stdin();
        untyped.extend(read_ahead()?);
        loop {
            let is_full = !untyped.is_empty();
            let mut fds = vec![PollFd::new(end, PollFlags::IN), PollFd::new(&resized, PollFlags::IN)];
            if !is_full {
                fds.push(PollFd::new(&keyboard, PollFlags::IN));
            }
            let retry = Timespec::try_from(RETRY).ok().filter(|_| is_full);
            // It fails when a signal interrupts it; then nothing is ready.
            let _ = poll(&mut fds, retry.as_ref());
            let ready: Vec<_> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
            if ready[0] {
                break;
            }
            if ready[1] {
                let _ = resized.read(&mut [0; 64]);
                self.keyboard.resize(size());
            }
            if ready.get(2) == Some(&true) {
                let mut bytes = [0; 256];
                let read = rustix::io::read(keyboard, &mut bytes)?;
                untyped.extend_from_slice(&bytes[..read]);
                if read == 0 {
                    break;
                }
            }
            let typed = self.keyboard.type_bytes(&untyped)?;
            untyped.drain(..typed);
        }
        low_level::unregister(listening);
        Ok(untyped)
    }

    fn appear(self: &Arc<Self>) {
        *served() = Some(Arc::clone(self));
        let mut shown = self.lock();
        show(&shown.screen.come_back());
        shown.is_seen = true;
    }

    fn disappear(&self) {
        let mut shown = self.lock();
        shown.is_seen = false;
        let key = if self.standing.gave_up.swap(false, Ordering::Relaxed) { "^Z" } else { "" };
        show(&shown.screen.leave(key));
    }

    /// Whether the command has begun to want its keyboard; told once.
    pub(crate) fn take_want(&self) -> bool {
        std::mem::take(&mut *self.standing.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Undoes what the command that has the terminal did to it, if there is one.
pub(crate) fn release() {
    if let Some(console) = served().take() {
        console.disappear();
    }
}

fn served() -> MutexGuard<'static, Option<Arc<Console>>> {
    SERVED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Standing {
    fn want(&self) {
        *self.lock() = true;
        self.context.get().inspect(|context| context.say(WANTS));
    }

    fn be_served(&self) {
        *self.lock() = false;
        self.context.get().inspect(|context| context.say(""));
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.wants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was typed ahead, and the line editor has read from the terminal with the line before it.
fn read_ahead() -> io::Result<Vec<u8>> {
    let mut keys = String::new();
    while event::poll(Duration::ZERO)? {
        keys.push_str(&keys::to_bytes(&event::read()?));
    }
    Ok(keys.into_bytes())
}

/// The size of the user's terminal.
fn size() -> TerminalSize {
    let (columns, rows) = terminal::size();
    TerminalSize { rows, columns }
}

/// Shows a text as it is.
fn show(text: &str) {
    let mut out = io::stdout().lock();
    // A terminal that is gone ends the shell otherwise.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
