//! How much of its thread's stack an evaluation has used, so that deep recursion ends in an error.
//!
//! Knows only addresses.

/// The stack size of every thread that evaluates; address space, which becomes memory only where it is used.
///
/// Rhai's calls need several times as much without optimization.
pub const STACK_SIZE: usize = if cfg!(debug_assertions) { 256 << 20 } else { 64 << 20 };

/// How deeply calls may be nested, as in Python.
pub(crate) const CALL_LEVELS: usize = 1_000;

/// Left free for functions in Rust, which don't check.
const RESERVE: usize = STACK_SIZE / 8;

/// Where the stack of this thread began, as far as the evaluation is concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StackLimit {
    base: usize,
}

impl StackLimit {
    /// The limit for an evaluation that begins here.
    pub(crate) fn here() -> Self {
        Self { base: address() }
    }

    /// Whether there is room for another call.
    pub(crate) fn has_room(self) -> bool {
        self.base.abs_diff(address()) < STACK_SIZE - RESERVE
    }
}

/// An address near the current end of the stack.
#[inline(never)]
fn address() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(&here).addr()
}
