//! The waiters for each signal of each job, and how they are woken.
//!
//! Knows nothing of states: a waiter registers first and then checks the state; a signal's sender changes the state
//! first and then wakes.
//! A job without waiters costs nothing here.

use std::{collections::HashMap, num::NonZeroU64, sync::Arc, task::Waker};

use crate::{
    record::{Core, Key},
    system::{
        panic::drop_quietly,
        sync::{Mutex, Parker, lock},
    },
};

/// What a thread or a future can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Signal {
    /// The job has ended.
    End,
    /// The job is asked to stop.
    Stop,
    /// The job has back the slot that it had lent.
    Slot,
}

/// How a waiter is woken.
pub(crate) enum Waiter {
    /// A sleeping thread.
    Thread(Arc<Parker>),
    /// A future, whose waker is user code.
    Future(Waker),
}

/// One registration, for the signal and the job that it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(NonZeroU64);

/// The registration of a thread, which ends when this is dropped.
pub(crate) struct Listener<'a> {
    waiters: &'a Waiters,
    job: &'a Core,
    signal: Signal,
    ticket: Ticket,
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        self.waiters.unregister(self.job, self.signal, self.ticket);
    }
}

pub(crate) struct Waiters(Mutex<Inner>);

struct Inner {
    waiters: HashMap<(Key, Signal), Vec<(Ticket, Waiter)>>,
    next: NonZeroU64,
}

impl Waiters {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Inner { waiters: HashMap::new(), next: NonZeroU64::MIN }))
    }

    /// Registers `waiter` for a signal of a job.
    pub(crate) fn register(&self, job: &Core, signal: Signal, waiter: Waiter) -> Ticket {
        let job = job.key();
        let mut inner = lock(&self.0);
        let ticket = Ticket(inner.next);
        inner.next = inner.next.saturating_add(1);
        inner.waiters.entry((job, signal)).or_default().push((ticket, waiter));
        ticket
    }

    /// Registers a thread for a signal of a job.
    pub(crate) fn listen<'a>(&'a self, job: &'a Core, signal: Signal, parker: &Arc<Parker>) -> Listener<'a> {
        let ticket = self.register(job, signal, Waiter::Thread(Arc::clone(parker)));
        Listener { waiters: self, job, signal, ticket }
    }

    /// Removes a registration; it may be gone already.
    pub(crate) fn unregister(&self, job: &Core, signal: Signal, ticket: Ticket) {
        let key = (job.key(), signal);
        let mut inner = lock(&self.0);
        let Some(waiters) = inner.waiters.get_mut(&key) else { return };
        let index = waiters.iter().position(|&(other, _)| other == ticket);
        let waiter = index.map(|index| waiters.swap_remove(index));
        if waiters.is_empty() {
            inner.waiters.remove(&key);
        }
        drop(inner);
        // A waker is user code, and so is what it holds.
        drop_quietly(waiter);
    }

    /// Wakes the threads that wait for a signal of a job; returns the futures' wakers, which the caller must call.
    #[must_use]
    pub(crate) fn wake(&self, job: Key, signal: Signal) -> Vec<Waker> {
        let waiters = lock(&self.0).waiters.remove(&(job, signal));
        let wake = |(_, waiter)| match waiter {
            Waiter::Thread(parker) => {
                parker.unpark();
                None
            }
            Waiter::Future(waker) => Some(waker),
        };
        waiters.into_iter().flatten().filter_map(wake).collect()
    }
}
