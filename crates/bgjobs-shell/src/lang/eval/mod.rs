//! Evaluates what the prompt reads and what jobs run, on the calling thread, to a value or a failure.
//!
//! Knows nothing of the functions that programs can call.

pub(super) mod again;
pub(super) mod captured;
pub(super) mod engine;
pub(super) mod evaluation;
pub(super) mod failure;
#[cfg(target_os = "linux")]
pub(super) mod keep;
pub(super) mod line;
pub(super) mod stack;
pub(super) mod start;
pub(super) mod work;
