//! A result that is taken instead of lent.

use std::{fmt, sync::Mutex, sync::PoisonError};

/// A value that may be taken once, from any thread: the result of a job whose value is not [`Sync`].
///
/// ```
/// use bgjobs::{JobManager, Take};
/// use std::cell::Cell;
///
/// let jobs = JobManager::new();
/// let job = jobs.spawn("cell", || Take::new(Cell::new(42)))?;
/// let cell: Option<Cell<i32>> = job.join()?.take();
/// assert_eq!(cell, Some(Cell::new(42)));
/// assert_eq!(job.join()?.take(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Take<T>(Mutex<Option<T>>);

impl<T> Take<T> {
    /// Holds `value`.
    pub const fn new(value: T) -> Self {
        Self(Mutex::new(Some(value)))
    }

    /// Takes the value; none if somebody has.
    pub fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> fmt::Debug for Take<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Take").finish_non_exhaustive()
    }
}
