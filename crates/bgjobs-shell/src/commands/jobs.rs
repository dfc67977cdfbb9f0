//! `jobs failed`: the list of jobs, of all or of some.

use bgjobs::{AnyJob, Outcome, State, Status};
use rhai::{Array, Dynamic};

use super::{
    meant::{meant, reply},
    word::{Action, CommandLine, Completion, Fitting, Reply, Session, Word},
};
use crate::{
    lang::{Value, json},
    listing::{ListView, listing},
    option_help::OptionHelp,
    selection::Selection,
};

pub(super) const WORD: Word = Word {
    name: "jobs",
    usage: "jobs [failed 5-7 fit*] [-a] [--json]",
    help: "Lists jobs: running, completed, dead; all, or those selected as for `kill`. The lines below a job say\n\
           how long it has run, how far it is (by progress(3, 10), or the bar or 43% of a command), where it is or\n\
           what it waits for, why it died, and how many lines of its log are unread. A group of many jobs takes\n\
           one line, and a list longer than the screen is cut.",
    completion: Completion::Jobs(Fitting::Any),
    options: &[
        OptionHelp { typed: "-a, --all", what: "cuts nothing, and lists each job of a group" },
        OptionHelp { typed: "-j, --json", what: "everything that is known about them, as JSON" },
    ],
    read: |arguments| {
        let (all, as_json) = (arguments.flag(&["-a", "--all"]), arguments.flag(&["-j", "--json"]));
        Ok(Box::new(Jobs { selection: arguments.jobs()?, all, as_json }))
    },
};

#[derive(Debug)]
pub(super) struct Jobs {
    /// None for all.
    pub(super) selection: Option<Selection>,
    pub(super) all: bool,
    pub(super) as_json: bool,
}

impl Action for Jobs {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        if let Some(json) = self.json(session).filter(|_| self.as_json) {
            return json;
        }
        let (status, missing) = if self.selection.is_none() {
            (session.jobs().status(), Vec::new())
        } else {
            let selected = meant(session, self.selection.as_ref(), Fitting::Any, "")?;
            (status(selected.jobs), selected.missing)
        };
        let view = ListView {
            columns: session.columns(),
            rows: session.rows().filter(|_| !self.all),
            folds_groups: self.selection.is_none() && !self.all,
        };
        let list = listing(session.tracked(), &status, view);
        if self.selection.is_none() {
            // The list shows every end, so the notices of these are dropped.
            let _ = session.report();
        }
        for job in status.completed.iter().chain(&status.dead) {
            session.tracked().notices().mark_seen(job.id());
        }
        let shown = list.strip_suffix('\n').map_or(Reply::Nothing, |list| Reply::Shown(list.to_owned()));
        match shown {
            Reply::Shown(list) => reply(session, list, &missing),
            nothing => Ok(nothing),
        }
    }

    fn json(&self, session: &Session) -> Option<Result<Reply, String>> {
        let value = match &self.selection {
            None => Dynamic::from(session.tracked().clone()),
            Some(selection) => match session.select(selection).all() {
                Ok(jobs) => jobs.into_iter().map(Dynamic::from).collect::<Array>().into(),
                Err(missing) => return Some(Err(missing)),
            },
        };
        Some(json(&Value::plain(value), session.tracked()).map(Reply::Value))
    }
}

/// Some jobs in the original's three lists.
fn status(jobs: Vec<AnyJob>) -> Status {
    let mut status = Status::default();
    for job in jobs {
        match job.state() {
            State::Finished(Outcome::Done) => status.completed.push(job),
            State::Finished(_) => status.dead.push(job),
            _ => status.running.push(job),
        }
    }
    status
}
