//! The prompt on a terminal.
//!
//! Knows the line editor, and nothing of what is evaluated.

mod notices;
mod prompt;

use std::io;

use bgjobs::Stream;
use reedline::{Reedline, Signal, ValidationResult, Validator};

use self::{notices::Notifier, prompt::LinePrompt};
use crate::{
    batch::write,
    lang::is_whole,
    render,
    session::Session,
    shell::{self, Reply},
    signals::stop_all,
};

/// Answers what is typed until the user leaves; true if all jobs have ended.
///
/// # Errors
///
/// That of the terminal.
pub fn run(session: &mut Session) -> io::Result<bool> {
    let (notifier, printer) = Notifier::start(session.told().clone())?;
    let mut editor =
        Reedline::create().with_validator(Box::new(Whole)).use_bracketed_paste(true).with_external_printer(printer);
    // Whether the last key was a first Ctrl-D.
    let mut leaving = false;
    loop {
        let signal = notifier
            .while_reading(|| session.report(), || editor.read_line(&LinePrompt { number: session.number() }))?;
        let asked_before = std::mem::take(&mut leaving);
        match signal {
            Signal::Success(line) => {
                let reply = shell::answer(session, &line);
                if let Some((stream, text)) = shell::stream(&reply) {
                    write(stream, text);
                }
                if reply != Reply::Leave {
                    continue;
                }
            }
            Signal::CtrlD => {}
            _ => continue,
        }
        let running = session.jobs().running();
        if running.is_empty() || asked_before {
            return Ok(stop_all(session.jobs(), "the shell was left"));
        }
        write(Stream::Out, &render::still_running(&running));
        leaving = true;
    }
}

/// Enter goes on in the next line while a bracket is open.
struct Whole;

impl Validator for Whole {
    fn validate(&self, line: &str) -> ValidationResult {
        if is_whole(line) { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}
