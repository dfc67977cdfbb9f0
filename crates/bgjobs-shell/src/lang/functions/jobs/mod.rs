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

#[cfg(feature = "terminal")]
use crate::option_help::OptionHelp;
use crate::{lang::jobs::Jobs, option_help};

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
    lines.extend(option_help::lines(options::CHOICES).map(indented));
    lines.push("jobs.sh also takes:".to_owned());
    lines.extend(option_help::lines(sh::CHOICES).map(indented));
    lines.join("\n")
}

/// The options in a map that the function, or the option, of that name takes.
#[cfg(feature = "terminal")]
pub(crate) fn options_of(name: &str) -> Vec<&'static OptionHelp> {
    match name {
        "start" => options::CHOICES.iter().collect(),
        "sh" => options::CHOICES.iter().chain(sh::CHOICES).collect(),
        "terminal" => sh::SIZE.iter().collect(),
        "log" | "lines" => log::CHOICES.iter().collect(),
        _ => Vec::new(),
    }
}

/// What can be the value of an option.
#[cfg(feature = "terminal")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OptionValues {
    /// More than could be listed.
    Any,
    /// One of these, as they are typed.
    OneOf(&'static [&'static str]),
    /// A group.
    Groups,
    /// Jobs.
    Jobs,
}

/// What can be the value of the option of that name.
#[cfg(feature = "terminal")]
pub(crate) fn values_of(option: &str) -> OptionValues {
    match option {
        "daemon" | "keep" => OptionValues::OneOf(&["true", "false"]),
        "terminal" => OptionValues::OneOf(&["true", "#{rows: 24, columns: 80}"]),
        "stream" => OptionValues::OneOf(&["\"out\"", "\"err\""]),
        "group" => OptionValues::Groups,
        "after" | "after_ended" => OptionValues::Jobs,
        _ => OptionValues::Any,
    }
}
