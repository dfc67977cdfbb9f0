//! Attends to a command until it and its descendants end: in a supervisor's process, or on a thread instead.
//!
//! Knows nothing of jobs, and leaves the program's orders to `ending.rs`.

use std::{
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::CommandExt},
    },
    process::Command,
    sync::Arc,
    thread,
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, ioctl_tiocsctty, kill_process_group},
    termios::{isatty, tcsetpgrp},
};

use crate::command::{
    descendants::{Descendants, Reach},
    ending::Listener,
    protocol::{Message, tell},
    served::{Served, handle_keys},
};

/// How a command is attended to.
#[derive(Debug)]
pub(crate) struct Attention {
    pub(crate) control: UnixStream,
    /// Becomes readable when the program is gone, as `control` does.
    pub(crate) program: Option<OwnedFd>,
    /// Each becomes readable when the command is to end.
    pub(crate) alarms: Vec<OwnedFd>,
    /// How many milliseconds the command has to end when the program is gone.
    pub(crate) grace: u32,
    pub(crate) reach: Reach,
}

impl Attention {
    /// Runs a command until it ends, and ends it when the program says so or is gone.
    ///
    /// `fds` are its input, its outputs, and the near end of its terminal if it has one.
    pub(crate) fn run(self, mut command: Command, fds: Vec<OwnedFd>) {
        let mut fds = fds.into_iter();
        let (Some(input), Some(out), Some(err)) = (fds.next(), fds.next(), fds.next()) else { return };
        // The near end stays open here, so the terminal does not hang up when the program ends, which would end this
        // process.
        let near = fds.next();
        let terminal = near.as_ref().and_then(|_| out.try_clone().ok().filter(|out| ioctl_tiocsctty(out).is_ok()));
        let has_keyboard = terminal.is_some() && isatty(&input);
        if has_keyboard {
            handle_keys();
        }
        command.stdin(input).stdout(out).stderr(err).process_group(0);
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                // The standard library itself refuses a zero in a word.
                let number = error.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error());
                return tell(&self.control, Message::NotStarted(number));
            }
        };
        // Its copies of the command's pipes would keep those open.
        drop(command);
        let leader = Pid::from_child(&child);
        if let Some(terminal) = &terminal {
            // If the command used the terminal before owning it, the system has suspended it.
            let _ = tcsetpgrp(terminal, leader);
            let _ = kill_process_group(leader, Signal::CONT);
        }
        tell(&self.control, Message::Started(child.id()));
        self.watch_on(leader, terminal.filter(|_| has_keyboard).map(|terminal| Served::new(terminal, leader)));
    }

    /// Attends to a process that this one has started and that leads a process group.
    pub(crate) fn watch(self, leader: Pid) {
        self.watch_on(leader, None);
    }

    /// Attends to such a process, whose user may leave its terminal and come back.
    fn watch_on(self, leader: Pid, served: Option<Served>) {
        let Self { control, program, alarms, grace, reach } = self;
        let control = Arc::new(control);
        let descendants = Arc::new(Descendants::new(leader, reach, served));
        let listener = Listener::new(Arc::clone(&descendants), Arc::clone(&control), program, alarms, grace);
        if thread::Builder::new().name("bgjobs command".into()).spawn(|| listener.run()).is_err() {
            descendants.kill();
        }
        descendants.wait_for(|message| tell(&control, message));
        // This ends the listener, and tells the reader that nothing is left.
        let _ = control.shutdown(std::net::Shutdown::Both);
    }
}
