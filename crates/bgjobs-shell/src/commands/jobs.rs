//! `jobs`: the list of all jobs.

use rhai::Dynamic;

use super::word::{Action, CommandLine, Completion, Reply, Session, Word};
use crate::{
    lang::{Value, json},
    listing::listing,
};

pub(super) const WORD: Word = Word {
    name: "jobs",
    usage: "jobs [--json]",
    help: "Lists all jobs: running, completed, dead. The lines below a job say how long it has run,\n\
           how far it is (if it calls progress(3, 10)), where it is or what it waits for,\n\
           and how many lines of its log are unread.\n\
           -j, --json        everything that is known about them, as JSON",
    completion: Completion::Nothing,
    with_value: &[],
    read: |arguments| Ok(Box::new(Jobs { as_json: arguments.flag(&["-j", "--json"]) })),
};

#[derive(Debug)]
pub(super) struct Jobs {
    pub(super) as_json: bool,
}

impl Action for Jobs {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        if let Some(json) = self.json(session).filter(|_| self.as_json) {
            return json;
        }
        let status = listing(session.tracked(), &session.jobs().status(), session.columns());
        // The list shows every end, so the notices of these are dropped.
        let _ = session.report();
        Ok(status.strip_suffix('\n').map_or(Reply::Nothing, |status| Reply::Shown(status.to_owned())))
    }

    fn json(&self, session: &Session) -> Option<Result<Reply, String>> {
        Some(json(&Value::plain(Dynamic::from(session.tracked().clone())), session.tracked()).map(Reply::Shown))
    }
}
