//! A session with the words of a shell: takes lines, and says what is to be shown.
//!
//! Knows nothing of terminals and pipes.

use std::time::Duration;

use bgjobs::{AnyJob, FailureKind, JobId, LogCursor, Stream, many_lines, one_line};

use crate::{
    commands::Command,
    lang::{Digest, Value, jobs_as_json, json, own_names},
    listing::listing,
    render,
    session::{Answer, Session},
};

/// How long a stop is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is to be shown after a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing.
    Nothing,
    /// A value or a list.
    Shown(String),
    /// Something went wrong.
    Wrong(String),
    /// The user wants to leave.
    Leave,
}

/// Answers a line, be it a command or a program, and shows a value with the number of the line.
pub fn answer(session: &mut Session, line: &str) -> Reply {
    if line.trim().is_empty() {
        return Reply::Nothing;
    }
    let number = session.number();
    match command(session, line) {
        None => {
            let answer = session.answer(line);
            shown(session, number, &answer)
        }
        Some(Err(refusal)) => {
            session.skip();
            Reply::Wrong(refusal)
        }
        Some(Ok(command)) => {
            session.skip();
            carry_out(session, number, &command)
        }
    }
}

/// Answers a line that is the only one, called `name` in tracebacks: a value is shown by itself.
pub fn answer_alone(session: &mut Session, name: &str, line: &str) -> Reply {
    if command(session, line).is_some() {
        return answer(session, line);
    }
    match session.answer_as(name, line) {
        Answer::Nothing => Reply::Nothing,
        Answer::Value(value) => Reply::Shown(session.show(&value)),
        Answer::Failed(failure) => Reply::Wrong(render::failure(&failure)),
    }
}

/// Answers a line that is the only one, called `name` in tracebacks: its value is shown as JSON, even if it is `()`.
pub fn answer_as_json(session: &mut Session, name: &str, line: &str) -> Reply {
    if let Some(command) = command(session, line) {
        if matches!(command, Ok(Command::Jobs | Command::JobsAsJson)) {
            return carry_out(session, 0, &Command::JobsAsJson);
        }
        return Reply::Wrong(format!("`{}` is a command, and has no value to be shown as JSON", one_line(line.trim())));
    }
    let value = match session.answer_as(name, line) {
        Answer::Nothing => Value::plain(()),
        Answer::Value(value) => value,
        Answer::Failed(failure) => return Reply::Wrong(render::failure(&failure)),
    };
    match json(&value) {
        Ok(text) => Reply::Shown(text),
        Err(refusal) => Reply::Wrong(refusal),
    }
}

fn command(session: &Session, line: &str) -> Option<Result<Command, String>> {
    Command::parse(line, |name| session.names().variable(name).is_some())
}

fn shown(session: &Session, number: usize, answer: &Answer) -> Reply {
    match answer {
        Answer::Nothing => Reply::Nothing,
        Answer::Value(value) => Reply::Shown(render::value(number, &session.show(value))),
        Answer::Failed(failure) => Reply::Wrong(render::failure(failure)),
    }
}

fn carry_out(session: &mut Session, number: usize, command: &Command) -> Reply {
    let with_job =
        |session: &mut Session, id: JobId, act: &dyn Fn(&mut Session, &AnyJob) -> Reply| match session.jobs().get(id) {
            Ok(job) => act(session, &job),
            Err(unknown) => Reply::Wrong(format!("{unknown:#}")),
        };
    match *command {
        Command::Describe(ref name) => match session.describe(name) {
            Some(text) => Reply::Shown(text),
            None => Reply::Wrong(format!("nothing is known of {}; `help` shows what can be typed", one_line(name))),
        },
        Command::Jobs => {
            let status = listing(session.told(), &session.jobs().status(), session.columns());
            // Who has seen the lists need not be told any more.
            let _ = session.report();
            match status.strip_suffix('\n') {
                Some(status) => Reply::Shown(status.to_owned()),
                None => Reply::Nothing,
            }
        }
        Command::Kill(id) => with_job(session, id, &|session, job| {
            let verdict = job.stop("killed at the prompt", PATIENCE);
            session.told().note_seen(job);
            Reply::Shown(format!("Job #{id} {verdict}"))
        }),
        Command::JobsAsJson => match jobs_as_json(session.told()) {
            Ok(text) => Reply::Shown(text),
            Err(refusal) => Reply::Wrong(refusal),
        },
        Command::Digest => Reply::Shown(Digest::new(session.told(), None).to_string()),
        Command::Notify(None) => Reply::Shown(session.notifier().get().to_string()),
        Command::Notify(Some(notify)) => {
            session.notifier().set(notify);
            Reply::Nothing
        }
        Command::Log(id, ref view) => with_job(session, id, &|session, job| {
            let (view, job, jobs) = (view.clone(), job.clone(), session.told().clone());
            let looked = session.look(move |context, print| view.print(context, &jobs, &job, print));
            match looked {
                Answer::Failed(failure) if failure.kind() != FailureKind::Stop => Reply::Wrong(failure.to_string()),
                _ => Reply::Nothing,
            }
        }),
        Command::Foreground(id) => with_job(session, id, &|session, job| {
            let mut cursor = LogCursor::default();
            let log = job.log();
            let mut show = |session: &Session| {
                for line in log.read(&mut cursor).lines {
                    session.print(line.stream, &many_lines(&line.text).to_string());
                }
                session.told().note_looked(job, cursor.line());
            };
            show(session);
            let stopped = !session.wait_for(job, &mut show);
            if stopped {
                job.stop("interrupted", PATIENCE);
            }
            show(session);
            let answer = session.outcome(job);
            if let Some(own) = own_names(job) {
                session.print(Stream::Err, &format!("Job #{id} {own}"));
            }
            session.told().note_seen(job);
            shown(session, number, &answer)
        }),
        Command::Wait(Some(id)) => with_job(session, id, &|session, job| {
            session.wait_for(job, &mut |_| {});
            Reply::Nothing
        }),
        Command::Wait(None) => {
            for job in session.jobs().running().into_iter().filter(|job| !job.is_daemon()) {
                if !session.wait_for(&job, &mut |_| {}) {
                    break;
                }
            }
            Reply::Nothing
        }
        Command::Help => Reply::Shown(render::HELP.to_owned()),
        Command::Leave => Reply::Leave,
    }
}

/// Where a reply goes: values to standard output, what went wrong to standard error.
#[must_use]
pub fn stream(reply: &Reply) -> Option<(Stream, &str)> {
    match reply {
        Reply::Nothing | Reply::Leave => None,
        Reply::Shown(text) => Some((Stream::Out, text)),
        Reply::Wrong(text) => Some((Stream::Err, text)),
    }
}
