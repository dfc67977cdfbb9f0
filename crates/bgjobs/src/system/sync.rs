//! The one place that names `std`'s threads and locks, or loom's or shuttle's in their stead.
//!
//! Knows nothing of jobs.
//! One rule for poison: user code never runs while a lock of the engine is held, so a poisoned lock is a
//! mistake in the engine, and [`lock`] panics.

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

/// Waits on `condvar` until it is notified or `deadline` has passed; spurious wake-ups happen.
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

/// The point in time `timeout` from now, or none if it is too far away to be told.
pub(crate) fn deadline_after(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

/// Whether `deadline` has passed.
pub(crate) fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

/// Where one thread sleeps until another wakes it; a wake-up that comes first is kept.
///
/// `std::thread::park` would do, but its token is shared with whatever else the thread's code parks for.
pub(crate) struct Parker {
    /// Whether a wake-up has come that no sleep has used.
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
