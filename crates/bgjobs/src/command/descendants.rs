//! A command with its descendants: the wait for their end, and the signals that reach them.
//!
//! Knows nothing of orders: it reports how the command ended.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rustix::{
    io::retry_on_intr,
    process::{
        Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, WaitOptions, kill_process, kill_process_group, waitid,
        waitpid,
    },
};

#[cfg(target_os = "linux")]
use rustix::process::wait;

#[cfg(target_os = "linux")]
use crate::command::tree;
use crate::command::{protocol::Message, served::Served};

/// How often it is looked whether a command comes to wait for its terminal, and how long it takes in between.
const LOOKS: usize = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Which processes a signal reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All descendants of this process; needs Linux and a separate process.
    #[cfg(target_os = "linux")]
    Everything,
    /// The command's process group.
    Group,
}

/// Converts a status to the form that `wait` returns.
fn raw(status: WaitIdStatus) -> i32 {
    /// The bit beside the signal: the process dumped its core.
    const DUMPED: i32 = 0x80;
    let signal = status.terminating_signal().unwrap_or(0);
    status.exit_status().map_or(signal | if status.dumped() { DUMPED } else { 0 }, |code| (code & 0xff) << 8)
}

/// A command with its descendants.
pub(crate) struct Descendants {
    leader: Pid,
    reach: Reach,
    /// The terminal that the command shares with a user, if it does.
    served: Option<Served>,
    state: Mutex<State>,
    /// Notified at each change of the state.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    asked: bool,
    released: bool,
    left: Left,
}

/// What is left within reach.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Left {
    #[default]
    Leader,
    /// Only others: the leader's ID may have been reused by now.
    Others,
    Nothing,
}

impl State {
    fn is_reaped(&self) -> bool {
        self.left != Left::Leader
    }
}

