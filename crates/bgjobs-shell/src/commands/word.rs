//! What defines a word: its usage, help, completion and arguments, and the action they make.
//!
//! Knows none of the words.

use std::fmt;

use super::arguments::Arguments;
pub(super) use super::fitting::Fitting;
pub(super) use super::reply::{Reply, ValueView};
pub(super) use crate::session::Session;
use crate::{
    option_help::{self, OptionHelp},
    text::flowing,
};

/// A word that begins a command.
pub(crate) struct Word {
    pub(crate) name: &'static str,
    /// How it is typed.
    pub(crate) usage: &'static str,
    /// What it does, for `help`.
    pub(crate) help: &'static str,
    /// What completion offers after it.
    pub(crate) completion: Completion,
    pub(crate) options: &'static [OptionHelp],
    /// Reads what follows the word.
    pub(super) read: fn(&mut Arguments) -> Result<Box<dyn Action>, String>,
}

impl Word {
    /// How it is typed, what it does, and its options; on a terminal, whose columns break lines, with as few others as may be.
    pub(super) fn description(&self, is_on_terminal: bool) -> String {
        let help = if is_on_terminal { flowing(self.help) } else { self.help.to_owned() };
        let text = [self.usage.to_owned(), help].into_iter();
        text.chain(option_help::lines(self.options)).collect::<Vec<_>>().join("\n")
    }
}

/// What can follow a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    /// Nothing, or only options.
    Nothing,
    /// Job numbers, and whatever else [selects](crate::selection::Selection) jobs.
    Jobs(Fitting),
    /// One of these texts, each with what it means.
    Choices(&'static [(&'static str, &'static str)]),
    /// Another word.
    Word,
    /// Names of groups: of those that are paused, of those that are not, or of all.
    Groups { paused: Option<bool> },
    /// Kept jobs that run.
    #[cfg(target_os = "linux")]
    KeptJobs,
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
    pub(crate) view: ValueView,
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
