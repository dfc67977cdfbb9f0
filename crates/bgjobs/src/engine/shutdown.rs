//! The end of a manager.
//!
//! Knows nothing of what causes it.

use crate::{
    engine::{Engine, table::List, waiting::WaitRequest},
    record::{Core, Shared, id::JobId, state::State, stop::StopReason},
    system::sync::lock,
};

impl Engine {
    /// Waits for the non-daemon jobs, apart from `except`; then closes the engine to new jobs, settles those that have
    /// not started, and lets the idle workers end.
    pub(crate) fn shut_down(&self, except: Option<JobId>) {
        let mut excepted = Vec::from_iter(except);
        // Paused jobs would be waited for, with nobody left to resume them.
        let actions = lock(&self.ledger).schedule.leave();
        self.carry_out(actions);
        let left: Vec<Shared> = loop {
            let mut ledger = lock(&self.ledger);
            let running: Vec<_> = ledger.table.list(List::Running).cloned().collect();
            let is_awaited = |core: &Core| !core.daemon && !excepted.contains(&core.id());
            let awaited: Vec<_> = running.iter().filter(|record| is_awaited(record.core())).cloned().collect();
            if awaited.is_empty() {
                ledger.open = false;
                break running;
            }
            drop(ledger);
            for record in awaited {
                if except.is_some() && record.core().life.state() == State::Queued {
                    // It may be queued for the very thread that runs this shutdown.
                    self.ask_stop(&record, &StopReason::ShutDown);
                } else if self.wait(&WaitRequest::end_of(record.core())).is_err() {
                    // It waits for the job that runs this shutdown: neither would ever end.
                    excepted.push(record.core().id());
                }
            }
        };
        self.end_posted.notify_all();
        self.wake_clock();
        // The newest first: one that follows an older job would be stopped for that one's sake.
        for record in left.iter().rev().filter(|record| record.core().daemon) {
            self.ask_stop(record, &StopReason::ShutDown);
        }
        drop(self.workers.close());
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
