//! The prompt's functions in Rust, beside Rhai's own: those that take their time hear a stop.

mod command;
mod files;
mod jobs;
mod json;
mod progress;
mod random;
mod shared;
mod sizes;
mod time;

use rhai::{
    Dynamic, Module, Shared,
    packages::{Package, StandardPackage},
};

pub(crate) use self::jobs::options_help;
use super::{
    jobs::Jobs,
    values::{language::Language, shared::SharedValue, value::Value},
};

/// Rhai's functions and the prompt's, and a program's `own`, which hide those.
pub(crate) fn language(own: impl IntoIterator<Item = Module>) -> Language {
    let standard = StandardPackage::new().as_shared_module();
    let modules = [standard, module().into(), jobs::module().into()];
    Language::new(modules.into_iter().chain(own.into_iter().map(Shared::new)).collect())
}

/// A value as a JSON text; a job as all that is known of it.
///
/// # Errors
///
/// What JSON does not have.
pub(crate) fn json(value: &Value) -> Result<String, String> {
    json::json(value.data())
}

/// All that is known of all jobs, as a JSON text.
///
/// # Errors
///
/// What JSON does not have, which is nothing.
pub(crate) fn jobs_as_json(jobs: &Jobs) -> Result<String, String> {
    json::json(&Dynamic::from(jobs.clone()))
}

/// The functions as a module.
fn module() -> Module {
    let mut module = Module::new();
    let parts = [
        command::module(),
        files::module(),
        json::module(),
        progress::module(),
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
