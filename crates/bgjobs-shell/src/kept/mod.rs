//! The words of the command line for jobs that outlive the program: `bgjobs start`, `ps`, `wait` and so on.
//!
//! Knows nothing of prompts and sessions.

mod log;
mod looking;
mod mcp;
mod removing;
mod start;
mod text;
mod word;

use std::{ffi::OsString, process::ExitCode};

use bgjobs::Stream;
use lexopt::Parser;

use self::word::{Action, Trouble};
use crate::batch;

/// The words, each with its usage.
const WORDS: [(&str, &str, Action); 9] = [
    ("start", start::USAGE, start::start),
    ("ps", looking::PS, looking::ps),
    ("wait", looking::WAIT, looking::wait),
    ("log", log::USAGE, log::log),
    ("result", looking::RESULT, looking::result),
    ("stop", removing::STOP, removing::stop),
    ("rm", removing::RM, removing::rm),
    ("sweep", removing::SWEEP, removing::sweep),
    ("mcp", mcp::USAGE, mcp::mcp),
];

/// Carries out the words of a command line that are about jobs that outlive the program, such as `wait k12`, and returns the
/// exit code; `None` if they are about something else.
///
/// The program has called [`bgjobs::supervise`] before. What was asked for goes to standard output, and the code is 2 if it
/// could not be done.
#[must_use]
pub fn kept(words: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut words = words.into_iter();
    let first = words.next()?;
    let &(word, usage, action) = WORDS.iter().find(|(word, ..)| first == *word)?;
    let rest: Vec<_> = words.collect();
    let done = if rest.first().is_some_and(|word| word == "--help" || word == "-h") {
        batch::write(Stream::Out, usage);
        Ok(ExitCode::SUCCESS)
    } else {
        action(Parser::from_args(rest))
    };
    let code = done.unwrap_or_else(|trouble| {
        batch::write(
            Stream::Err,
            &match trouble {
                Trouble::Usage(error) => format!("bgjobs {word}: {error}\n\n{usage}"),
                Trouble::Refused(text) => format!("bgjobs {word}: {text}"),
            },
        );
        ExitCode::from(2)
    });
    Some(if batch::has_lost_output() { ExitCode::from(2) } else { code })
}
