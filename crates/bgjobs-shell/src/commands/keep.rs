//! `keep !make`, `keep fit(50)`, `disown 3`, `attach k12` and `kept`: jobs that outlive the session.

use bgjobs::{AnyJob, KeptId};
use bgjobs_cli::{listing as kept_listing, text};

use super::word::{Action, CommandLine, Completion, Fitting, Reply, Session, Word, begins_arguments};
use crate::{
    lang::{Input, Source, kept_jobs},
    option_help::OptionHelp,
    selection::Selection,
    session::Answer,
};

pub(super) const ATTACH: Word = Word {
    name: "attach",
    usage: "attach k12",
    help: "Follows a kept job as a job of this session, with a number, a log and a notice.\n\
           `kill` stops the kept job too; leaving the shell leaves it alone.",
    completion: Completion::KeptJobs,
    options: &[],
    read: |arguments| {
        let id = arguments.word().ok_or("attach needs a kept job, as in `attach k12`; `kept` lists them")?;
        Ok(Box::new(Attach(id.parse().map_err(|error: bgjobs::ParseKeptIdError| error.to_string())?)))
    },
};

pub(super) const DISOWN: Word = Word {
    name: "disown",
    usage: "disown 3",
    help: "Lets commands that run in the background go on when this shell is left, or killed, as `keep !make` does\n\
           from the start. One that has had the terminal, or that reads an input, can't leave.",
    completion: Completion::Jobs(Fitting::Live),
    options: &[],
    read: |arguments| {
        let jobs = arguments.jobs()?.ok_or("disown needs a job, as in `disown 3`; `jobs` lists them")?;
        Ok(Box::new(Disown(jobs)))
    },
};

pub(super) const WORD: Word = Word {
    name: "keep",
    usage: "keep !make -j2",
    help: "Runs a line in the system's shell as a job that goes on when this shell is left, or killed;\n\
           `keep fit(50)` evaluates an expression like that, in a process of its own. It takes along the\n\
           functions and the variables that it uses, and gives back its value or its failure.\n\
           It has a number here as any job, and one for all shells, such as k12:\n\
           `attach k12` follows it later, `bgjobs wait k12` waits for it in a script.\n\
           jobs.start(fit, [50], #{keep: true}) and jobs.sh(\"make\", #{keep: true}) do it from a program.",
    completion: Completion::Nothing,
    options: &[],
    read: |_| Err("keep needs something to run, as in `keep !make` or `keep fit(50)`".to_owned()),
};

pub(super) const KEPT: Word = Word {
    name: "kept",
    usage: "kept [--all]",
    help: "Lists kept jobs of all shells, and what they take of the disk: those that run, and the newest 20.",
    completion: Completion::Nothing,
    options: &[OptionHelp { typed: "-a, --all", what: "all of them" }],
    read: |arguments| Ok(Box::new(Kept { all: arguments.flag(&["-a", "--all"]) })),
};

/// Runs a line in the system's shell, or evaluates a text, without this session.
#[derive(Debug)]
pub(super) enum Keep {
    Command(String),
    Text(String),
}

/// Parses `keep !make` and `keep fit(50)`; none for any other line.
pub(super) fn parse(line: &str) -> Option<Result<Keep, String>> {
    let rest = line.trim().strip_prefix(WORD.name)?;
    let what = rest.trim_start();
    if what.is_empty() || !rest.starts_with(char::is_whitespace) {
        return None;
    }
    if let Some(command) = what.strip_prefix('!').map(str::trim) {
        return Some(if command.is_empty() {
            Err("keep ! needs a command, as in `keep !make`".to_owned())
        } else {
            Ok(Keep::Command(command.to_owned()))
        });
    }
    if !begins_arguments(what) && !what.starts_with(['{', '[', '`']) {
        return None;
    }
    let input = Input::new(what);
    Some(if input.background {
        Err("a kept job runs in the background anyway: leave out the `&`".to_owned())
    } else {
        Ok(Keep::Text(input.text.to_owned()))
    })
}

impl Action for Keep {
    fn run(&self, session: &mut Session, line: CommandLine) -> Result<Reply, String> {
        let answer = match self {
            Self::Command(command) => session.keep_command(command),
            Self::Text(text) => session.keep_text(&Source::new(format!("In[{}]", line.number), text.as_str())),
        };
        let kept = match &answer {
            Answer::Value(job) => job.data().read_lock::<AnyJob>().and_then(|job| session.tracked().kept(&job)),
            _ => None,
        };
        Ok(match (Reply::new(session, &answer, line.view), kept) {
            (Reply::Value(text), Some(kept)) => {
                Reply::Shown(format!("{text}, kept as {kept}: it goes on without this session"))
            }
            (Reply::Nothing, Some(kept)) => Reply::Shown(format!("kept as {kept}: it goes on without this session")),
            (reply, _) => reply,
        })
    }
}

/// Lets commands go on without this session.
#[derive(Debug)]
struct Disown(Selection);

impl Action for Disown {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let mut lines = Vec::new();
        for job in session.select(&self.0).all()? {
            let kept = session.disown(&job)?;
            lines.push(format!("Job #{} is kept as {kept}: it goes on without this session", job.id()));
        }
        Ok(Reply::Shown(lines.join("\n")))
    }
}

/// Follows a kept job.
#[derive(Debug)]
struct Attach(KeptId);

impl Action for Attach {
    fn run(&self, session: &mut Session, line: CommandLine) -> Result<Reply, String> {
        let answer = session.attach(self.0)?;
        Ok(Reply::new(session, &answer, line.view))
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
        Ok(Reply::Shown(text::list(&jobs, &read)))
    }
}
