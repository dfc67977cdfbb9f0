//! What defines a word: its usage, help, completion and arguments, and the action they make.
//!
//! Knows none of the words.

use std::fmt;

use super::arguments::Arguments;
pub(super) use super::reply::Reply;
pub(super) use crate::session::Session;

/// A word that begins a command.
pub(crate) struct Word {
    pub(crate) name: &'static str,
    /// How it is typed.
    pub(crate) usage: &'static str,
    /// What it does, for `help`.
    pub(crate) help: &'static str,
    /// What completion offers after it.
    pub(crate) completion: Completion,
    /// The options that take a value, each with its dashes.
    pub(super) with_value: &'static [&'static str],
    /// Reads what follows the word.
    pub(super) read: fn(&mut Arguments) -> Result<Box<dyn Action>, String>,
}

/// What can follow a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    /// Nothing, or only options.
    Nothing,
    /// Job numbers, and whatever else [selects](crate::selection::Selection) jobs.
    Jobs,
    /// Another word.
    Word,
    /// Names of groups.
    Groups,
    /// The path of a folder.
    Folders,
}

/// A command with its arguments, ready to run.
pub(crate) trait Action: fmt::Debug {
    /// Runs at the prompt.
    ///
    /// # Errors
    ///
    /// Why it can't be done.
    fn run(&self, session: &mut Session, line: CommandLine) -> Result<Reply, String>;

    /// Runs in the debugger without counting the line; none if it does there what it does at the prompt.
    fn run_in_debugger(&self, _session: &mut Session) -> Option<Reply> {
        None
    }

    /// Its value as JSON; none if it has no value.
    fn json(&self, _session: &Session) -> Option<Result<Reply, String>> {
        None
    }
}

/// The line that a command was typed in.
#[derive(Clone, Copy)]
pub(crate) struct CommandLine {
    pub(crate) number: usize,
    /// All words that can begin one.
    pub(crate) words: &'static [Word],
}