impl Descendants {
    pub(crate) fn new(leader: Pid, reach: Reach, served: Option<Served>) -> Self {
        Self { leader, reach, served, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits until no process within reach is left, and reports how the command itself ended.
    pub(crate) fn wait_for(&self, tell: impl Fn(Message)) {
        let ended = |status, asked| tell(if asked { Message::EndedAsAsked(status) } else { Message::Ended(status) });
        match self.reach {
            #[cfg(target_os = "linux")]
            Reach::Everything => {
                let options = if self.served.is_some() { WaitOptions::UNTRACED } else { WaitOptions::empty() };
                // This also collects orphans, and fails when no child is left.
                while let Ok(Some((id, status))) = retry_on_intr(|| self.wait_for_child(options)) {
                    if id == self.leader && status.stopped() {
                        self.note_suspended(status.stopping_signal(), &tell);
                    } else if id == self.leader {
                        let mut state = self.lock();
                        let (is_first, asked) = (!state.is_reaped(), state.asked);
                        state.left = Left::Others;
                        drop(state);
                        if is_first {
                            ended(status.as_raw(), asked);
                        }
                    }
                }
            }
            Reach::Group => self.wait_for_leader(ended, &tell),
        }
        self.lock().left = Left::Nothing;
        self.changed.notify_all();
    }

    /// Waits for a child to end, or to stop if `options` ask for it; `None` if only keepers of jobs that outlive the
    /// program are left.
    #[cfg(target_os = "linux")]
    fn wait_for_child(&self, options: WaitOptions) -> rustix::io::Result<Option<(Pid, rustix::process::WaitStatus)>> {
        // Only then is a look at all processes worth its time.
        if self.lock().is_reaped() {
            let at_once = WaitOptions::NOHANG | options;
            if let ended @ Some(_) = wait(at_once)? {
                return Ok(ended);
            }
            if tree::programs_below(std::process::id()).next().is_none() {
                // If no child has ended since, none has left a process behind that the look could miss.
                return wait(at_once);
            }
        }
        wait(options)
    }

    /// Tells that the command was suspended, if that concerns its terminal.
    fn note_suspended(&self, signal: Option<i32>, tell: &impl Fn(Message)) {
        let signal = signal.and_then(Signal::from_named_raw);
        if let Some(message) = self.served.as_ref().zip(signal).and_then(|(served, signal)| served.suspended(signal)) {
            tell(message);
        }
    }

    /// Lets the command have its terminal again.
    pub(crate) fn serve(&self) {
        let state = self.lock();
        if let Some(served) = self.served.as_ref().filter(|_| !state.is_reaped()) {
            served.serve();
        }
    }

    /// Takes the terminal away from the command, which goes on until it reads; true if it already waits for something to
    /// read, and for nothing else.
    pub(crate) fn leave(&self) -> bool {
        let Some(served) = &self.served else { return false };
        let while_it_lives = |act: fn(&Served)| {
            let state = self.lock();
            if !state.is_reaped() {
                act(served);
            }
        };
        while_it_lives(Served::leave);
        served.wait_until_suspended();
        let awaits = self.awaits(served);
        while_it_lives(Served::resume);
        awaits
    }

    /// Whether the command, which goes on without its terminal, comes to wait for it within a moment: it may have been
    /// suspended while it painted.
    pub(crate) fn comes_to_wait(&self) -> bool {
        let Some(served) = &self.served else { return false };
        (0..LOOKS).any(|_| {
            thread::sleep(BETWEEN_LOOKS);
            !self.lock().is_reaped() && self.awaits(served)
        })
    }

    fn awaits(&self, served: &Served) -> bool {
        match self.reach {
            #[cfg(target_os = "linux")]
            Reach::Everything => served.is_awaited(tree::programs_below(std::process::id()).map(|(id, _)| id)),
            Reach::Group => false,
        }
    }

    fn wait_for_leader(&self, ended: impl Fn(i32, bool), tell: &impl Fn(Message)) {
        let wait_for = |options| retry_on_intr(|| waitid(WaitId::Pid(self.leader), options)).ok().flatten();
        let suspended = if self.served.is_some() { WaitIdOptions::STOPPED } else { WaitIdOptions::empty() };
        // The group's ID can't be reused before the status is collected.
        let mut status = wait_for(WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | suspended);
        while let Some(signal) = status.as_ref().and_then(WaitIdStatus::stopping_signal) {
            let _ = wait_for(suspended);
            self.note_suspended(Some(signal), tell);
            status = wait_for(WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | suspended);
        }
        let status = status.map_or(0, raw);
        let asked = self.lock().asked;
        ended(status, asked);
        let is_held = |state: &mut State| !state.asked && !state.released;
        let mut state = self.changed.wait_while(self.lock(), is_held).unwrap_or_else(PoisonError::into_inner);
        if state.asked {
            self.signal_group(&[Signal::KILL]);
        }
        let _ = retry_on_intr(|| waitpid(Some(self.leader), WaitOptions::empty()));
        state.left = Left::Others;
    }

    /// Whether nothing within reach is left.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().left == Left::Nothing
    }

    /// Waits until that is so, for `limit` at most.
    pub(crate) fn wait_until_over(&self, limit: Duration) {
        drop(self.changed.wait_timeout_while(self.lock(), limit, |state| state.left != Left::Nothing));
    }

    /// Notes that from now on the command ends because it was asked to.
    pub(crate) fn note_asked(&self) {
        self.lock().asked = true;
        self.changed.notify_all();
    }

    /// Gives up the group's ID, which only `Reach::Group` uses.
    pub(crate) fn release(&self) {
        self.lock().released = true;
        self.changed.notify_all();
    }

    /// Does to the command what Ctrl-C at a terminal does.
    pub(crate) fn interrupt(&self) {
        let state = self.lock();
        // A fork leads no group at first.
        if !state.is_reaped() && kill_process_group(self.leader, Signal::INT).is_err() {
            let _ = kill_process(self.leader, Signal::INT);
        }
    }

    pub(crate) fn kill(&self) {
        self.signal(&[Signal::KILL], |_| true);
    }

    /// Signals all processes within reach that are `due`, except those that have ended or may not be signalled.
    pub(crate) fn signal(&self, signals: &[Signal], mut due: impl FnMut((u32, u64)) -> bool) {
        match self.reach {
            #[cfg(target_os = "linux")]
            Reach::Everything => {
                let due = tree::programs_below(std::process::id()).filter(|&program| due(program));
                for id in due.filter_map(|(id, _)| Pid::from_raw(id.cast_signed())) {
                    for &signal in signals {
                        let _ = kill_process(id, signal);
                    }
                }
            }
            Reach::Group => {
                let state = self.lock();
                if !state.is_reaped() && due((0, 0)) {
                    self.signal_group(signals);
                }
            }
        }
    }

    /// The caller holds the lock, so the group's ID is not reused meanwhile.
    fn signal_group(&self, signals: &[Signal]) {
        for &signal in signals {
            let _ = kill_process_group(self.leader, signal);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
