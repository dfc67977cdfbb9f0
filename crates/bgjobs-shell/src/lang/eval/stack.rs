//! How much of its thread's stack an evaluation has used, so that deep recursion ends in an error.
//!
//! Knows only addresses.

/// The stack that each thread needs that evaluates; it is address space, and memory only as far as it is used.
///
/// Without optimization Rhai's calls need several times as much.
pub const STACK_SIZE: usize = if cfg!(debug_assertions) { 256 << 20 } else { 64 << 20 };

/// How deep calls may go into each other, as in Python.
pub(crate) const CALL_LEVELS: usize = 1_000;

/// What is left free for functions in Rust, which ask nobody.
const RESERVE: usize = STACK_SIZE / 8;

/// Where the stack of this thread began, as far as the evaluation is concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stack {
    base: usize,
}

impl Stack {
    /// Begins here.
    pub(crate) fn here() -> Self {
        Self { base: address() }
    }

    /// Whether a call may still be made.
    pub(crate) fn has_room(self) -> bool {
        self.base.abs_diff(address()) < STACK_SIZE - RESERVE
    }
}

/// An address on the stack, near its end.
#[inline(never)]
fn address() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(&here).addr()
}
