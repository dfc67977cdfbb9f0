//! What an evaluation leaves behind however it ends: the names, as far as it came.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::names::Names;

/// The names at the end of an evaluation; none until then.
///
/// Cheap to clone; all clones are the same place.
#[derive(Clone, Default)]
pub(crate) struct Left(Arc<Mutex<Option<Names>>>);

impl Left {
    /// The names, once the evaluation has ended.
    pub(crate) fn names(&self) -> Option<Names> {
        self.lock().clone()
    }

    /// Does something that matters to how the evaluation ends, unless it has ended.
    pub(crate) fn before_end<T>(&self, act: impl FnOnce() -> Option<T>) -> Option<T> {
        let names = self.lock();
        if names.is_some() { None } else { act() }
    }

    pub(super) fn set(&self, names: Names) {
        *self.lock() = Some(names);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Names>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
