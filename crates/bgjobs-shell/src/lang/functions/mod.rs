//! The prompt's functions in Rust, in addition to Rhai's own: slow ones respond to a stop.
//!
//! Knows nothing of who calls them.

mod argument;
mod command;
mod environment;
mod exit;
mod files;
mod jobs;
mod json;
mod progress;
mod random;
mod shared;
mod sizes;
mod time;

use std::{any::TypeId, sync::LazyLock};

use rhai::{
    Dynamic, ImmutableString, Map, Module, Shared, exported_module,
    packages::{Package, StandardPackage},
};

pub(crate) use self::jobs::options_help;
#[cfg(feature = "terminal")]
pub(crate) use self::jobs::{OptionValues, options_of, values_of};
use super::{
    jobs::Jobs,
    values::{language::Language, shared::SharedValue, value::Value},
};

/// Rhai's functions: the same for all sessions, and most of what there is to make at a start.
static STANDARD: LazyLock<Shared<Module>> = LazyLock::new(|| StandardPackage::new().as_shared_module());

/// Makes Rhai's functions now, on a thread that has nothing else to do.
#[cfg(feature = "terminal")]
pub(crate) fn make_standard() {
    LazyLock::force(&STANDARD);
}

/// Rhai's functions, the prompt's, and a program's `own`, which hide the others.
pub(crate) fn language(own: impl IntoIterator<Item = Module>) -> Language {
    let more = [module(), jobs::module()].into_iter().chain(own);
    Language::new(&STANDARD, more.map(Shared::new).collect())
}

/// A value as a JSON text, a job with everything known about it.
///
/// # Errors
///
/// A part that JSON can't represent.
pub(crate) fn json(value: &Value, jobs: &Jobs) -> Result<String, String> {
    json::json(value.data(), jobs)
}

/// The module of these functions.
fn module() -> Module {
    let mut module = Module::new();
    let parts = [
        exported_module!(command::programs),
        exported_module!(environment::here),
        exported_module!(exit::leaving),
        exported_module!(files::files),
        exported_module!(json::texts),
        exported_module!(progress::reports),
        exported_module!(random::numbers),
        exported_module!(shared::values),
        exported_module!(sizes::sizes),
        exported_module!(time::of_time),
    ];
    for part in parts {
        module.combine(part);
    }
    // Over the keys, as in Python: `for n in jobs.all { jobs[n].name }`.
    module.set_iter(TypeId::of::<Map>(), |map| {
        Box::new(map.cast::<Map>().into_keys().map(|key| Dynamic::from(ImmutableString::from(key))))
    });
    // Set here because a module loses it when it becomes part of another.
    module.set_custom_type::<SharedValue>("shared");
    module
}
