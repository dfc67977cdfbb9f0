//! Background jobs as programs see them, and as in the original: the object `jobs`, and single jobs.
//!
//! Knows nothing of the prompt.

mod all;
mod frames;
mod group;
mod log;
mod new;
mod one;
mod options;
mod original;
mod sh;
mod summary;

pub(crate) use self::summary::{summaries, summary_of};
use bgjobs::{AnyJob, Group};
use rhai::{Module, exported_module};

use crate::lang::jobs::Jobs;

/// The module of these functions.
pub(super) fn module() -> Module {
    let mut module = all::module();
    let parts = [
        exported_module!(one::of_one),
        exported_module!(frames::of_one),
        new::module(),
        exported_module!(group::of_groups),
        exported_module!(sh::of_commands),
        exported_module!(log::of_log),
        exported_module!(summary::of_summaries),
    ];
    for part in parts {
        module.combine(part);
    }
    module.set_custom_type::<Jobs>("jobs").set_custom_type::<AnyJob>("job").set_custom_type::<Group>("group");
    module
}

/// The options of a job, one per line.
pub(crate) fn options_help() -> String {
    let indented = |line: String| format!("  {line}");
    let mut lines =
        vec!["jobs.start(f, [5], #{name: \"x\"}) takes these options, and jobs.sh(\"make\", #{..}) too:".to_owned()];
    lines.extend(options::lines().map(indented));
    lines.push("jobs.sh also takes:".to_owned());
    lines.extend(sh::lines().map(indented));
    lines.join("\n")
}
