//! What an evaluation leaves behind however it ends: the names, as far as it came, and its frames if it failed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{jobs::post_mortem::PostMortem, values::names::Names};

/// What there is at the end of an evaluation; none until then.
///
/// Cheap to clone; all clones are the same place.
#[derive(Clone, Default)]
pub(crate) struct Left(Arc<Mutex<Option<AtEnd>>>);

struct AtEnd {
    names: Names,
    post_mortem: Option<Arc<PostMortem>>,
}

impl Left {
    /// The names, once the evaluation has ended.
    pub(crate) fn names(&self) -> Option<Names> {
        self.lock().as_ref().map(|end| end.names.clone())
    }

    /// What is left of an evaluation that failed.
    pub(crate) fn post_mortem(&self) -> Option<Arc<PostMortem>> {
        self.lock().as_ref()?.post_mortem.clone()
    }

    /// Does something that matters to how the evaluation ends, unless it has ended.
    pub(crate) fn before_end<T>(&self, act: impl FnOnce() -> Option<T>) -> Option<T> {
        let end = self.lock();
        if end.is_some() { None } else { act() }
    }

    pub(super) fn set(&self, names: Names, post_mortem: Option<Arc<PostMortem>>) {
        *self.lock() = Some(AtEnd { names, post_mortem });
    }

    fn lock(&self) -> MutexGuard<'_, Option<AtEnd>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
