//! Instruments compiled code, so that any thread can see where an evaluation is, and its variables can be captured when
//! it fails.
//!
//! Knows nothing of jobs.

pub(super) mod call_stack;
pub(super) mod code;
pub(super) mod frames;
pub(super) mod instrument;
pub(super) mod probe;
pub(super) mod program;
mod tracer;
