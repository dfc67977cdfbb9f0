//! The threads and locks that the engine runs on: those of `std`, or of loom or shuttle in a model.
//!
//! Knows nothing of jobs.
//! One rule for poison: user code never runs while a lock of the engine is held, so a poisoned lock is a bug in the
//! engine, and [`lock`] panics.

#[cfg(bgjobs_loom)]
use loom as base;
#[cfg(bgjobs_shuttle)]
use shuttle as base;
#[cfg(not(any(bgjobs_loom, bgjobs_shuttle)))]
use std as base;

pub(crate) use base::{
    sync::atomic::{AtomicBool, AtomicIsize, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering},
    sync::{Condvar, Mutex, MutexGuard},
    thread::{Builder, yield_now},
    thread_local,
};

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const POISONED: &str = "no code panics while it holds a lock of the engine";

/// Locks `mutex`.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect(POISONED)
}

/// Waits on `condvar` until it is notified or `deadline` has passed; it may wake up spuriously.
///
/// In a model a wait never times out, because models have no clock.
pub(crate) fn wait_until<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    deadline: Option<Instant>,
) -> MutexGuard<'a, T> {
    #[cfg(not(any(bgjobs_loom, bgjobs_shuttle)))]
    if let Some(deadline) = deadline {
        let left = deadline.saturating_duration_since(Instant::now());
        return condvar.wait_timeout(guard, left).expect(POISONED).0;
    }
    let _ = deadline;
    condvar.wait(guard).expect(POISONED)
}

/// The moment `timeout` from now; `None` without a timeout, or if the moment is too far away to express.
pub(crate) fn deadline_after(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

/// Whether `deadline` has passed.
pub(crate) fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

/// Lets one thread sleep until another wakes it; a wake-up that comes before the sleep is not lost.
///
/// `std::thread::park` would do, but its token is shared with everything else that parks the thread.
pub(crate) struct Parker {
    /// Whether a wake-up is pending.
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { woken: Mutex::new(false), changed: Condvar::new() })
    }

    /// Sleeps until woken (true) or until `deadline` has passed (false).
    pub(crate) fn park(&self, deadline: Option<Instant>) -> bool {
        let mut woken = lock(&self.woken);
        while !*woken {
            if has_passed(deadline) {
                return false;
            }
            woken = wait_until(&self.changed, woken, deadline);
        }
        *woken = false;
        true
    }

    pub(crate) fn unpark(&self) {
        let mut woken = lock(&self.woken);
        if !*woken {
            *woken = true;
            drop(woken);
            self.changed.notify_one();
        }
    }
}
