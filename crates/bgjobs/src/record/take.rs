//! A result that is moved out instead of borrowed.
//!
//! Knows nothing of jobs.

use std::{fmt, sync::Mutex, sync::PoisonError};

/// A value that can be taken once, from any thread: the way to return a value that is not [`Sync`] from a job.
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
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(Mutex::new(Some(value)))
    }

    /// Takes the value; `None` if it has been taken before.
    pub fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> fmt::Debug for Take<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Take").finish_non_exhaustive()
    }
}
