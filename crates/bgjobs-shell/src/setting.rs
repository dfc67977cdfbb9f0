//! A setting of a session that can change while others use it.

use std::sync::{Arc, Mutex, PoisonError};

/// A setting; all clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setting<T>(Arc<Mutex<T>>);

impl<T: Copy> Setting<T> {
    pub(crate) fn get(&self) -> T {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = value;
    }
}
