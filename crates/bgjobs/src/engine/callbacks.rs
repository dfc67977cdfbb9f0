//! What is due when a job has ended: what the schedule decided then, and what is the user's.
//!
//! Knows nothing of how a job ends.

use std::{collections::VecDeque, mem, task::Waker};

use crate::{
    engine::{Deferred, Engine, completion_feed::Alarm, pool::workers::Worker, schedule::Action},
    record::Shared,
    system::panic,
};

/// What is due at one end; at most ends that is nothing.
#[derive(Default)]
pub(crate) struct Callbacks {
    pub(crate) wakers: Vec<Waker>,
    pub(crate) alarms: Vec<Alarm>,
    /// The record, if nobody else holds it: its result is dropped.
    pub(crate) orphan: Option<Shared>,
    pub(crate) actions: Vec<Action<Deferred>>,
}

/// What is due at several ends, because one may bring others about.
#[derive(Default)]
pub(crate) struct Cascade {
    pub(crate) actions: VecDeque<Action<Deferred>>,
    callbacks: Vec<Callbacks>,
    /// Jobs that never start: their bodies are dropped.
    pub(crate) unstarted: Vec<Deferred>,
}

impl Callbacks {
    /// Whether nothing here is the user's.
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
    /// Does what is due; the worker that calls what is the user's, which may take its time, is not idle meanwhile.
    pub(crate) fn call(&self, callbacks: Option<Box<Callbacks>>, worker: Option<&Worker>) {
        if let Some(callbacks) = callbacks {
            self.call_due(*callbacks, worker);
        }
    }

    /// Does what the schedule decided.
    pub(crate) fn carry_out(&self, actions: Vec<Action<Deferred>>) {
        if !actions.is_empty() {
            self.call_due(Callbacks { actions, ..Callbacks::default() }, None);
        }
    }

    #[cold]
    fn call_due(&self, callbacks: Callbacks, worker: Option<&Worker>) {
        let mut due = Cascade::default();
        due.add(callbacks);
        self.run_actions(&mut due);
        let Cascade { callbacks, unstarted, .. } = due;
        if unstarted.is_empty() && callbacks.iter().all(Callbacks::is_internal) {
            return;
        }
        if let Some(worker) = worker {
            self.workers.resume(worker);
        }
        for callbacks in callbacks {
            let Callbacks { wakers, alarms, orphan, .. } = callbacks;
            for waker in wakers {
                panic::swallow(|| waker.wake());
            }
            for alarm in alarms {
                panic::swallow(move || alarm());
            }
            panic::drop_quietly(orphan);
        }
        unstarted.into_iter().for_each(panic::drop_quietly);
        if worker.is_some_and(|worker| self.workers.release(worker)) {
            self.workers.grow_for_refused();
        }
    }
}
