//! The waiters for each signal of each job, and how they are woken.
//!
//! Knows nothing of states: a waiter registers first and then checks the state; a signal's sender changes the state
//! first and then wakes.
//! A job without waiters costs nothing here.

use std::{collections::HashMap, sync::Arc, task::Waker};

use crate::{
    record::{Core, Key},
    system::sync::{Mutex, Parker, lock},
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

/// One registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    key: (Key, Signal),
    number: u64,
}

/// The registration of a thread, which ends when this is dropped.
pub(crate) struct Listener<'a> {
    waiters: &'a Waiters,
    ticket: Ticket,
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        self.waiters.unregister(self.ticket);
    }
}

pub(crate) struct Waiters(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    waiters: HashMap<(Key, Signal), Vec<(u64, Waiter)>>,
    next: u64,
}

impl Waiters {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Inner::default()))
    }

    /// Registers `waiter` for a signal of a job.
    pub(crate) fn register(&self, job: &Core, signal: Signal, waiter: Waiter) -> Ticket {
        let job = job.key();
        let mut inner = lock(&self.0);
        let number = inner.next;
        inner.next += 1;
        inner.waiters.entry((job, signal)).or_default().push((number, waiter));
        Ticket { key: (job, signal), number }
    }

    /// Registers a thread for a signal of a job.
    pub(crate) fn listen(&self, job: &Core, signal: Signal, parker: &Arc<Parker>) -> Listener<'_> {
        Listener { waiters: self, ticket: self.register(job, signal, Waiter::Thread(Arc::clone(parker))) }
    }

    /// Removes a registration; it may be gone already.
    pub(crate) fn unregister(&self, ticket: Ticket) {
        let mut inner = lock(&self.0);
        let Some(waiters) = inner.waiters.get_mut(&ticket.key) else { return };
        let index = waiters.iter().position(|&(number, _)| number == ticket.number);
        let waiter = index.map(|index| waiters.swap_remove(index));
        if waiters.is_empty() {
            inner.waiters.remove(&ticket.key);
        }
        drop(inner);
        drop(waiter);
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
