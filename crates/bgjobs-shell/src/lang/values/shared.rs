//! A value that several evaluations share: they set it one after the other, and wait for each other's changes.
//!
//! Knows nothing of what makes the new value.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bgjobs::Context;

use super::value::Value;
use crate::lang::error::{Result, stopped};

/// A value that several evaluations share.
#[derive(Clone)]
pub(crate) struct SharedValue(Arc<Inner>);

struct Inner {
    /// Held for a moment only, and never while Rhai runs.
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    value: Value,
    /// Whether somebody is making a new value.
    updating: bool,
}

/// The making of a new value; others wait until it is dropped.
pub(crate) struct Update<'a>(&'a SharedValue);

impl SharedValue {
    pub(crate) fn new(value: Value) -> Self {
        Self(Arc::new(Inner { state: Mutex::new(State { value, updating: false }), changed: Condvar::new() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value as it is now.
    pub(crate) fn value(&self) -> Value {
        self.state().value.clone()
    }

    /// Whether both are the same, and not only equal.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Waits until there is another value, and hears a stop.
    pub(crate) fn wait_for_other(&self, than: &Value, context: &Context) -> Result<()> {
        self.wait_while(context, |state| state.value.is(than)).map(drop)
    }

    /// Waits until nobody else makes a new value, and hears a stop.
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
            // With the lock it can't come between the look whether there is a stop and the sleep.
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
