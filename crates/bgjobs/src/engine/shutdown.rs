//! The end of a manager.
//!
//! Knows nothing of what causes it.

use crate::{
    engine::{Engine, table::List, waiting::WaitRequest},
    record::{Core, Shared, id::JobId, state::State, stop::StopReason},
    system::sync::lock,
};

/// A shutdown waits in rounds, because jobs may start jobs: each round waits for the jobs that the one before found.
impl Engine {
    /// Waits for the non-daemon jobs, apart from `except`, and closes the engine.
    pub(crate) fn shut_down(&self, except: Option<JobId>) {
        let mut excepted = Vec::from_iter(except);
        self.leave();
        while let Some(awaited) = self.close_unless_awaited(&excepted) {
            for record in awaited {
                if except.is_some() && record.core().life.state() == State::Queued {
                    // It may be queued for the very thread that runs this shutdown.
                    self.ask_stop(&record, &StopReason::ShutDown);
                } else if self.wait(&WaitRequest::end_of(record.core())).is_err() {
                    // It waits for the job that runs this shutdown: neither would ever end.
                    excepted.push(record.core().id());
                }
            }
        }
    }

    /// Lets paused jobs start: they would be waited for, with nobody left to resume them.
    pub(crate) fn leave(&self) {
        let actions = lock(&self.ledger).schedule.leave();
        self.carry_out(actions);
    }

    /// Returns the non-daemon jobs that have not ended, apart from `excepted`. If there are none, closes the engine to
    /// new jobs, settles those that have not started, lets the idle workers end, and returns `None`.
    pub(crate) fn close_unless_awaited(&self, excepted: &[JobId]) -> Option<Vec<Shared>> {
        let mut ledger = lock(&self.ledger);
        let left: Vec<_> = ledger.table.list(List::Running).cloned().collect();
        let is_awaited = |core: &Core| !core.daemon && !excepted.contains(&core.id());
        let awaited: Vec<_> = left.iter().filter(|record| is_awaited(record.core())).cloned().collect();
        if !awaited.is_empty() {
            // The lock goes first: what is dropped may hold user values.
            drop(ledger);
            return Some(awaited);
        }
        ledger.open = false;
        let wakers = ledger.completions.take_wakers();
        drop(ledger);
        self.end_posted.notify_all();
        for waker in wakers {
            self.swallow(|| waker.wake());
        }
        self.wake_clock();
        // The newest first: one that follows an older job would be stopped for that one's sake.
        for record in left.iter().rev().filter(|record| record.core().daemon) {
            self.ask_stop(record, &StopReason::ShutDown);
        }
        drop(self.workers.close());
        None
    }

    /// Empties the table.
    pub(crate) fn forget_all(&self) {
        let mut ledger = lock(&self.ledger);
        ledger.forgotten = true;
        let all = ledger.table.take_all();
        drop(ledger);
        drop(all);
    }
}
