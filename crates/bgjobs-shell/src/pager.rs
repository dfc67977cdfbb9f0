//! The program that shows a long text page by page: `$PAGER`, or `less`.
//!
//! Knows nothing of the text. The program has the user's terminal, as with git: only such a text is worth no terminal of its own.

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{ChildStdin, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use bgjobs::Context;
use nix::sys::signal::{SigSet, Signal::SIGTTOU};
use rustix::{
    io::retry_on_intr,
    process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, getpgrp, kill_process_group, waitid},
    stdio::stdin,
    termios::{OptionalActions, Termios, tcgetattr, tcsetattr, tcsetpgrp},
};

use crate::environment::Environment;

/// It leaves what was shown on the screen, and shows colours; it ends by itself at a text that fits.
const DEFAULT: &str = "less -FRX";

/// The same for a `less` that the user names; other programs ignore it.
const LESS: (&str, &str) = ("LESS", "FRX");

/// The exit codes of the system's shell for a program that is not there, or that it can't start.
const NOT_STARTED: [i32; 2] = [126, 127];

/// The pager that the user sees, and how the terminal was before.
static SHOWN: Mutex<Option<(Pid, Option<Termios>)>> = Mutex::new(None);

/// A pager, as the user wants it.
pub(crate) struct Pager {
    line: String,
    environment: Environment,
}

impl Pager {
    /// That of an environment; none if `PAGER` is empty there, or not set where there is no `less`.
    pub(crate) fn of(environment: &Environment) -> Option<Self> {
        let default = || environment.has_program("less").then(|| DEFAULT.to_owned());
        let line = environment.variable("PAGER").or_else(default).filter(|line| !line.trim().is_empty())?;
        Some(Self { line, environment: environment.clone() })
    }

    /// Shows what `write` writes, until the user leaves it, by Ctrl-Z too, or the job is asked to stop; false if there is no
    /// such program.
    ///
    /// Afterwards the terminal is as it was.
    pub(crate) fn show(&self, context: &Context, write: impl FnOnce(ChildStdin) + Send) -> io::Result<bool> {
        let modes = tcgetattr(stdin()).ok();
        let mut child = self.command().spawn()?;
        let (process, text) = (Pid::from_child(&child), child.stdin.take());
        *shown() = Some((process, modes));
        let stop = context.on_stop(move || {
            let _ = kill_process_group(process, Signal::KILL);
        });
        serve(process);
        let end = thread::scope(|scope| {
            scope.spawn(|| text.map(write));
            let end = until_left(process);
            // Until it is collected, no other group has its ID.
            drop(stop);
            end
        });
        take_back();
        child.wait()?;
        if end.is_none() {
            // Ctrl-Z was echoed.
            let mut out = io::stdout().lock();
            out.write_all(b"\n").and_then(|()| out.flush())?;
        }
        Ok(end.is_none_or(|code| !NOT_STARTED.contains(&code)))
    }

    fn command(&self) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &self.line]).stdin(Stdio::piped()).process_group(0).current_dir(self.environment.folder());
        for (name, value) in self.environment.changed() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if self.environment.variable(LESS.0).is_none() {
            command.env(LESS.0, LESS.1);
        }
        command
    }
}

/// Ends the pager that has the terminal, if there is one, for an exit of the shell.
pub(crate) fn release() {
    if let Some(pager) = take_back() {
        let _ = kill_process_group(pager, Signal::KILL);
    }
}

/// Takes the terminal back from the pager that has it.
fn take_back() -> Option<Pid> {
    let (pager, modes) = shown().take()?;
    put_in_foreground(getpgrp());
    if let Some(modes) = modes {
        let _ = tcsetattr(stdin(), OptionalActions::Now, &modes);
    }
    Some(pager)
}

fn shown() -> MutexGuard<'static, Option<(Pid, Option<Termios>)>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until a process has ended, and returns its exit code; one that suspends itself, with its group, is killed, because
/// nobody could come back to it.
fn until_left(process: Pid) -> Option<i32> {
    let wait = |options| retry_on_intr(|| waitid(WaitId::Pid(process), options)).ok().flatten();
    let ends = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    loop {
        let status = wait(ends | WaitIdOptions::STOPPED)?;
        match status.stopping_signal().and_then(Signal::from_named_raw) {
            None => return WaitIdStatus::exit_status(&status),
            // It used the terminal before it had it.
            Some(Signal::TTIN | Signal::TTOU) => {
                let _ = wait(WaitIdOptions::STOPPED);
                serve(process);
            }
            Some(_) => {
                let _ = kill_process_group(process, Signal::KILL);
                let _ = wait(ends);
                return None;
            }
        }
    }
}

/// Gives a process group the terminal's keys.
fn put_in_foreground(group: Pid) {
    // Unless this is blocked, the system suspends a process that does so in the background.
    let mut blocked = SigSet::empty();
    blocked.add(SIGTTOU);
    let _ = blocked.thread_block();
    let _ = tcsetpgrp(stdin(), group);
}

/// Lets a process group have the terminal, and go on if it wanted it before.
fn serve(group: Pid) {
    put_in_foreground(group);
    let _ = kill_process_group(group, Signal::CONT);
}
