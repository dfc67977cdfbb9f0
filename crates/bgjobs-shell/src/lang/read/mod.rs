//! Reads text: characters, the prompt's own grammar, and clearer errors where Rhai rejects it.
//!
//! Knows nothing of values, names and evaluation.

pub(super) mod compiler;
pub(super) mod diagnostic;
mod dict_hint;
pub(super) mod input;
mod keyword_hint;
pub(super) mod quotes;
pub(super) mod scan;
pub(super) mod source;
pub(super) mod underscores;
