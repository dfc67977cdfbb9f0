//! Whether the user is there: when the last key was pressed, and since when nobody had pressed one before.
//!
//! Knows nothing of keys and jobs; the time is passed in.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Whether the user is there; all clones are the same.
#[derive(Clone)]
pub(super) struct Presence(Arc<Mutex<State>>);

struct State {
    last_key: Instant,
    /// Since when the user, who is back, was away; until it is taken.
    away_since: Option<Instant>,
    /// After how long without a key one is away; none means never.
    patience: Option<Duration>,
}

impl Presence {
    /// The user is there `now`, and away after so long without a key; none means never.
    pub(super) fn new(now: Instant, patience: Option<Duration>) -> Self {
        Self(Arc::new(Mutex::new(State { last_key: now, away_since: None, patience })))
    }

    /// A key was pressed.
    pub(super) fn note_key(&self, now: Instant) {
        let mut state = self.lock();
        let quiet = now.saturating_duration_since(state.last_key);
        if state.patience.is_some_and(|patience| quiet >= patience) && state.away_since.is_none() {
            state.away_since = Some(state.last_key);
        }
        state.last_key = now;
    }

    /// Since when the user was away who has just come back, told once.
    pub(super) fn take_return(&self) -> Option<Instant> {
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
    fn who_presses_no_key_for_long_is_away_until_the_next_and_comes_back_once() {
        let start = Instant::now();
        let presence = Presence::new(start, Some(60 * SECOND));
        presence.note_key(start + 59 * SECOND);
        assert_eq!(presence.take_return(), None);
        presence.note_key(start + 119 * SECOND);
        presence.note_key(start + 120 * SECOND);
        assert_eq!(presence.take_return(), Some(start + 59 * SECOND));
        assert_eq!(presence.take_return(), None);
        presence.note_key(start + 121 * SECOND);
        assert_eq!(presence.take_return(), None);
    }

    #[test]
    fn nobody_is_away_who_does_not_want_to_be() {
        let start = Instant::now();
        let presence = Presence::new(start, None);
        presence.note_key(start + 10_000 * SECOND);
        assert_eq!(presence.take_return(), None);
    }
}
