//! The table of words, and what they share.
//!
//! Knows nothing of what a word does.

use std::ffi::OsString;

use bgjobs::Stream;
use lexopt::Parser;

use crate::{
    log, looking, output, removing, start,
    word::{Trouble, Word, call_program},
};

/// The words of every face.
const WORDS: [Word; 8] = [
    ("start", start::USAGE, start::start),
    ("ps", looking::PS, looking::ps),
    ("wait", looking::WAIT, looking::wait),
    ("log", log::USAGE, log::log),
    ("result", looking::RESULT, looking::result),
    ("stop", removing::STOP, removing::stop),
    ("rm", removing::RM, removing::rm),
    ("sweep", removing::SWEEP, removing::sweep),
];

/// Carries out the words of a command line that are about jobs that outlive the program, such as `wait k12`, and returns the
/// exit status; `None` if they are about something else.
///
/// `program` is how the program is called, and `more` are words of its own. The program has called [`bgjobs::supervise`] or
/// [`bgjobs::supervise_by`] before. What was asked for goes to standard output, and the status is 2 if it could not be done.
#[must_use]
pub fn run(program: &'static str, words: impl IntoIterator<Item = OsString>, more: &[Word]) -> Option<u8> {
    let mut words = words.into_iter();
    let first = words.next()?;
    let &(word, usage, action) = WORDS.iter().chain(more).find(|(word, ..)| first == *word)?;
    call_program(program);
    let usage = usage.replace("bgjobs ", &format!("{program} "));
    let rest: Vec<_> = words.collect();
    let done = if rest.first().is_some_and(|word| word == "--help" || word == "-h") {
        output::write(Stream::Out, &usage);
        Ok(0)
    } else {
        action(Parser::from_args(rest))
    };
    let status = done.unwrap_or_else(|trouble| {
        output::write(
            Stream::Err,
            &match trouble {
                Trouble::Usage(error) => format!("{program} {word}: {error}\n\n{usage}"),
                Trouble::Refused(text) => format!("{program} {word}: {text}"),
            },
        );
        2
    });
    Some(if output::is_lost() { 2 } else { status })
}
