//! A short spin before a sleep, and whether it pays to yield the processor during it.
//!
//! Knows nothing of jobs and pools.
//! A yield is cheaper than a sleep and its wake-up only while a processor is free: when all are busy, it costs a whole
//! time slice of another thread, which is milliseconds.
//! So each yield is timed, and an expensive one suspends yields for a pause; if the next expensive one follows soon
//! after, the pause grows.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::system::{
    platform::{monotonic, nanos},
    sync::yield_now,
};

/// The nanoseconds from which a yield counts as expensive: longer than one of our threads runs with little to do.
const EXPENSIVE: u64 = 500_000;

/// The longest pause between yields, in nanoseconds.
const LONGEST: u64 = 200_000_000;

/// The end of the pause in yields, and its length; shared by all threads, because they share the processors.
static UNTIL: AtomicU64 = AtomicU64::new(0);
static PAUSE: AtomicU64 = AtomicU64::new(0);

/// The longest spin: about as long as a sleep and its wake-up take on a processor that has gone idle.
///
/// So a short wait costs only a spin, and a long one at most twice its sleep.
const SPIN: Duration = Duration::from_micros(50);

/// Checks `found` for a while, yielding the processor in between while that is cheap; returns its last answer.
pub(crate) fn spin(found: impl FnMut() -> bool) -> bool {
    spin_for(SPIN, found)
}

/// Does the same for at most `limit`.
///
/// The yield comes first, because if both threads share a core, nothing can change before it.
pub(crate) fn spin_for(limit: Duration, mut found: impl FnMut() -> bool) -> bool {
    if cfg!(any(bgjobs_loom, bgjobs_shuttle)) {
        return found();
    }
    let mut now = monotonic();
    let end = now + nanos(limit);
    loop {
        if found() {
            return true;
        }
        if now >= end {
            return false;
        }
        let Some(later) = give_way(now) else { return false };
        now = later;
        if found() {
            return true;
        }
        // If they do not share one, the change comes a few hundred nanoseconds later.
        for _ in 0..8 {
            std::hint::spin_loop();
        }
    }
}

/// Yields the processor if that pays, and returns the time afterwards.
fn give_way(now: u64) -> Option<u64> {
    let until = UNTIL.load(Ordering::Relaxed);
    if now < until {
        return None;
    }
    yield_now();
    let after = monotonic();
    let lost = after.saturating_sub(now);
    if lost >= EXPENSIVE {
        let pause = pause_after(lost, now - until, PAUSE.load(Ordering::Relaxed));
        PAUSE.store(pause, Ordering::Relaxed);
        UNTIL.store(after + pause, Ordering::Relaxed);
    }
    Some(after)
}

/// The next pause, after a yield that took `lost`, `since` the end of the `previous` pause.
///
/// Yields lose a tenth of the time at most, and less the longer the processors stay busy.
fn pause_after(lost: u64, since: u64, previous: u64) -> u64 {
    let longer = if since <= previous { previous.saturating_mul(4) } else { 0 };
    longer.max(lost.saturating_mul(10)).min(LONGEST)
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::{LONGEST, pause_after};

    #[test]
    fn a_pause_is_ten_times_the_loss_and_four_times_the_pause_just_before() {
        assert_eq!(pause_after(3, 1_000, 0), 30);
        assert_eq!(pause_after(3, 30, 30), 120);
        assert_eq!(pause_after(3, 31, 30), 30);
        assert_eq!(pause_after(3, 0, LONGEST), LONGEST);
    }
}
