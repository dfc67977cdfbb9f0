//! `help kill` and `?name`: what a command does, what a function does, what a name holds.

use bgjobs::one_line;

use super::Reply;
use crate::{commands, lang, render, session::Session};

/// What is known of a word, the command first.
pub(super) fn help(session: &Session, name: &str) -> Reply {
    reply(name, of_command(name).or_else(|| of_name(session, name)))
}

/// What is known of a name; of a word that is a command and a function both are told, unless a variable has that name.
pub(super) fn describe(session: &Session, name: &str) -> Reply {
    let command = of_command(name).filter(|_| session.names().variable(name).is_none());
    let parts: Vec<_> = command.into_iter().chain(of_name(session, name)).collect();
    reply(name, (!parts.is_empty()).then(|| parts.join("\n")))
}

fn of_command(name: &str) -> Option<String> {
    match name {
        "!" => Some(commands::HELP_ON_SYSTEM.to_owned()),
        name => commands::word(name).map(render::help),
    }
}

/// What is known of a name that may be written as a call, as `jobs.start()`.
fn of_name(session: &Session, name: &str) -> Option<String> {
    let function = name.strip_suffix("()").unwrap_or(name);
    let function = function.rsplit_once('.').map_or(function, |(_, function)| function);
    let options = || (name == "options").then(lang::options_help);
    session.describe(name).or_else(options).or_else(|| session.describe(function))
}

fn reply(name: &str, known: Option<String>) -> Reply {
    let unknown = || {
        let name = one_line(name);
        Reply::Wrong(format!(
            "nothing is known of {name}; `help` shows what can be typed, `help kill` what a command does, `?sleep` what a function does"
        ))
    };
    known.map_or_else(unknown, Reply::Shown)
}
