//! `groups`, `limit io 2`, `pause io` and `resume io`: what was done is shown as the state of the groups.

use bgjobs::{Group, Handle, LimitError, one_line};

use super::Reply;
use crate::session::Session;

/// Lists all groups.
pub(super) fn list(session: &Session) -> Reply {
    let groups = session.jobs().groups();
    if groups.is_empty() {
        return Reply::Shown("there are no groups; jobs.start(f, [5], #{group: \"io\"}) makes one".to_owned());
    }
    shown(&groups)
}

/// Changes the limit of a group, which is made if there is none of that name.
pub(super) fn limit(session: &Session, name: &str, limit: Option<usize>) -> Reply {
    if limit == Some(0) {
        // What is refused makes no group.
        return Reply::Wrong(LimitError { group: name.to_owned().into() }.to_string());
    }
    let group = session.jobs().group(name.to_owned());
    match group.set_limit(limit) {
        Ok(()) => shown(&[group]),
        Err(refusal) => Reply::Wrong(refusal.to_string()),
    }
}

/// Does something with each group of these names, all of which there must be.
pub(super) fn each(session: &Session, names: &[String], act: impl Fn(&Group)) -> Reply {
    let groups: Result<Vec<_>, _> = names.iter().map(|name| find(session.jobs(), name)).collect();
    match groups {
        Ok(groups) => {
            groups.iter().for_each(act);
            shown(&groups)
        }
        Err(refusal) => Reply::Wrong(refusal),
    }
}

/// The group of that name; a slip of the pen makes no new one.
fn find(jobs: &Handle, name: &str) -> Result<Group, String> {
    let groups = jobs.groups();
    groups.into_iter().find(|group| **group.name() == *name).ok_or_else(|| {
        let name = one_line(name);
        format!("there is no group {name}; `groups` lists those that there are, `limit {name} 2` makes one")
    })
}

fn shown(groups: &[Group]) -> Reply {
    Reply::Shown(groups.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}
