//! The prompt's functions in Rust, beside Rhai's own: those that take their time hear a stop.

mod command;
mod files;
mod json;
mod random;
mod shared;
mod sizes;
mod time;

use rhai::{Dynamic, EvalAltResult, Module, NativeCallContext, Position};

pub(super) use self::{shared::SharedValue, time::time};
use super::{
    evaluation::{Evaluation, Result},
    kind::word,
};

/// The functions as a module.
pub(super) fn module() -> Module {
    let mut module = Module::new();
    let parts = [
        command::module(),
        files::module(),
        json::module(),
        random::module(),
        shared::module(),
        sizes::module(),
        time::module(),
    ];
    for part in parts {
        module.combine(part);
    }
    // Only here: a module that becomes a part of another loses it.
    module.set_custom_type::<SharedValue>("shared");
    module
}

/// An error with a text for people.
pub(super) fn error(text: impl Into<String>) -> EvalAltResult {
    EvalAltResult::ErrorRuntime(text.into().into(), Position::NONE)
}

/// Goes on, unless the job has been asked to stop.
pub(super) fn go_on(context: &NativeCallContext<'_>) -> Result<()> {
    Ok(Evaluation::of(context).context.check().map_err(|_| stopped())?)
}

/// The end of an evaluation that was asked to stop, which no `catch` can hold up.
pub(super) fn stopped() -> EvalAltResult {
    EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE)
}

/// A text, or the type of what is none; a single character in single quotes is not a string in Rhai, and one here.
pub(super) fn text(value: &Dynamic) -> Result<String, &'static str> {
    value.as_char().map(String::from).or_else(|_| value.clone().into_string()).map_err(word)
}
