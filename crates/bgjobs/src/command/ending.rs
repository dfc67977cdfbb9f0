//! Carries out the program's orders: signals to a command and its descendants, until none is left.
//!
//! Knows nothing of how the command was started.

use std::{
    collections::HashSet,
    io::Read,
    os::{fd::OwnedFd, unix::net::UnixStream},
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::Signal,
};

use crate::command::{
    descendants::Descendants,
    protocol::{Message, Order, SIZE, tell},
};

/// The pause between signals while processes remain: the first, and the longest.
const PAUSE: [Duration; 2] = [Duration::from_millis(1), Duration::from_secs(1)];

/// Hears the program, and ends the command with its descendants when it says so or is gone.
pub(crate) struct Listener {
    descendants: Arc<Descendants>,
    control: Arc<UnixStream>,
    /// Becomes readable when the program is gone; none once the command outlives it.
    program: Option<OwnedFd>,
    /// Each becomes readable when the command is to end.
    alarms: Vec<OwnedFd>,
    /// How many milliseconds they have to end when the program is gone.
    grace: u32,
    /// The start of an order whose rest has not arrived.
    partial: Vec<u8>,
    is_program_gone: bool,
    plan: Option<Plan>,
}

/// How they are ended.
struct Plan {
    kill_at: Instant,
    /// Whether every process is asked to end before that.
    asks: bool,
    asked: HashSet<(u32, u64)>,
    pause: Duration,
}

impl Listener {
    pub(crate) fn new(
        descendants: Arc<Descendants>,
        control: Arc<UnixStream>,
        program: Option<OwnedFd>,
        alarms: Vec<OwnedFd>,
        grace: u32,
    ) -> Self {
        Self { descendants, control, program, alarms, grace, partial: Vec::new(), is_program_gone: false, plan: None }
    }

    /// Returns when nothing is left.
    pub(crate) fn run(mut self) {
        while !self.descendants.is_over() {
            let pause = self.plan.as_mut().map(|plan| plan.carry_out(&self.descendants));
            if self.is_program_gone {
                self.descendants.wait_until_over(pause.unwrap_or(PAUSE[1]));
            } else {
                self.hear(pause);
            }
        }
    }

    /// Waits for an order, for `pause` at most, and takes it.
    fn hear(&mut self, pause: Option<Duration>) {
        let mut fds = vec![PollFd::new(&*self.control, PollFlags::IN)];
        fds.extend(self.alarms.iter().chain(&self.program).map(|alarm| PollFd::new(alarm, PollFlags::IN)));
        let timeout = pause.and_then(|pause| Timespec::try_from(pause).ok());
        // It fails when a signal interrupts it; then nothing is ready.
        if !poll(&mut fds, timeout.as_ref()).is_ok_and(|ready| ready > 0) {
            return;
        }
        let is_ready: Vec<_> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let (is_heard, alarms) = (is_ready[0], is_ready[1..].split_at(self.alarms.len()));
        let mut bytes = [0; 4 * SIZE];
        let read = if is_heard { (&*self.control).read(&mut bytes).unwrap_or(0) } else { 0 };
        self.partial.extend_from_slice(&bytes[..read]);
        while let Some((&order, rest)) = self.partial.split_first_chunk() {
            self.partial = rest.to_vec();
            self.take(Order::from_bytes(order));
        }
        // The program's last order may have been to outlive it.
        let is_orphan = alarms.1.contains(&true) && self.program.is_some();
        if alarms.0.contains(&true) || is_orphan || is_heard && read == 0 {
            self.is_program_gone = true;
            self.take(Order::End(self.grace));
        }
    }

    fn take(&mut self, order: Order) {
        let grace = match order {
            Order::Release => return self.descendants.release(),
            Order::Serve => return self.descendants.serve(),
            Order::Leave => {
                let awaits = self.descendants.leave();
                tell(&self.control, Message::GaveUpKeyboard);
                if awaits || self.descendants.comes_to_wait() {
                    tell(&self.control, Message::WantsKeyboard);
                }
                return;
            }
            Order::Keep => {
                self.program = None;
                #[cfg(target_os = "linux")]
                // A supervisor above spares a process of this name.
                let _ = std::fs::write("/proc/self/comm", crate::command::tree::KEEPER.to_bytes());
                return tell(&self.control, Message::Kept);
            }
            Order::End(grace) | Order::Interrupt(grace) => grace,
        };
        self.descendants.note_asked();
        if matches!(order, Order::Interrupt(1..)) {
            self.descendants.interrupt();
        }
        let kill_at = Instant::now() + Duration::from_millis(grace.into());
        let plan =
            self.plan.get_or_insert_with(|| Plan { kill_at, asks: false, asked: HashSet::new(), pause: PAUSE[0] });
        plan.kill_at = plan.kill_at.min(kill_at);
        plan.asks |= matches!(order, Order::End(_));
    }
}

impl Plan {
    /// Signals what is due now; returns when to do so again.
    fn carry_out(&mut self, descendants: &Descendants) -> Duration {
        let [shortest, longest] = PAUSE;
        let left = self.kill_at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            descendants.kill();
        } else if self.asks {
            // Repeated, because a process forked in the meantime has not been asked, and a shell's fork forgets a
            // pending request when it becomes another program. A suspended process notices nothing until it continues.
            descendants.signal(&[Signal::TERM, Signal::CONT], |program| self.asked.insert(program));
        } else {
            return left;
        }
        let pause = if left.is_zero() { self.pause } else { self.pause.min(left) };
        self.pause = if self.pause == pause { (pause * 2).min(longest) } else { shortest };
        pause
    }
}
