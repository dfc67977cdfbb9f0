//! What is due when a job has ended: what the schedule decided then, and what is the user's.
//!
//! Knows nothing of how a job ends.

use std::{collections::VecDeque, mem, task::Waker};

use crate::{
    board::Alarm,
    engine::{Engine, dispatch::Deferred},
    panic,
    pool::workers::Worker,
    record::Shared,
    schedule::Step,
};

/// What is due at one end; at most ends that is nothing.
#[derive(Default)]
pub(crate) struct Guests {
    pub(crate) wakers: Vec<Waker>,
    pub(crate) alarms: Vec<Alarm>,
    /// The record, if nobody else holds it: its result is dropped.
    pub(crate) kept: Option<Shared>,
    pub(crate) steps: Vec<Step<Deferred>>,
}

/// What is due at several ends, because one may bring others about.
#[derive(Default)]
pub(crate) struct Due {
    pub(crate) steps: VecDeque<Step<Deferred>>,
    guests: Vec<Guests>,
    /// Jobs that never start: their bodies are dropped.
    pub(crate) unstarted: Vec<Deferred>,
}

impl Guests {
    /// Whether nothing here is the user's.
    fn have_no_user(&self) -> bool {
        self.wakers.is_empty() && self.alarms.is_empty() && self.kept.is_none()
    }
}

impl Due {
    pub(crate) fn add(&mut self, mut guests: Guests) {
        self.steps.extend(mem::take(&mut guests.steps));
        self.guests.push(guests);
    }
}

impl Engine {
    /// Does what is due; the worker that calls what is the user's, which may take its time, is not idle meanwhile.
    pub(crate) fn call(&self, guests: Option<Box<Guests>>, worker: Option<&Worker>) {
        if let Some(guests) = guests {
            self.call_due(*guests, worker);
        }
    }

    /// Does what the schedule decided.
    pub(crate) fn carry_out(&self, steps: Vec<Step<Deferred>>) {
        if !steps.is_empty() {
            self.call_due(Guests { steps, ..Guests::default() }, None);
        }
    }

    #[cold]
    fn call_due(&self, guests: Guests, worker: Option<&Worker>) {
        let mut due = Due::default();
        due.add(guests);
        self.take_steps(&mut due);
        let Due { guests, unstarted, .. } = due;
        if unstarted.is_empty() && guests.iter().all(Guests::have_no_user) {
            return;
        }
        if let Some(worker) = worker {
            self.workers.resume(worker);
        }
        for guests in guests {
            let Guests { wakers, alarms, kept, .. } = guests;
            for waker in wakers {
                panic::swallow(|| waker.wake());
            }
            for alarm in alarms {
                panic::swallow(move || alarm());
            }
            panic::drop_quietly(kept);
        }
        unstarted.into_iter().for_each(panic::drop_quietly);
        if worker.is_some_and(|worker| self.workers.release(worker)) {
            self.workers.grow_for_refused();
        }
    }
}
