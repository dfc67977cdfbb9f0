//! Waiting for the end of a job, or for some time; a job that waits for another lends its slot in its group.
//!
//! Knows nothing of how a job ends.

use std::time::{Duration, Instant};

use crate::{
    engine::{Engine, wait_graph::Node, waiters::Signal},
    error::WaitError,
    record::{
        Core, Key,
        log::{Log, cursor::LogCursor},
    },
    system::{
        spin::spin,
        sync::{Parker, deadline_after, has_passed, lock},
    },
};

/// A wait for the end of a job.
pub(crate) struct WaitRequest<'a> {
    /// The job whose end is awaited.
    pub(crate) target: &'a Core,
    /// How long to wait at most; `None` waits forever.
    pub(crate) timeout: Option<Duration>,
    /// The job that waits, and its engine, which may be another: a request to stop that job ends the wait.
    pub(crate) waiter: Option<(&'a Core, &'a Engine)>,
    /// A log: what a reader at the cursor has not seen also ends the wait.
    pub(crate) log: Option<(&'a Log, LogCursor)>,
}

impl<'a> WaitRequest<'a> {
    /// A wait that only the end of `target` ends.
    pub(crate) fn end_of(target: &'a Core) -> Self {
        Self { target, timeout: None, waiter: None, log: None }
    }

    /// Whether what is awaited has happened.
    fn is_met(&self) -> bool {
        self.target.life.state().is_finished() || self.log.is_some_and(|(log, cursor)| log.has_news(cursor))
    }

    /// Whether the wait is over: its condition is met, or the waiting job is asked to stop.
    fn is_over(&self) -> bool {
        self.is_met() || self.waiter.is_some_and(|(own, _)| own.life.is_stopping())
    }

    /// The result of a wait that is over or has timed out.
    fn result(&self, began: Instant) -> Result<(), WaitError> {
        if self.is_met() {
            return Ok(());
        }
        if let Some((own, _)) = self.waiter {
            own.check().map_err(WaitError::Stopped)?;
        }
        Err(WaitError::TimedOut { after: began.elapsed(), running: vec![self.target.id()] })
    }

    /// Sleeps until the wait is over or `deadline` has passed; each signal that may end the wait wakes this thread.
    fn sleep(&self, engine: &Engine, deadline: Option<Instant>) {
        let parker = Parker::new();
        let _end = engine.waiters.listen(self.target, Signal::End, &parker);
        let _stop = self.waiter.map(|(own, engine)| engine.waiters.listen(own, Signal::Stop, &parker));
        let _news = self.log.map(|(log, _)| log.listen(&parker));
        if self.target.life.await_end() {
            while !self.is_over() && parker.park(deadline) {}
        }
    }
}

/// Waiting.
impl Engine {
    /// Waits as `request` says.
    pub(crate) fn wait(&self, request: &WaitRequest<'_>) -> Result<(), WaitError> {
        if request.is_met() {
            return Ok(());
        }
        let target = request.target;
        let current = self.current();
        if current.is_some_and(|current| current.key == target.key()) {
            return Err(WaitError::Itself(target.id()));
        }
        let deadline = deadline_after(request.timeout);
        let began = Instant::now();
        if has_passed(deadline) || spin(|| request.is_over()) {
            return request.result(began);
        }
        self.check_wait(target)?;
        // With a deadline, even a ring of waits ends.
        let node = current.filter(|_| deadline.is_none());
        if let Some(node) = node {
            lock(&self.ledger).wait_graph.begin(node, vec![Node::of(target)]).map_err(WaitError::Ring)?;
        }
        let lender = self.lend(std::iter::once(target), 1);
        request.sleep(self, deadline);
        if let Some(node) = node {
            lock(&self.ledger).wait_graph.end(node.key);
        }
        let result = request.result(began);
        if let Some(lender) = lender {
            self.take_back(lender, result.is_err());
        }
        result
    }

    /// Lets a body sleep for `time`, or until it is asked to stop.
    pub(crate) fn sleep(&self, core: &Core, time: Duration) {
        let deadline = deadline_after(Some(time));
        let parker = Parker::new();
        let _stop = self.waiters.listen(core, Signal::Stop, &parker);
        while !core.life.is_stopping() && parker.park(deadline) {}
    }
}

/// Lending.
impl Engine {
    /// Lends the slot of the job that runs on this thread, if it holds one, until `needed` of `targets` have ended; the
    /// caller then passes the key it gets to [`take_back`](Self::take_back).
    pub(crate) fn lend<'a>(&self, targets: impl Iterator<Item = &'a Core>, needed: usize) -> Option<Key> {
        let job = self.current_with_slot()?;
        if self.is_forked() {
            // The slots stayed in the parent.
            return None;
        }
        self.lend_slot_of(job, targets, needed)
    }

    /// Lends the slot of `job`, if it holds one, as [`lend`](Self::lend) does.
    pub(crate) fn lend_slot_of<'a>(
        &self,
        job: Key,
        targets: impl Iterator<Item = &'a Core>,
        needed: usize,
    ) -> Option<Key> {
        let mut ledger = lock(&self.ledger);
        let (mut open, mut needed) = (Vec::new(), needed);
        for core in targets {
            if core.life.state().is_finished() {
                needed = needed.checked_sub(1).filter(|&needed| needed > 0)?;
            } else if core.key() != job {
                core.life.watch();
                open.push(core.key());
            }
        }
        let actions = ledger.schedule.lend(job, open, needed)?;
        drop(ledger);
        self.carry_out(actions);
        Some(job)
    }

    /// Waits until a job has back the slot that it lent; it does not wait if its own wait was `in_vain` or it is asked
    /// to stop.
    pub(crate) fn take_back(&self, job: Key, in_vain: bool) {
        let mut ledger = lock(&self.ledger);
        if ledger.schedule.take_back(job, in_vain) {
            return;
        }
        let Some(record) = ledger.record(job) else {
            // It has left the table, so its manager is gone, and nothing else competes for the slot.
            ledger.schedule.take_back(job, true);
            return;
        };
        drop(ledger);
        let (core, parker) = (record.core(), Parker::new());
        let _signals = [Signal::Slot, Signal::Stop].map(|signal| self.waiters.listen(core, signal, &parker));
        while !lock(&self.ledger).schedule.take_back(job, core.life.is_stopping()) {
            parker.park(None);
        }
    }
}
