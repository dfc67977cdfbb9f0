//! How many jobs the exit of the interpreter waits for.
//!
//! It does not know which.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;

static AWAITED: AtomicUsize = AtomicUsize::new(0);

/// Counts a job among those that the exit waits for, until it is dropped.
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
            // The child of a fork has started the count afresh.
            let _ = AWAITED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1));
        }
    }
}

/// How many non-daemon jobs run or wait for a worker.
#[pyfunction]
pub(crate) fn awaited() -> usize {
    AWAITED.load(Ordering::Relaxed)
}

/// Starts the count afresh, in the child of a fork.
#[pyfunction]
pub(crate) fn reset_awaited() {
    AWAITED.store(0, Ordering::Relaxed);
}
