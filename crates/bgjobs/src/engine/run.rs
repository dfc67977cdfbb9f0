//! The run of a job, from its start to its end.
//!
//! Knows nothing of how a job gets its thread.
//!
//! # The order at a finish
//!
//! 1. The worker counts itself idle, so code that reacts to the result finds a free worker.
//! 2. Under the ledger's lock the job moves to its list, its end is posted to the completion feed, and its state is
//!    published.
//! 3. Without the lock, waiting threads are woken. If user code is due (wakers of futures, alarms, the destructor of a
//!    result that nothing else holds), the worker counts as busy while it runs.
//!
//! Step 2 gives two guarantees. A thread that has joined a job finds it in its next report, because the report takes
//! the lock after the end was posted. A subscriber that was notified of a job finds it finished, because the
//! notification takes the lock after the state was published.

use std::sync::Arc;

use crate::{
    engine::{
        CURRENT, Current, Engine, Ledger,
        callbacks::Callbacks,
        pool::workers::Worker,
        table::List,
        trace::{self, Origin},
        waiters::Signal,
    },
    record::{AnyRecord, Core, Record, Shared, failure::Failure, id::JobId, state::Outcome},
    system::{
        panic::{self, Quietly},
        platform::own_cpu_time,
        sync::{Ordering, lock},
    },
};

impl Engine {
    /// Runs a job's body from start to end, unless the job was settled before.
    pub(crate) fn run<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        record: Arc<Record<T>>,
        body: Quietly<impl FnOnce(&Arc<Record<T>>, &Arc<Self>) -> Result<T, Failure>>,
        origin: Origin,
        worker: &mut Worker,
    ) {
        let core = record.core();
        if !core.life.claim() {
            drop((record, body, origin));
            if self.workers.release(worker) {
                self.workers.grow_for_refused();
            }
            return;
        }
        let started = self.now();
        core.set_thread(worker.thread, worker.cpu_at(started, self.config.measure_cpu));
        core.life.start(started);
        trace::started(core, &origin);
        let watched = core.life.is_watched();
        if watched {
            self.note_begin(core.key(), started);
        }

        let current = Current { engine: self.address(), job: core.key(), id: core.id(), watched };
        CURRENT.with(|slot| slot.set(Some(current)));
        let in_job = || {
            let _inside = trace::enter(core, &origin);
            body.into_inner()(&record, self)
        };
        let result = panic::catch(in_job).unwrap_or_else(|panic| Err(Failure::panicked(panic)));
        CURRENT.with(|current| current.set(None));

        let used = if self.config.measure_cpu { own_cpu_time() } else { None };
        core.stop_cpu_clock(used);
        core.close_output();
        trace::ended(core, Some(origin), result.as_ref().err(), || self.now());
        let outcome = record.settle(result);
        let owes_growth = self.workers.release(worker);
        let callbacks = self.finish(record, outcome);
        if owes_growth {
            self.workers.grow_for_refused();
        }
        self.call(callbacks, Some(worker));
    }

    /// Starts a job whose body the host runs, unless the job was settled before.
    pub(crate) fn begin(&self, core: &Core, origin: &Origin) -> bool {
        let claimed = core.life.claim();
        if claimed {
            let now = self.now();
            core.life.start(now);
            trace::started(core, origin);
            if core.life.is_watched() {
                self.note_begin(core.key(), now);
            }
        }
        claimed
    }

    /// Ends a job whose body the host has run.
    pub(crate) fn end(&self, record: Arc<Record<()>>, origin: Origin, result: Result<(), Failure>) {
        record.core().close_output();
        trace::ended(record.core(), Some(origin), result.as_ref().err(), || self.now());
        let outcome = record.settle(result);
        self.call(self.finish(record, outcome), None);
    }

    /// Publishes the end of a job whose outcome is set; returns what is due then.
    #[must_use]
    pub(crate) fn finish(&self, record: Shared, outcome: Outcome) -> Option<Box<Callbacks>> {
        let now = self.now();
        let list = if outcome == Outcome::Done { List::Completed } else { List::Dead };
        let mut callbacks: Option<Box<Callbacks>> = None;
        let mut ledger = lock(&self.ledger);
        let Ledger { table, completions, schedule, wait_graph, .. } = &mut *ledger;
        let id = record.core().id();
        let is_listed = table.move_to(id.get(), list);
        if id != JobId::NONE && completions.has_subscribers() {
            let callbacks = callbacks.get_or_insert_default();
            (callbacks.alarms, callbacks.wakers) = completions.post(Arc::clone(&record));
            self.posted.store(completions.end(), Ordering::Release);
            if completions.sleeping > 0 {
                self.end_posted.notify_all();
            }
        }
        let ended = record.core().life.end(outcome, now);
        let key = record.core().key();
        if ended.watched {
            wait_graph.end(key);
            callbacks.get_or_insert_default().actions = schedule.end(key, outcome);
            if !schedule.needs_time() {
                self.wake_clock();
            }
        }
        // The table's reference keeps the result alive past this drop. Without it this may be the last reference, and
        // the result's destructor must run without the lock.
        if is_listed {
            drop(record);
        } else {
            callbacks.get_or_insert_default().orphan = Some(record);
        }
        drop(ledger);
        if ended.awaited {
            let wakers = self.waiters.wake(key, Signal::End);
            if !wakers.is_empty() {
                callbacks.get_or_insert_default().wakers.extend(wakers);
            }
        }
        callbacks
    }
}
