//! The arguments of a word: values and options.
//!
//! Knows none of the words.

use std::{collections::VecDeque, ffi::OsString};

use bgjobs::one_line;
use lexopt::Arg;

use crate::{option_help::OptionHelp, selection::Selection};

/// The arguments of a word, taken out one by one.
#[derive(Debug)]
pub(super) struct Arguments {
    word: &'static str,
    usage: &'static str,
    values: VecDeque<String>,
    /// Each with its dashes, and its value if it has one.
    options: Vec<(String, Option<String>)>,
}

impl Arguments {
    /// Splits a text; an option with a value takes the next argument.
    ///
    /// # Errors
    ///
    /// A quote that is not closed, or an option without its value.
    pub(super) fn new(
        word: &'static str,
        usage: &'static str,
        known: &[OptionHelp],
        text: &str,
    ) -> Result<Self, String> {
        // A # at the start of a word begins a comment in a shell; here it stands before the number of a job.
        let text = if text.contains(['"', '\'']) { text.to_owned() } else { format!(" {text}").replace(" #", " %") };
        let Some(words) = shlex::split(&text) else {
            return Err(format!("{word} {}: unclosed quote; close it, as in 'fit a'", one_line(text.trim())));
        };
        let (mut values, mut options) = (VecDeque::new(), Vec::new());
        let mut parser = lexopt::Parser::from_args(words);
        let text = |value: OsString| value.to_string_lossy().into_owned();
        loop {
            let option = match parser.next() {
                Ok(None) => break,
                Ok(Some(Arg::Value(value))) if value.to_string_lossy().ends_with(';') => {
                    let value = text(value);
                    return Err(format!("{word}: one command a line, but `{}` ends one", one_line(&value)));
                }
                Ok(Some(Arg::Value(value))) => {
                    values.push_back(text(value));
                    continue;
                }
                Ok(Some(Arg::Short(letter))) => format!("-{letter}"),
                Ok(Some(Arg::Long(option))) => format!("--{option}"),
                Err(error) => return Err(format!("{word}: {error}; see `help {word}`")),
            };
            let Some(meant) = known.iter().find(|known| known.names().any(|name| name == option)) else {
                return Err(format!("{word} has no option {}; see `help {word}`", one_line(&option)));
            };
            let value = if meant.takes_value() {
                let value = parser.value().map_err(|_| format!("{word}: {option} needs a value, as in `{usage}`"))?;
                Some(text(value))
            } else {
                None
            };
            options.push((option, value));
        }
        Ok(Self { word, usage, values, options })
    }

    /// Whether an option was given, under any of these names, each with its dashes.
    pub(super) fn flag(&mut self, names: &[&str]) -> bool {
        let before = self.options.len();
        self.options.retain(|(option, _)| !names.contains(&option.as_str()));
        self.options.len() < before
    }

    /// The value of an option; the last one if it was given several times.
    pub(super) fn value(&mut self, names: &[&str]) -> Option<String> {
        let index = self.options.iter().rposition(|(option, _)| names.contains(&option.as_str()))?;
        let (_, value) = self.options.remove(index);
        self.options.retain(|(option, _)| !names.contains(&option.as_str()));
        value
    }

    /// The next argument that is not an option.
    pub(super) fn word(&mut self) -> Option<String> {
        self.values.pop_front()
    }

    /// The regular expression between two slashes, if there is one.
    pub(super) fn pattern(&mut self) -> Option<String> {
        let inside = |value: &str| value.strip_prefix('/')?.strip_suffix('/').map(str::to_owned);
        let index = self.values.iter().position(|value| inside(value).is_some())?;
        inside(&self.values.remove(index)?)
    }

    /// All remaining arguments as names of groups.
    pub(super) fn groups(&mut self) -> Result<Vec<String>, String> {
        if self.values.is_empty() {
            return Err(format!("{} needs a group, as in `{}`", self.word, self.usage));
        }
        Ok(self.values.drain(..).collect())
    }

    /// The jobs that the remaining arguments select, if there are any arguments.
    pub(super) fn jobs(&mut self) -> Result<Option<Selection>, String> {
        let selection = Selection::parse(self.values.make_contiguous())?;
        self.values.clear();
        Ok(Some(selection).filter(|selection| !selection.is_empty()))
    }

    /// Rejects arguments that nothing has taken.
    pub(super) fn end(self) -> Result<(), String> {
        let word = self.word;
        match self.values.front() {
            Some(value) => Err(format!("{word} does not understand `{}`; see `help {word}`", one_line(value))),
            None => Ok(()),
        }
    }
}
