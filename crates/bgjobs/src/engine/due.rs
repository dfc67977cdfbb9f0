//! What is due for hosted jobs: the schedule's decisions about them, which only their host can carry out.
//!
//! Knows nothing of hosts: it only holds what the engine decided until it is taken.

use std::mem;

use crate::{
    record::Shared,
    system::sync::{AtomicBool, Mutex, Ordering, lock},
};

/// What a host has to do for a job; see [`Due`](crate::Due).
#[derive(Clone, Copy)]
pub(crate) enum Event {
    Begin,
    Ended,
    TimeUp,
    Resume,
}

/// What is due, in the order in which the schedule decided it.
pub(crate) struct DueQueue {
    events: Mutex<Vec<(Event, Shared)>>,
    /// Whether there are events, readable without the lock.
    any: AtomicBool,
}

impl DueQueue {
    pub(crate) fn new() -> Self {
        Self { events: Mutex::new(Vec::new()), any: AtomicBool::new(false) }
    }

    pub(crate) fn push(&self, event: Event, record: Shared) {
        let mut events = lock(&self.events);
        events.push((event, record));
        self.any.store(true, Ordering::Release);
    }

    /// Whether there is anything to take.
    pub(crate) fn has_any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    pub(crate) fn take(&self) -> Vec<(Event, Shared)> {
        let mut events = lock(&self.events);
        self.any.store(false, Ordering::Release);
        mem::take(&mut *events)
    }
}
