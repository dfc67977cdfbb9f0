//! `keep !make`, `attach k12` and `kept`: jobs that outlive the session.

use bgjobs::KeptId;

use super::word::{Action, CommandLine, Completion, Reply, Session, Word, WordOption};
use crate::{keeping::kept_jobs, kept_listing};

pub(super) const ATTACH: Word = Word {
    name: "attach",
    usage: "attach k12",
    help: "Follows a kept job as a job of this session, with a number, a log and a notice.\n\
           `kill` stops the kept job too; leaving the shell leaves it alone.",
    completion: Completion::Nothing,
    options: &[],
    read: |arguments| {
        let id = arguments.word().ok_or("attach needs a kept job, as in `attach k12`; `kept` lists them")?;
        Ok(Box::new(Attach(id.parse().map_err(|error: bgjobs::ParseKeptIdError| error.to_string())?)))
    },
};

pub(super) const WORD: Word = Word {
    name: "keep",
    usage: "keep !make -j2",
    help: "Runs a line in the system's shell as a job that goes on when this shell is left, or killed.\n\
           It has a number here as any job, and one for all shells, such as k12:\n\
           `attach k12` follows it later, `bgjobs wait k12` waits for it in a script.",
    completion: Completion::Nothing,
    options: &[],
    read: |_| Err("keep needs a line for the system's shell, as in `keep !make`".to_owned()),
};

pub(super) const KEPT: Word = Word {
    name: "kept",
    usage: "kept [--all]",
    help: "Lists kept jobs of all shells: those that run, and the newest 20.",
    completion: Completion::Nothing,
    options: &[WordOption { typed: "-a, --all", what: "all of them" }],
    read: |arguments| Ok(Box::new(Kept { all: arguments.flag(&["-a", "--all"]) })),
};

/// Runs a line in the system's shell that goes on without this session.
#[derive(Debug)]
pub(super) struct Keep(String);

/// Parses `keep !make`; none for any other line.
pub(super) fn parse(line: &str) -> Option<Result<Keep, String>> {
    let rest = line.trim().strip_prefix(WORD.name)?;
    let command = rest.trim_start().strip_prefix('!').filter(|_| rest.starts_with(char::is_whitespace))?.trim();
    Some(if command.is_empty() {
        Err("keep ! needs a command, as in `keep !make`".to_owned())
    } else {
        Ok(Keep(command.to_owned()))
    })
}

impl Action for Keep {
    fn run(&self, session: &mut Session, line: CommandLine) -> Result<Reply, String> {
        let (id, answer) = session.keep(&self.0)?;
        Ok(match Reply::new(session, &answer, Some(line.number)) {
            Reply::Shown(text) => Reply::Shown(format!("{text}, kept as {id}: it goes on without this session")),
            other => other,
        })
    }
}

/// Follows a kept job.
#[derive(Debug)]
struct Attach(KeptId);

impl Action for Attach {
    fn run(&self, session: &mut Session, line: CommandLine) -> Result<Reply, String> {
        let answer = session.attach(self.0)?;
        Ok(Reply::new(session, &answer, Some(line.number)))
    }
}

/// Lists kept jobs.
#[derive(Debug)]
struct Kept {
    all: bool,
}

impl Action for Kept {
    fn run(&self, _: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let jobs = kept_listing::listed(&kept_jobs()?, self.all).map_err(|error| error.to_string())?;
        let read: Vec<_> = jobs.iter().map(bgjobs::KeptJob::summary).collect();
        Ok(Reply::Shown(kept_listing::listing(&read)))
    }
}
