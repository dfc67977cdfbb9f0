//! Waiting for the end of a job, or for a while; a job that waits lends its place in its group.
//!
//! Knows nothing of how a job ends.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    engine::Engine,
    error::WaitError,
    joins::Joiner,
    log::{Log, LogCursor},
    record::{AnyRecord, Core, Key},
    spin::spin,
    sync::{Parker, deadline_after, has_passed, lock},
    wait::{Signal, Waiter},
};

/// Waiting.
impl Engine {
    /// Waits until `record` has ended; `hearing` is the job that waits and wants to hear its own stop, with its engine,
    /// which may be another; `following` ends the wait at a line of a log, too, that is not read yet.
    pub(crate) fn wait(
        &self,
        record: &dyn AnyRecord,
        timeout: Option<Duration>,
        hearing: Option<(&Core, &Self)>,
        following: Option<(&Log, LogCursor)>,
    ) -> Result<(), WaitError> {
        let core = record.core();
        let is_here =
            || core.life.state().is_finished() || following.is_some_and(|(log, cursor)| log.len() > cursor.line());
        if is_here() {
            return Ok(());
        }
        let current = self.current();
        if current.is_some_and(|current| current.key == core.key()) {
            return Err(WaitError::Itself(core.id()));
        }
        let deadline = deadline_after(timeout);
        let is_over = || is_here() || hearing.is_some_and(|(own, _)| own.life.is_stopping());
        let began = Instant::now();
        let waited = || if is_here() { Ok(()) } else { Self::in_vain(core, began, hearing) };
        if has_passed(deadline) || spin(is_over) {
            return waited();
        }
        // With a deadline even a ring of joins ends.
        let joiner = current.filter(|_| deadline.is_none());
        if let Some(joiner) = joiner {
            lock(&self.ledger).joins.begin(joiner, vec![Joiner::of(core)]).map_err(WaitError::Ring)?;
        }
        let lender = self.lend(std::iter::once(core), 1);
        let parker = Parker::new();
        let stop =
            hearing.map(|(own, engine)| engine.waits.register(own, Signal::Stop, Waiter::Thread(Arc::clone(&parker))));
        let end = self.waits.register(core, Signal::End, Waiter::Thread(Arc::clone(&parker)));
        if let Some((log, _)) = following {
            log.wake(&parker);
        }
        if core.life.await_end() {
            while !is_over() && parker.park(deadline) {}
        }
        if let Some((log, _)) = following {
            log.leave_alone(&parker);
        }
        self.waits.unregister(end);
        if let Some((stop, (_, engine))) = stop.zip(hearing) {
            engine.waits.unregister(stop);
        }
        if let Some(joiner) = joiner {
            lock(&self.ledger).joins.end(joiner.key);
        }
        let waited = waited();
        if let Some(lender) = lender {
            self.take_back(lender, waited.is_err());
        }
        waited
    }

    /// Why a wait is over that waited in vain.
    fn in_vain(core: &Core, began: Instant, hearing: Option<(&Core, &Self)>) -> Result<(), WaitError> {
        if let Some((own, _)) = hearing {
            own.check().map_err(WaitError::Stopped)?;
        }
        Err(WaitError::TimedOut { after: began.elapsed(), running: vec![core.id()] })
    }

    /// Lets a body sleep for `time`, or until it is asked to stop.
    pub(crate) fn sleep(&self, core: &Core, time: Duration) {
        let deadline = deadline_after(Some(time));
        let parker = Parker::new();
        let ticket = self.waits.register(core, Signal::Stop, Waiter::Thread(Arc::clone(&parker)));
        while !core.life.is_stopping() && parker.park(deadline) {}
        self.waits.unregister(ticket);
    }
}

/// Lending.
impl Engine {
    /// Lends the place in its group of the job that runs on this thread, if it has one, until `needed` of `targets` have
    /// ended; whoever calls gives what it returns to [`take_back`](Self::take_back).
    pub(crate) fn lend<'a>(&self, targets: impl Iterator<Item = &'a Core>, needed: usize) -> Option<Key> {
        let job = self.current_with_place()?;
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
        let steps = ledger.schedule.lend(job, open, needed)?;
        drop(ledger);
        self.carry_out(steps);
        Some(job)
    }

    /// Waits until a job that lent its place has it back; at once if it waited `in_vain` or is asked to stop.
    pub(crate) fn take_back(&self, job: Key, in_vain: bool) {
        let mut ledger = lock(&self.ledger);
        if ledger.schedule.take_back(job, in_vain) {
            return;
        }
        let Some(record) = ledger.record(job) else {
            // It is in no table any more, so it has lost its manager, and is in nobody's way.
            ledger.schedule.take_back(job, true);
            return;
        };
        drop(ledger);
        let (core, parker) = (record.core(), Parker::new());
        let tickets = [Signal::Place, Signal::Stop]
            .map(|signal| self.waits.register(core, signal, Waiter::Thread(Arc::clone(&parker))));
        while !lock(&self.ledger).schedule.take_back(job, core.life.is_stopping()) {
            parker.park(None);
        }
        for ticket in tickets {
            self.waits.unregister(ticket);
        }
    }
}
