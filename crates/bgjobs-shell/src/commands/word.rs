//! What defines a word: its usage, help, completion and arguments, and the action they make.
//!
//! Knows none of the words.

use std::fmt;

use super::arguments::Arguments;
pub(crate) use super::arguments::WordOption;
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
    pub(crate) options: &'static [WordOption],
    /// Reads what follows the word.
    pub(super) read: fn(&mut Arguments) -> Result<Box<dyn Action>, String>,
}

impl Word {
    /// How it is typed, what it does, and its options.
    pub(super) fn description(&self) -> String {
        let options = self.options.iter().map(|WordOption { typed, what }| format!("\n{typed:<18}{what}"));
        format!("{}\n{}{}", self.usage, self.help, options.collect::<String>())
    }
}

/// What can follow a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    /// Nothing, or only options.
    Nothing,
    /// Job numbers, and whatever else [selects](crate::selection::Selection) jobs.
    Jobs,
    /// The same, but only jobs that have not ended.
    LiveJobs,
    /// One of these texts, each with what it means.
    Choices(&'static [(&'static str, &'static str)]),
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

/// Whether the text after a word is its arguments, and not the rest of a program as in `kill = 3` and `kill - 1`.
pub(crate) fn begins_arguments(rest: &str) -> bool {
    let begins = |c: char| c.is_alphanumeric() || matches!(c, '_' | '%' | '#' | '"' | '\'');
    let option = |rest: &str| rest.trim_start_matches('-').starts_with(char::is_alphanumeric);
    matches!(rest, "" | "!")
        || rest.starts_with(begins)
        || rest.starts_with('-') && option(rest)
        || rest.strip_prefix('*').is_some_and(begins_after_star)
}

/// Whether a `*` before this text stands for any job or any text in a name, as in `kill *`, `log * -n 5`, `kill *fit`,
/// and does not multiply.
fn begins_after_star(rest: &str) -> bool {
    let options = rest.trim_start();
    let is_option = options.trim_start_matches('-').starts_with(char::is_alphabetic);
    options.is_empty() || options.starts_with('-') && is_option || rest.starts_with(char::is_alphanumeric)
}
