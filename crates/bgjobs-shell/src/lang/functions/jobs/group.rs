//! Groups: `jobs.group("io")`, limits and pauses.

use bgjobs::Group;
use rhai::{Dynamic, export_module};

use crate::lang::{
    error::{Result, error},
    jobs::Jobs,
    values::type_name::{display_name, text},
};

#[export_module]
pub(super) mod of_groups {
    use rhai::Array;

    use super::{Dynamic, Group, Jobs, Result, error, limit_of, size, text};

    /// The group of that name, created on first use: jobs under one limit, as in `jobs.start(f, [], #{group: "io"})`.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn group(jobs: &mut Jobs, name: Dynamic) -> Result<Group> {
        let needs = "a group needs a name, as in jobs.group(\"io\")";
        let name = text(&name).map_err(|kind| error(format!("{needs}, not of type {kind}")))?;
        if name.is_empty() {
            return Err(error(needs).into());
        }
        Ok(jobs.handle.group(name))
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

    /// How many jobs of the group may run at once, or `()`; `group.limit = 2` and `group.set_limit(2)` set it, `()`
    /// removes it.
    #[rhai_fn(get = "limit", pure)]
    pub(super) fn limit(group: &mut Group) -> Dynamic {
        group.limit().map_or(Dynamic::UNIT, size)
    }

    /// Sets how many jobs of the group may run at once; `()` removes the limit.
    #[rhai_fn(set = "limit", name = "set_limit", pure, return_raw)]
    pub(super) fn set_limit(group: &mut Group, limit: Dynamic) -> Result<()> {
        Ok(group.set_limit(limit_of(&limit)?).map_err(|cause| error(cause.to_string()))?)
    }

    /// Starts no more jobs of the group until it is resumed; jobs that already run continue.
    #[rhai_fn(pure)]
    pub(super) fn pause(group: &mut Group) {
        group.pause();
    }

    /// Starts the jobs of the group again.
    #[rhai_fn(pure)]
    pub(super) fn resume(group: &mut Group) {
        group.resume();
    }

    /// Whether the group is paused.
    #[rhai_fn(get = "paused", pure)]
    pub(super) fn paused(group: &mut Group) -> bool {
        group.is_paused()
    }

    /// How many jobs of the group run, not counting those that wait for another job.
    #[rhai_fn(get = "running", pure)]
    pub(super) fn running(group: &mut Group) -> Dynamic {
        size(group.running())
    }

    /// How many jobs of the group have not started.
    #[rhai_fn(get = "waiting", pure)]
    pub(super) fn waiting(group: &mut Group) -> Dynamic {
        size(group.waiting())
    }

    #[rhai_fn(name = "to_string", name = "to_debug", pure)]
    pub(super) fn shown(group: &mut Group) -> String {
        format!("<group {group}>")
    }
}

fn size(number: usize) -> Dynamic {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

/// A limit given by a program.
fn limit_of(limit: &Dynamic) -> Result<Option<usize>> {
    if limit.is_unit() {
        return Ok(None);
    }
    let type_name = display_name(limit.type_name());
    let number = limit.as_int().map_err(|_| {
        error(format!("the limit of a group must be a number of jobs, or () for no limit, not of type {type_name}"))
    })?;
    Ok(Some(
        usize::try_from(number).map_err(|_| error(format!("the limit of a group must be 1 or more, not {number}")))?,
    ))
}
