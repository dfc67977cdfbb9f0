//! Converts between moments of the steady clock and the time of day.
//!
//! Knows nothing of jobs and logs.
//! The engine stores [`Instant`]s, which never go back; people read the time of day, which may be set.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// How far the two clocks may drift apart before they are paired again; sleep or a change of the time moves them
/// further apart.
const SLACK: Duration = Duration::from_millis(100);

/// The last second that has a text, in the year 9999; before 1970 none has.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair {
    at: Instant,
    time: SystemTime,
}

/// The pair that the process uses: the same moment always has the same time, as long as nobody sets the clock.
static PAIR: Mutex<Option<Pair>> = Mutex::new(None);

/// The time of day at a moment.
///
/// It goes by the clock as it is now: if the clock was set or the machine slept since, earlier moments are converted as
/// if that had not happened. A time that would have no text is the nearest that has one.
pub(crate) fn time_of(at: Instant) -> SystemTime {
    current().time_of(at)
}

/// The moment of a time of day, as near as the steady clock can express it.
pub(crate) fn moment_of(time: SystemTime) -> Instant {
    current().moment_of(time)
}

fn current() -> Pair {
    let now = Pair { at: Instant::now(), time: SystemTime::now() };
    let mut shared = PAIR.lock().unwrap_or_else(PoisonError::into_inner);
    let pair = shared.filter(|pair| pair.agrees(now)).unwrap_or(now);
    *shared = Some(pair);
    pair
}

impl Pair {
    fn time_of(self, at: Instant) -> SystemTime {
        let time = match at.checked_duration_since(self.at) {
            Some(later) => self.time.checked_add(later),
            None => self.time.checked_sub(self.at.duration_since(at)),
        };
        time.unwrap_or(self.time).clamp(SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + LAST)
    }

    fn moment_of(self, time: SystemTime) -> Instant {
        let at = match time.duration_since(self.time) {
            Ok(later) => self.at.checked_add(later),
            Err(earlier) => self.at.checked_sub(earlier.duration()),
        };
        at.unwrap_or(self.at)
    }

    /// Whether the clocks still agree at `now`.
    fn agrees(self, now: Self) -> bool {
        let expected = self.time_of(now.at);
        let apart = expected.duration_since(now.time).unwrap_or_else(|error| error.duration());
        apart <= SLACK
    }
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_moment_and_its_time_are_equally_far_from_the_pair() {
        let first = Instant::now();
        let pair = Pair { at: first + HOUR, time: SystemTime::UNIX_EPOCH + 10 * HOUR };
        for (moment, time) in [(first, 9), (first + HOUR, 10), (first + 2 * HOUR, 11)] {
            let time = SystemTime::UNIX_EPOCH + time * HOUR;
            assert_eq!(pair.time_of(moment), time);
            assert_eq!(pair.moment_of(time), moment);
        }
    }

    #[test]
    fn a_clock_set_to_the_ends_of_the_calendar_has_a_time_for_every_moment() {
        let first = Instant::now();
        for (time, text) in [(Duration::ZERO, "1970-01-01T00:00:00Z"), (LAST, "9999-12-31T23:59:59Z")] {
            let pair = Pair { at: first + HOUR, time: SystemTime::UNIX_EPOCH + time };
            let beyond = if time.is_zero() { first } else { first + 2 * HOUR };
            for moment in [pair.at, beyond] {
                assert_eq!(humantime::format_rfc3339_seconds(pair.time_of(moment)).to_string(), text);
            }
        }
    }

    #[test]
    fn the_same_moment_always_has_the_same_time() {
        let at = Instant::now();
        let time = time_of(at);
        assert_eq!(time_of(at), time);
        assert_eq!(moment_of(time), at);
        let apart = SystemTime::now().duration_since(time).unwrap_or_default();
        assert!(apart < Duration::from_secs(30), "{apart:?}");
    }

    #[test]
    fn a_clock_that_was_set_or_stood_still_needs_a_new_pair() {
        let pair = Pair { at: Instant::now(), time: SystemTime::now() };
        let later = |steady: Duration, wall: Duration| Pair { at: pair.at + steady, time: pair.time + wall };
        assert!(pair.agrees(later(HOUR, HOUR)));
        assert!(pair.agrees(later(HOUR, HOUR + SLACK)));
        assert!(!pair.agrees(later(HOUR, 2 * HOUR)), "the machine slept");
        assert!(!pair.agrees(later(2 * HOUR, HOUR)), "the clock was set back");
    }
}
