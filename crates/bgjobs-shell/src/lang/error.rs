//! What the prompt's functions return that may fail.

use rhai::{EvalAltResult, Position};

/// What Rhai functions return that may fail.
pub(super) type Result<T, E = Box<EvalAltResult>> = std::result::Result<T, E>;

/// An error with a text for people.
pub(super) fn error(text: impl Into<String>) -> EvalAltResult {
    EvalAltResult::ErrorRuntime(text.into().into(), Position::NONE)
}

/// The end of an evaluation that was asked to stop, which no `catch` can hold up.
pub(super) fn stopped() -> EvalAltResult {
    EvalAltResult::ErrorTerminated(rhai::Dynamic::UNIT, Position::NONE)
}
