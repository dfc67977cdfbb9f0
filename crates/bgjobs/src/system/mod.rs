//! What the engine takes from std and the operating system.
//!
//! Knows nothing of jobs.

pub(crate) mod birthplace;
#[cfg(unix)]
pub(crate) mod file_limit;
pub(crate) mod panic;
pub(crate) mod panic_hook;
pub(crate) mod platform;
pub(crate) mod process;
pub(crate) mod spin;
pub(crate) mod sync;
pub(crate) mod wall_clock;
