//! What can go wrong with a call: one type per operation.
//!
//! Knows nothing of what goes wrong in a body: that is not an error of a call but a
//! [`Failure`](crate::record::failure::Failure).
//! Where the original has a text, `{}` is exactly that text, and `{:#}` adds what to do about it.
//! What causes an error is its [`source`](std::error::Error::source), whose text `{}` leaves out and `{:#}` adds.
//! Returned from `main`, which prints `{:?}`, an error reads as `{:#}`, followed by the traceback of a job that died.

/// Writes errors as `main` should print them, instead of as their fields.
macro_rules! debug_for_people {
    ($($error:ty),*) => {$(
        impl fmt::Debug for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self:#}")
            }
        }
    )*};
}

pub(crate) mod lookup;
pub(crate) mod start;
pub(crate) mod wait;

pub(crate) use lookup::{RemoveError, ResultError, TracebackError, UnknownJob, UnknownReason};
pub(crate) use start::{LimitError, ShutdownError, SpawnError};
pub(crate) use wait::{JoinError, WaitError};
