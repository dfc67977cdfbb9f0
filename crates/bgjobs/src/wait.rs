//! Who waits for which job, and for what, and how they are woken.
//!
//! Knows nothing of states: whoever registers looks afterwards whether the thing has happened already, and whoever
//! makes it happen wakes afterwards.
//! A job costs nothing here unless somebody waits for it.

use std::{collections::HashMap, sync::Arc, task::Waker};

use crate::{
    record::{Core, Key},
    sync::{Mutex, Parker, lock},
};

/// What one can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Signal {
    /// The job has ended.
    End,
    /// The job is asked to stop.
    Stop,
    /// The job has its place in its group back, which it had lent.
    Place,
}

/// How somebody who waits is told.
pub(crate) enum Waiter {
    /// A thread that sleeps.
    Thread(Arc<Parker>),
    /// A future, whose waker is the user's code.
    Future(Waker),
}

/// One registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    key: (Key, Signal),
    number: u64,
}

pub(crate) struct Waits(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    waiters: HashMap<(Key, Signal), Vec<(u64, Waiter)>>,
    next: u64,
}

impl Waits {
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

    /// Takes a registration back; it may be gone already.
    pub(crate) fn unregister(&self, ticket: Ticket) {
        let mut inner = lock(&self.0);
        let Some(waiters) = inner.waiters.get_mut(&ticket.key) else { return };
        let place = waiters.iter().position(|&(number, _)| number == ticket.number);
        let waiter = place.map(|place| waiters.swap_remove(place));
        if waiters.is_empty() {
            inner.waiters.remove(&ticket.key);
        }
        drop(inner);
        drop(waiter);
    }

    /// Wakes the threads that wait for a signal of a job; returns the wakers of the futures, to be called.
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
