//! The prompt of the debugger: its own words, those of the shell, and lines that are evaluated in a frame.

use bgjobs::many_lines;

use crate::{
    commands::{
        self, Reply, ValueView,
        debug::{self, frames, here, locals},
    },
    session::Session,
};

/// Answers a line typed in the debugger.
pub(super) fn answer(session: &mut Session, line: &str) -> Reply {
    let width = session.tracked().width.get();
    let Some(debugger) = &mut session.debugger else { return Reply::Nothing };
    let names = debugger.names();
    let is_variable = |name: &str| names.variable(name).is_some();
    match line.trim() {
        word if is_variable(word) => {}
        "up" if debugger.up() => return Reply::Shown(here(debugger, width)),
        "down" if debugger.down() => return Reply::Shown(here(debugger, width)),
        "up" => return Reply::Wrong("this is the outermost frame; down goes back".to_owned()),
        "down" => {
            return Reply::Wrong("this is the innermost frame, where it failed; up goes to the caller".to_owned());
        }
        "frames" | "bt" => return Reply::Shown(frames(debugger, width)),
        "locals" => return Reply::Shown(locals(debugger)),
        line => {
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if debug::WORDS.contains(&word) && !is_variable(word) && commands::begins_arguments(rest.trim_start()) {
                return Reply::Wrong(format!("{word} takes no arguments; `help` shows what can be typed here"));
            }
        }
    }
    match commands::parse(line, is_variable) {
        Some(Ok(action)) => action.run_in_debugger(session).unwrap_or_else(|| {
            let number = session.number();
            session.skip();
            commands::run(&*action, session, number, ValueView::Numbered(number))
        }),
        Some(Err(error)) => Reply::Wrong(error),
        None => {
            let answer = session.answer_in_frame(line);
            match Reply::new(session, &answer, ValueView::Alone) {
                Reply::Value(text) => Reply::Value(many_lines(&text).to_string()),
                reply => reply,
            }
        }
    }
}
