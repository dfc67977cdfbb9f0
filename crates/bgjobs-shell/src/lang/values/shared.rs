//! A value that several evaluations share: they update it one after another, and wait for each other's changes.
//!
//! Knows nothing of how a new value is made.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bgjobs::Context;

use super::value::Value;
use crate::lang::error::{Result, stopped};

/// A value that several evaluations share.
#[derive(Clone)]
pub(crate) struct SharedValue(Arc<Inner>);

struct Inner {
    /// Held only for a moment, and never while Rhai runs.
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    value: Value,
    /// Whether someone is making a new value.
    updating: bool,
}

/// An update in progress; others wait until it is dropped.
pub(crate) struct Update<'a>(&'a SharedValue);

impl SharedValue {
    pub(crate) fn new(value: Value) -> Self {
        Self(Arc::new(Inner { state: Mutex::new(State { value, updating: false }), changed: Condvar::new() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current value.
    pub(crate) fn value(&self) -> Value {
        self.state().value.clone()
    }

    /// Whether both are the same shared value, and not just equal.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Waits until the value has changed, or for a stop.
    pub(crate) fn wait_for_other(&self, than: &Value, context: &Context) -> Result<()> {
        self.wait_while(context, |state| state.value.is(than)).map(drop)
    }

    /// Waits until no other update is in progress, or for a stop.
    pub(crate) fn update(&self, context: &Context) -> Result<Update<'_>> {
        self.wait_while(context, |state| state.updating)?.updating = true;
        Ok(Update(self))
    }

    fn wait_while(&self, context: &Context, holds: impl Fn(&State) -> bool) -> Result<MutexGuard<'_, State>> {
        let state = self.state();
        if !holds(&state) {
            return Ok(state);
        }
        drop(state);
        let waiting = self.clone();
        let _heard = context.on_stop(move || {
            // Under the lock, so that a stop can't come between the check and the sleep.
            let state = waiting.state();
            waiting.0.changed.notify_all();
            drop(state);
        });
        let mut state = self.state();
        while holds(&state) {
            context.check().map_err(|_| stopped())?;
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(state)
    }
}

impl Update<'_> {
    pub(crate) fn set(&self, value: Value) {
        self.0.state().value = value;
    }
}

impl Drop for Update<'_> {
    fn drop(&mut self) {
        self.0.state().updating = false;
        self.0.0.changed.notify_all();
    }
}
