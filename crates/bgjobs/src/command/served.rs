//! A terminal that a command shares with a user, who may leave it and come back.
//!
//! Knows nothing of orders and of how the command ends.

#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::{
    os::fd::OwnedFd,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use nix::sys::signal::SigSet;
use rustix::{
    process::{Pid, Signal, getpgrp, kill_process_group},
    termios::{tcgetpgrp, tcsetpgrp},
};

use signal_hook::{
    consts::{SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU},
    flag,
};

#[cfg(target_os = "linux")]
use crate::command::awaits;
use crate::command::protocol::Message;

/// Lets a command that is started next obey the keys and the terminal, even if this process was started to ignore them: what
/// is handled here has its usual effect there, and what is ignored would stay so.
pub(crate) fn handle_keys() {
    let handled = Arc::<AtomicBool>::default();
    for signal in [SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU] {
        // Where this fails, the command is as it would have been.
        let _ = flag::register(signal, Arc::clone(&handled));
    }
}

/// The terminal of a command that a supervisor attends to; it is the controlling terminal of both.
#[derive(Debug)]
pub(crate) struct Served {
    terminal: OwnedFd,
    leader: Pid,
    /// Whether the command was suspended since its user left.
    suspended: Mutex<bool>,
    /// Notified when it is.
    changed: Condvar,
}

/// How long it may take to suspend a command. One that waits for a fork of it to become another program can't be suspended.
const PATIENCE: Duration = Duration::from_millis(300);

impl Served {
    pub(crate) fn new(terminal: OwnedFd, leader: Pid) -> Self {
        Self { terminal, leader, suspended: Mutex::default(), changed: Condvar::new() }
    }

    /// What it means that the command was suspended by a signal.
    pub(crate) fn suspended(&self, signal: Signal) -> Option<Message> {
        *self.lock() = true;
        self.changed.notify_all();
        let is_served = tcgetpgrp(&self.terminal).is_ok_and(|group| group == self.leader);
        match signal {
            Signal::TSTP if is_served => {
                // First, or it would read on.
                self.put_in_foreground(getpgrp());
                self.resume();
                Some(Message::GaveUpKeyboard)
            }
            Signal::STOP if is_served => {
                self.put_in_foreground(getpgrp());
                Some(Message::GaveUpKeyboard)
            }
            // It used the terminal before it had it.
            Signal::TTIN | Signal::TTOU if is_served => {
                self.resume();
                None
            }
            Signal::TTIN | Signal::TTOU => Some(Message::WantsKeyboard),
            _ => None,
        }
    }

    /// Lets the command have the terminal; a program that fills the screen paints it anew.
    pub(crate) fn serve(&self) {
        self.put_in_foreground(self.leader);
        self.resume();
        let _ = kill_process_group(self.leader, Signal::WINCH);
    }

    /// Takes the terminal away and suspends the command, so that a read that has begun begins again when it
    /// [goes on](Self::resume).
    pub(crate) fn leave(&self) {
        *self.lock() = false;
        self.put_in_foreground(getpgrp());
        let _ = kill_process_group(self.leader, Signal::STOP);
    }

    /// Waits until [`suspended`](Self::suspended) is called, or for a moment.
    pub(crate) fn wait_until_suspended(&self) {
        drop(self.changed.wait_timeout_while(self.lock(), PATIENCE, |suspended| !*suspended));
    }

    /// Whether one of these processes waits for what the user types, and for nothing else.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_awaited(&self, mut processes: impl Iterator<Item = u32>) -> bool {
        let fd = usize::try_from(self.terminal.as_raw_fd()).unwrap_or_default();
        let terminal = awaits::file_of(std::process::id(), fd);
        terminal.is_some_and(|terminal| processes.any(|process| awaits::awaits_alone(process, &terminal)))
    }

    pub(crate) fn resume(&self) {
        let _ = kill_process_group(self.leader, Signal::CONT);
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.suspended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put_in_foreground(&self, group: Pid) {
        // Unless this is blocked, the system refuses a process in the background.
        let mut blocked = SigSet::empty();
        blocked.add(nix::sys::signal::SIGTTOU);
        let _ = blocked.thread_block();
        let _ = tcsetpgrp(&self.terminal, group);
    }
}
