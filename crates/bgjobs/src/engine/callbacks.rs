//! Completion callbacks: the user code to call at a job's end, and the actions that the schedule decided on.
//!
//! Knows nothing of how a job ends.

use std::{collections::VecDeque, mem, task::Waker};

use crate::{
    engine::{Deferred, Engine, completion_feed::Alarm, pool::workers::Worker, schedule::Action},
    record::Shared,
    system::panic,
};

/// What is due at one end; at most ends, nothing.
#[derive(Default)]
pub(crate) struct Callbacks {
    pub(crate) wakers: Vec<Waker>,
    pub(crate) alarms: Vec<Alarm>,
    /// The record of a job that has left the table or was never in it; dropping it may drop the result.
    pub(crate) orphan: Option<Shared>,
    pub(crate) actions: Vec<Action<Deferred>>,
}

/// What is due at several ends, since one end may cause others.
#[derive(Default)]
pub(crate) struct Cascade {
    pub(crate) actions: VecDeque<Action<Deferred>>,
    callbacks: Vec<Callbacks>,
    /// Jobs that never start; dropping them drops their bodies.
    pub(crate) unstarted: Vec<Deferred>,
}

impl Callbacks {
    /// Whether no user code is due here.
    fn is_internal(&self) -> bool {
        self.wakers.is_empty() && self.alarms.is_empty() && self.orphan.is_none()
    }
}

impl Cascade {
    pub(crate) fn add(&mut self, mut callbacks: Callbacks) {
        self.actions.extend(mem::take(&mut callbacks.actions));
        self.callbacks.push(callbacks);
    }
}

impl Engine {
    /// Does what is due; while `worker` calls user code, which may take long, it counts as busy.
    pub(crate) fn call(&self, callbacks: Option<Box<Callbacks>>, worker: Option<&Worker>) {
        if let Some(callbacks) = callbacks {
            self.call_due(*callbacks, worker);
        }
    }

    /// Carries out what the schedule decided.
    pub(crate) fn carry_out(&self, actions: Vec<Action<Deferred>>) {
        if !actions.is_empty() {
            self.call_due(Callbacks { actions, ..Callbacks::default() }, None);
        }
    }

    /// Calls user code; a panic is swallowed, and shown as that of a job is.
    pub(crate) fn swallow(&self, call: impl FnOnce()) {
        panic::swallow_and_show(self.config.panic_hook.shows(), call);
    }

    #[cold]
    fn call_due(&self, callbacks: Callbacks, worker: Option<&Worker>) {
        let mut cascade = Cascade::default();
        cascade.add(callbacks);
        self.run_actions(&mut cascade);
        if cascade.unstarted.is_empty() && cascade.callbacks.iter().all(Callbacks::is_internal) {
            return;
        }
        if let Some(worker) = worker {
            self.workers.resume(worker);
        }
        for Callbacks { wakers, alarms, orphan, .. } in cascade.callbacks {
            for waker in wakers {
                self.swallow(|| waker.wake());
            }
            for alarm in alarms {
                self.swallow(move || alarm());
            }
            self.swallow(move || drop(orphan));
        }
        cascade.unstarted.into_iter().for_each(|unstarted| self.swallow(move || drop(unstarted)));
        if worker.is_some_and(|worker| self.workers.release(worker)) {
            self.workers.grow_for_refused();
        }
    }
}
