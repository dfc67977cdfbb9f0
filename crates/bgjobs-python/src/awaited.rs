//! How many jobs the exit of the interpreter waits for.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;

static AWAITED: AtomicUsize = AtomicUsize::new(0);

/// Counts a job among those that the exit of the program waits for, until it is dropped.
pub(crate) struct Awaited(bool);

impl Awaited {
    pub(crate) fn unless(daemon: bool) -> Self {
        if !daemon {
            AWAITED.fetch_add(1, Ordering::Relaxed);
        }
        Self(!daemon)
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if self.0 {
            // In the child of a fork the count began anew.
            let _ = AWAITED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1));
        }
    }
}

/// How many jobs run or wait for a worker that are no daemons.
#[pyfunction]
pub(crate) fn awaited() -> usize {
    AWAITED.load(Ordering::Relaxed)
}

/// Starts the count anew, in the child of a fork.
#[pyfunction]
pub(crate) fn await_none() {
    AWAITED.store(0, Ordering::Relaxed);
}
