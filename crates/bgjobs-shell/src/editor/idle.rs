//! How long no key was pressed, to tell when the user comes back.
//!
//! Knows nothing of keys and jobs; the time is passed in.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Watches for a user who comes back; all clones share their state.
#[derive(Clone)]
pub(super) struct IdleTimer(Arc<Mutex<State>>);

struct State {
    last_key: Instant,
    /// When the user went away, once they are back; until it is taken.
    away_since: Option<Instant>,
    /// How long without a key counts as away; none disables it.
    patience: Option<Duration>,
}

impl IdleTimer {
    /// Starts with a key pressed `now`; none for `patience` disables it.
    pub(super) fn new(now: Instant, patience: Option<Duration>) -> Self {
        Self(Arc::new(Mutex::new(State { last_key: now, away_since: None, patience })))
    }

    /// Notes that a key was pressed.
    pub(super) fn note_key(&self, now: Instant) {
        let mut state = self.lock();
        let quiet = now.saturating_duration_since(state.last_key);
        if state.patience.is_some_and(|patience| quiet >= patience) && state.away_since.is_none() {
            state.away_since = Some(state.last_key);
        }
        state.last_key = now;
    }

    /// When a user who has just come back went away, reported once.
    pub(super) fn take_away_since(&self) -> Option<Instant> {
        self.lock().away_since.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_user_is_away_after_a_pause_and_back_at_the_next_key_once() {
        let start = Instant::now();
        let idle = IdleTimer::new(start, Some(60 * SECOND));
        idle.note_key(start + 59 * SECOND);
        assert_eq!(idle.take_away_since(), None);
        idle.note_key(start + 119 * SECOND);
        idle.note_key(start + 120 * SECOND);
        assert_eq!(idle.take_away_since(), Some(start + 59 * SECOND));
        assert_eq!(idle.take_away_since(), None);
        idle.note_key(start + 121 * SECOND);
        assert_eq!(idle.take_away_since(), None);
    }

    #[test]
    fn without_a_limit_the_user_is_never_away() {
        let start = Instant::now();
        let idle = IdleTimer::new(start, None);
        idle.note_key(start + 10_000 * SECOND);
        assert_eq!(idle.take_away_since(), None);
    }
}
