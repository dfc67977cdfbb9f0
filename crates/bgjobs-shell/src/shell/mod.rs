//! A session with the words of a shell: takes lines, and replies with text.
//!
//! Knows nothing of terminals and pipes, and none of the words.

mod debugger;

use bgjobs::{Stream, one_line};

pub use crate::commands::Reply;
use crate::{
    commands::{self, ValueView, WORDS},
    lang::{Value, json},
    session::{Answer, Session},
    suggestion::{Known, suggestion},
};

/// Answers a line, command or program, and shows its value with the number of the line.
pub fn answer(session: &mut Session, line: &str) -> Reply {
    if line.trim().is_empty() {
        return Reply::Nothing;
    }
    let view = ValueView::Numbered(session.number());
    let reply = command(session, line, view).unwrap_or_else(|| {
        let answer = session.answer(line);
        with_suggestion(session, line, &answer, view)
    });
    reply.within(session.tracked().width.get())
}

/// Answers a line that is a command, or for the debugger.
fn command(session: &mut Session, line: &str, view: ValueView) -> Option<Reply> {
    if session.debugger.is_some() {
        return Some(debugger::answer(session, line));
    }
    let action = parse(session, line)?;
    let number = session.number();
    session.skip();
    Some(action.map_or_else(Reply::Wrong, |action| commands::run(&*action, session, number, view)))
}

/// Answers a line that stands alone, called `name` in tracebacks: shows its value without a number.
pub fn answer_alone(session: &mut Session, name: &str, line: &str) -> Reply {
    command(session, line, ValueView::Alone).unwrap_or_else(|| {
        let answer = session.answer_as(name, line);
        with_suggestion(session, line, &answer, ValueView::Alone)
    })
}

/// Answers lines of a file, called `name` in tracebacks: shows no value of a program, and where a command failed.
pub fn answer_in_file(session: &mut Session, name: &str, line: &str) -> Reply {
    let reply = command(session, line, ValueView::Hidden).map(|reply| {
        let number = line.chars().take_while(|&c| c == '\n').count() + 1;
        let placed = |text| format!("{name}, line {number}: {text}");
        match reply {
            Reply::Wrong(text) => Reply::Wrong(placed(text)),
            Reply::Failed(text, status) => Reply::Failed(placed(text), status),
            reply => reply,
        }
    });
    let reply = reply.unwrap_or_else(|| {
        let answer = session.answer_as(name, line);
        with_suggestion(session, line, &answer, ValueView::Hidden)
    });
    reply.within(session.tracked().width.get())
}

/// Answers a line that stands alone, called `name` in tracebacks: shows its value as JSON, even `()`.
pub fn answer_as_json(session: &mut Session, name: &str, line: &str) -> Reply {
    if let Some(action) = parse(session, line) {
        let json = action.ok().and_then(|action| action.json(session));
        let none = || Err(format!("`{}` is a command, and has no value to show as JSON", one_line(line.trim())));
        return json.unwrap_or_else(none).unwrap_or_else(Reply::Wrong);
    }
    let value = match session.answer_as(name, line) {
        Answer::Nothing => Value::plain(()),
        Answer::Value(value) => value,
        answer => return Reply::new(session, &answer, ValueView::Alone),
    };
    json(&value, session.tracked()).map_or_else(Reply::Wrong, Reply::Value)
}

/// The reply to the answer of a line; to an error, with what the line was probably meant to be.
fn with_suggestion(session: &Session, line: &str, answer: &Answer, view: ValueView) -> Reply {
    let reply = Reply::new(session, answer, view);
    let (Reply::Wrong(text), Answer::Failed(failure)) = (&reply, answer) else { return reply };
    let commands: Vec<_> = WORDS.iter().map(|word| word.name).collect();
    let names: Vec<_> = commands.iter().copied().chain(session.functions()).collect();
    let is_function = |name: &str| session.functions().any(|function| function == name);
    let known =
        Known { is_function: &is_function, commands: &commands, names: &names, environment: session.environment() };
    match suggestion(line, failure.message(), &known) {
        Some(meant) => Reply::Wrong(format!("{text}\ndid you mean `{}`?", one_line(&meant))),
        None => reply,
    }
}

/// Whether only a prompt understands a line: a command, or a program for the background.
#[cfg(feature = "terminal")]
pub(crate) fn is_for_prompt(session: &Session, line: &str) -> bool {
    parse(session, line).is_some() || crate::lang::Input::new(line).background
}

fn parse(session: &Session, line: &str) -> Option<Result<Box<dyn commands::Action>, String>> {
    commands::parse(line, |name| session.names().variable(name).is_some())
}

/// Where a reply goes: values to standard output, errors to standard error.
#[must_use]
pub fn stream(reply: &Reply) -> Option<(Stream, &str)> {
    match reply {
        Reply::Nothing | Reply::Leave(_) => None,
        Reply::Shown(text) | Reply::Value(text) => Some((Stream::Out, text)),
        Reply::Wrong(text) | Reply::Failed(text, _) => Some((Stream::Err, text)),
    }
}
