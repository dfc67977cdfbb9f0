//! The errors of the prompt's functions.

use rhai::{EvalAltResult, Position};

/// What a Rhai function that can fail returns.
pub(super) type Result<T, E = Box<EvalAltResult>> = std::result::Result<T, E>;

/// An error with a message for people.
pub(super) fn error(text: impl Into<String>) -> EvalAltResult {
    EvalAltResult::ErrorRuntime(text.into().into(), Position::NONE)
}

/// The end of an evaluation that was asked to stop; no `catch` can prevent it.
pub(super) fn stopped() -> EvalAltResult {
    EvalAltResult::ErrorTerminated(rhai::Dynamic::UNIT, Position::NONE)
}

/// The end of an evaluation that asked to leave with an exit status; no `catch` can prevent it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exit(pub(super) u8);

impl Exit {
    /// The error that ends the evaluation.
    pub(super) fn into_error(self) -> EvalAltResult {
        EvalAltResult::ErrorTerminated(rhai::Dynamic::from(self), Position::NONE)
    }
}
