//! A short look before a sleep, and whether it pays to give the processor away meanwhile.
//!
//! Knows nothing of jobs and pools.
//! A yield is cheaper than a sleep with its wake-up only while a processor is to be had: where all are busy, it is paid
//! with the whole time slice of another, which is milliseconds.
//! So each yield is timed, and after a dear one there is none for a while; the next one dear soon after makes the while
//! longer.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::system::{
    platform::{monotonic, nanos},
    sync::yield_now,
};

/// From how many nanoseconds on a yield was dear: more than a thread of ours takes that has little to do.
const DEAR: u64 = 500_000;

/// How many nanoseconds there is no yield, at most.
const LONGEST: u64 = 200_000_000;

/// Until when there is no yield, and how long before that it began; busy processors are everybody's, so all share it.
static UNTIL: AtomicU64 = AtomicU64::new(0);
static PAUSE: AtomicU64 = AtomicU64::new(0);

/// How long a look takes, at most: about as long as a sleep takes with its wake-up on a processor that has gone idle.
///
/// So a short wait is paid with a spin, and a long one costs twice at most.
const SPIN: Duration = Duration::from_micros(50);

/// Looks for `found` for a while, giving the processor away between looks as long as that is cheap.
///
/// The yield comes first, because where both threads share one core nothing can be found before it.
pub(crate) fn spin(mut found: impl FnMut() -> bool) -> bool {
    if cfg!(any(bgjobs_loom, bgjobs_shuttle)) {
        return found();
    }
    let mut now = monotonic();
    let end = now + nanos(SPIN);
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
        // Where they do not, what is looked for comes some hundred nanoseconds later.
        for _ in 0..8 {
            std::hint::spin_loop();
        }
    }
}

/// Gives the processor away, if that pays; returns the time after it.
fn give_way(now: u64) -> Option<u64> {
    let until = UNTIL.load(Ordering::Relaxed);
    if now < until {
        return None;
    }
    yield_now();
    let after = monotonic();
    let lost = after.saturating_sub(now);
    if lost >= DEAR {
        let pause = pause_after(lost, now - until, PAUSE.load(Ordering::Relaxed));
        PAUSE.store(pause, Ordering::Relaxed);
        UNTIL.store(after + pause, Ordering::Relaxed);
    }
    Some(after)
}

/// How long there is no yield after one that lost so much, so long after the last pause of such a length.
///
/// A tenth of the time is lost at most, and less the longer the processors stay busy.
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
