//! Groups: `jobs.group("io")`, its limit and its pauses.

use bgjobs::Group;
use rhai::{Dynamic, Module, export_module, exported_module};

use crate::lang::{
    error::{Result, error},
    jobs::Jobs,
    values::type_name::word,
};

/// The functions as a module.
pub(super) fn module() -> Module {
    exported_module!(of_groups)
}

#[export_module]
mod of_groups {
    use rhai::Array;

    use super::{Dynamic, Group, Jobs, Result, error, limit_of, shown, size};

    /// The group of that name, made at its first use: jobs under one limit, as in `jobs.start(f, [], #{group: "io"})`.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn group(jobs: &mut Jobs, name: &str) -> Result<Group> {
        if name.is_empty() {
            return Err(error("a group has a name, as in jobs.group(\"io\")").into());
        }
        Ok(jobs.handle.group(name.to_owned()))
    }

    /// All groups.
    #[rhai_fn(get = "groups", pure)]
    pub(super) fn groups(jobs: &mut Jobs) -> Array {
        jobs.handle.groups().into_iter().map(Dynamic::from).collect()
    }

    /// The name of the group.
    #[rhai_fn(get = "name", pure)]
    pub(super) fn name(group: &mut Group) -> String {
        group.name().to_string()
    }

    /// How many jobs of the group may run at once, or `()`; `group.limit = 2` and `group.set_limit(2)` set it, `()` lifts it.
    #[rhai_fn(get = "limit", pure)]
    pub(super) fn limit(group: &mut Group) -> Dynamic {
        group.limit().map_or(Dynamic::UNIT, size)
    }

    /// Changes how many jobs of the group may run at once; `()` is any number.
    #[rhai_fn(set = "limit", name = "set_limit", pure, return_raw)]
    pub(super) fn set_limit(group: &mut Group, limit: Dynamic) -> Result<()> {
        Ok(group.set_limit(limit_of(&limit)?).map_err(|refusal| error(refusal.to_string()))?)
    }

    /// Lets no job of the group start until it is resumed; those that run go on.
    #[rhai_fn(pure)]
    pub(super) fn pause(group: &mut Group) {
        group.pause();
    }

    /// Lets the jobs of the group start again.
    #[rhai_fn(pure)]
    pub(super) fn resume(group: &mut Group) {
        group.resume();
    }

    /// Whether the group is paused.
    #[rhai_fn(get = "paused", pure)]
    pub(super) fn paused(group: &mut Group) -> bool {
        group.is_paused()
    }

    /// How many jobs of the group run; one that waits for another job is not counted.
    #[rhai_fn(get = "running", pure)]
    pub(super) fn running(group: &mut Group) -> Dynamic {
        size(group.running())
    }

    /// How many jobs of the group have not started.
    #[rhai_fn(get = "waiting", pure)]
    pub(super) fn waiting(group: &mut Group) -> Dynamic {
        size(group.waiting())
    }

    #[rhai_fn(pure)]
    pub(super) fn to_string(group: &mut Group) -> String {
        shown(group)
    }

    #[rhai_fn(pure)]
    pub(super) fn to_debug(group: &mut Group) -> String {
        shown(group)
    }
}

fn shown(group: &Group) -> String {
    format!("<group {group}>")
}

fn size(number: usize) -> Dynamic {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

/// A limit as a program gives it.
fn limit_of(limit: &Dynamic) -> Result<Option<usize>> {
    if limit.is_unit() {
        return Ok(None);
    }
    let shown = || word(limit.type_name()).to_owned();
    let number = limit.as_int().map_err(|_| {
        error(format!(
            "the limit of a group is how many jobs may run at once, or () for any number, not of the type {}",
            shown()
        ))
    })?;
    Ok(Some(usize::try_from(number).map_err(|_| error(format!("the limit of a group is 1 or more, not {number}")))?))
}
