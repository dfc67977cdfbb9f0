//! A session with the words of a shell: takes lines, and says what is to be shown.
//!
//! Knows nothing of terminals and pipes. A command that does more than show something has a file of its own.

mod debug;
mod fg;
mod groups;
mod help;
mod kill;
mod log;
mod place;
mod processes;
mod why;

use std::time::Duration;

use bgjobs::{AnyJob, Stream, one_line};

use crate::{
    commands::Command,
    digest::Digest,
    foreground::Waited,
    lang::{Value, jobs_as_json, json},
    listing::listing,
    render,
    selection::Selection,
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
    if session.debugger().is_some() {
        return debug::answer(session, line);
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
        Answer::Sent(job) => Reply::Shown(render::sent(&job)),
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
        Answer::Sent(job) => return Reply::Shown(render::sent(&job)),
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
        Answer::Sent(job) => Reply::Shown(render::sent(job)),
        Answer::Failed(failure) => Reply::Wrong(render::failure(failure)),
    }
}

fn carry_out(session: &mut Session, number: usize, command: &Command) -> Reply {
    match command {
        Command::Describe(name) => help::describe(session, name),
        Command::Jobs => {
            let status = listing(session.told(), &session.jobs().status(), session.columns());
            // Who has seen the lists need not be told any more.
            let _ = session.report();
            match status.strip_suffix('\n') {
                Some(status) => Reply::Shown(status.to_owned()),
                None => Reply::Nothing,
            }
        }
        Command::Debug(None) => debug::line(session),
        Command::Debug(Some(selection)) => with_job(session, selection, debug::job),
        Command::JobsAsJson => match jobs_as_json(session.told()) {
            Ok(text) => Reply::Shown(text),
            Err(refusal) => Reply::Wrong(refusal),
        },
        Command::Digest => Reply::Shown(Digest::new(session.told(), None).to_string()),
        Command::Notify(None) => Reply::Shown(session.notifier().get().to_string()),
        Command::Notify(Some(notify)) => {
            session.notifier().set(*notify);
            Reply::Nothing
        }
        Command::Foreground(selection) => with_job(session, selection, |session, job| fg::bring(session, number, job)),
        Command::Kill(selection) => with_jobs(session, selection, kill::stop),
        Command::Log(selection, view) => with_jobs(session, selection, |session, jobs| log::show(session, jobs, view)),
        Command::Why(selection) => with_jobs(session, selection, |_, jobs| why::tell(jobs)),
        Command::Groups => groups::list(session),
        Command::Limit(group, limit) => groups::limit(session, group, *limit),
        Command::Pause(names) => groups::each(session, names, |group| {
            group.pause();
        }),
        Command::Resume(names) => groups::each(session, names, |group| {
            group.resume();
        }),
        Command::Wait(Some(selection)) => with_jobs(session, selection, wait),
        Command::Wait(None) => {
            // Others may be started meanwhile.
            while let Some(job) = session.awaited().next() {
                if session.wait_for(&job, |_| {}) != Waited::Ended {
                    break;
                }
            }
            Reply::Nothing
        }
        Command::Run(line) => {
            let answer = session.run_command(line);
            shown(session, number, &answer)
        }
        Command::Start(line) => {
            let answer = session.start_command(line);
            shown(session, number, &answer)
        }
        Command::Help(None) => Reply::Shown(render::overview()),
        Command::Help(Some(name)) => help::help(session, name),
        Command::Leave => Reply::Leave,
        Command::Where(selection) => with_jobs(session, selection, |_, jobs| {
            Reply::Shown(jobs.iter().map(place::tell).collect::<Vec<_>>().join("\n"))
        }),
    }
}

/// Does something with the jobs that are selected.
fn with_jobs(
    session: &mut Session,
    selection: &Selection,
    act: impl FnOnce(&mut Session, &[AnyJob]) -> Reply,
) -> Reply {
    match selection.jobs(session.jobs()) {
        Ok(jobs) => act(session, &jobs),
        Err(refusal) => Reply::Wrong(refusal),
    }
}

/// Does something with the one job that is selected.
fn with_job(session: &mut Session, selection: &Selection, act: impl FnOnce(&mut Session, &AnyJob) -> Reply) -> Reply {
    with_jobs(session, selection, |session, jobs| match jobs {
        [job] => act(session, job),
        _ => Reply::Wrong(format!("{} jobs are meant, and one is wanted: give its number", jobs.len())),
    })
}

fn wait(session: &mut Session, jobs: &[AnyJob]) -> Reply {
    for job in jobs {
        if session.wait_for(job, |_| {}) != Waited::Ended {
            break;
        }
    }
    Reply::Nothing
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
