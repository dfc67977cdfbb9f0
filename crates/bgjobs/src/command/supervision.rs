//! Attends to a command and its descendants until they end: in a supervisor's process, or on a thread instead.
//!
//! Knows nothing of jobs: it takes one order, and reports how the command ended.

use std::{
    collections::HashSet,
    io::{Read, Write},
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{Child, Command},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    io::retry_on_intr,
    process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, ioctl_tiocsctty, kill_process_group, waitid},
    termios::tcsetpgrp,
};

#[cfg(target_os = "linux")]
use rustix::process::{WaitOptions, wait};

use crate::command::protocol::{Message, RELEASE};
#[cfg(target_os = "linux")]
use crate::command::tree;

/// The pause between kills while processes remain: the first, and the longest.
const PAUSE: [Duration; 2] = [Duration::from_millis(1), Duration::from_secs(1)];

/// Which processes a signal reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All descendants of this process; needs Linux and a separate process.
    #[cfg(target_os = "linux")]
    Everything,
    /// The command's process group.
    Group,
}

/// Runs a command until it ends, and ends it when `control` says so or closes.
///
/// `fds` are its input, its outputs, and the near end of its terminal if it has one.
pub(crate) fn attend(mut command: Command, fds: Vec<OwnedFd>, grace: Duration, control: UnixStream, reach: Reach) {
    let control = Arc::new(control);
    let tell = |message: Message| drop((&*control).write_all(&message.to_bytes()));
    let mut fds = fds.into_iter();
    let (Some(input), Some(out), Some(err)) = (fds.next(), fds.next(), fds.next()) else { return };
    // The near end stays open here, so the terminal does not hang up when the program ends, which would end this
    // process.
    let near = fds.next();
    let terminal = near.as_ref().and_then(|_| out.try_clone().ok().filter(|out| ioctl_tiocsctty(out).is_ok()));
    command.stdin(input).stdout(out).stderr(err).process_group(0);
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return tell(Message::NotStarted(error.raw_os_error().unwrap_or_default())),
    };
    // Its copies of the command's pipes would keep those open.
    drop(command);
    let leader = Pid::from_child(&child);
    if let Some(terminal) = terminal {
        // If the command used the terminal before owning it, the system has suspended it.
        let _ = tcsetpgrp(terminal, leader);
        let _ = kill_process_group(leader, Signal::CONT);
    }
    tell(Message::Started(child.id()));
    let tree = Arc::new(Tree { leader, reach, ending: Mutex::default(), changed: Condvar::new() });
    let (orders, ending) = (Arc::clone(&control), Arc::clone(&tree));
    let listener = move || {
        let mut order = [0];
        while let Ok(1) = (&*orders).read(&mut order)
            && order == [RELEASE]
        {
            ending.release();
        }
        // The end of the program counts as the order to end.
        ending.end(grace);
    };
    if thread::Builder::new().name("bgjobs command".into()).spawn(listener).is_err() {
        tree.kill();
    }
    tree.wait_for(child, tell);
    // This ends the listener, and tells the reader that nothing is left.
    let _ = control.shutdown(std::net::Shutdown::Both);
}

/// Converts a status to the form that `wait` returns.
fn raw(status: WaitIdStatus) -> i32 {
    /// The bit beside the signal: the process dumped its core.
    const DUMPED: i32 = 0x80;
    let signal = status.terminating_signal().unwrap_or(0);
    status.exit_status().map_or(signal | if status.dumped() { DUMPED } else { 0 }, |code| (code & 0xff) << 8)
}

/// A command with its descendants.
struct Tree {
    leader: Pid,
    reach: Reach,
    ending: Mutex<Ending>,
    /// Notified at each change of `ending`.
    changed: Condvar,
}

#[derive(Default)]
struct Ending {
    asked: bool,
    released: bool,
    /// Whether the group's ID may have been reused by now.
    over: bool,
}

impl Tree {
    /// Waits until no process within reach is left, and reports how the command itself ended.
    fn wait_for(&self, child: Child, tell: impl Fn(Message)) {
        let ended = |status, asked| tell(if asked { Message::EndedAsAsked(status) } else { Message::Ended(status) });
        match self.reach {
            #[cfg(target_os = "linux")]
            Reach::Everything => {
                let mut is_reported = false;
                // This also collects orphans, and fails when no child is left.
                while let Ok(Some((id, status))) = retry_on_intr(|| wait(WaitOptions::empty())) {
                    if id == self.leader && !std::mem::replace(&mut is_reported, true) {
                        ended(status.as_raw(), self.lock().asked);
                    }
                }
                drop(child);
            }
            Reach::Group => self.wait_for_leader(child, ended),
        }
    }

    fn wait_for_leader(&self, mut child: Child, ended: impl Fn(i32, bool)) {
        // The group's ID can't be reused before the status is collected.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let status = retry_on_intr(|| waitid(WaitId::Pid(self.leader), options));
        let status = status.ok().flatten().map_or(0, raw);
        let asked = self.lock().asked;
        ended(status, asked);
        let is_held = |ending: &mut Ending| !ending.asked && !ending.released;
        let mut ending = self.changed.wait_while(self.lock(), is_held).unwrap_or_else(PoisonError::into_inner);
        if ending.asked {
            self.kill();
        }
        let _ = child.wait();
        ending.over = true;
        self.changed.notify_all();
    }

    /// Gives up the group's ID, which only `Reach::Group` uses.
    fn release(&self) {
        self.lock().released = true;
        self.changed.notify_all();
    }

    /// Asks all processes to end, and after `grace` kills them until none is left.
    fn end(&self, grace: Duration) {
        let mut ending = self.lock();
        ending.asked = true;
        self.changed.notify_all();
        let [shortest, longest] = PAUSE;
        let (asked_at, mut asked, mut pause) = (Instant::now(), HashSet::new(), shortest);
        while !ending.over {
            let left = grace.saturating_sub(asked_at.elapsed());
            if left.is_zero() {
                self.kill();
            } else {
                // Repeated, because a process forked in the meantime has not been asked, and a shell's fork forgets a
                // pending request when it becomes another program. A suspended process notices nothing until it continues.
                self.signal(&[Signal::TERM, Signal::CONT], |program| asked.insert(program));
            }
            let wait = if left.is_zero() { pause } else { pause.min(left) };
            ending = self.changed.wait_timeout(ending, wait).unwrap_or_else(PoisonError::into_inner).0;
            pause = if pause == wait { (pause * 2).min(longest) } else { shortest };
        }
    }

    fn kill(&self) {
        self.signal(&[Signal::KILL], |_| true);
    }

    /// Signals all processes within reach that are `due`, except those that have ended or may not be signalled.
    fn signal(&self, signals: &[Signal], mut due: impl FnMut((u32, u64)) -> bool) {
        match self.reach {
            #[cfg(target_os = "linux")]
            Reach::Everything => {
                let due = tree::programs_below(std::process::id()).filter(|&program| due(program));
                for id in due.filter_map(|(id, _)| Pid::from_raw(id.cast_signed())) {
                    for &signal in signals {
                        let _ = rustix::process::kill_process(id, signal);
                    }
                }
            }
            Reach::Group if due((0, 0)) => {
                for &signal in signals {
                    let _ = kill_process_group(self.leader, signal);
                }
            }
            Reach::Group => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ending> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
