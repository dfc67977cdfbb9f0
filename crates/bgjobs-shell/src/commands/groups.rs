//! `groups`: lists the groups; also what the words that change groups share.

use bgjobs::{Group, one_line};

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};

pub(super) const WORD: Word = Word {
    name: "groups",
    usage: "groups",
    help: "Lists the groups: jobs that share one limit, and are paused and resumed together.\n\
           A job joins a group when it starts: jobs.start(f, [5], #{group: \"io\"}).\n\
           In programs: g = jobs.group(\"io\"), g.limit = 2, g.pause(), g.resume().",
    completion: Completion::Nothing,
    options: &[],
    read: |_| Ok(Box::new(Groups)),
};

#[derive(Debug)]
struct Groups;

impl Action for Groups {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let groups = session.jobs().groups();
        if groups.is_empty() {
            return Ok(Reply::Shown("there are no groups; jobs.start(f, [5], #{group: \"io\"}) makes one".to_owned()));
        }
        Ok(shown(&groups))
    }
}

/// Calls `act` for the group of each name; all of them must exist, so that a typo makes no new one.
pub(super) fn for_each(session: &Session, names: &[String], act: impl Fn(&Group)) -> Result<Reply, String> {
    let find = |name: &String| {
        session.jobs().groups().into_iter().find(|group| **group.name() == **name).ok_or_else(|| {
            let name = one_line(name);
            format!("there is no group {name}; `groups` lists the groups, `limit {name} 2` makes one")
        })
    };
    let groups = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    groups.iter().for_each(act);
    Ok(shown(&groups))
}

/// The state of some groups, each on its own line.
pub(super) fn shown(groups: &[Group]) -> Reply {
    Reply::Shown(groups.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}
