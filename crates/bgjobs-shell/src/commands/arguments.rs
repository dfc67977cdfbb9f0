//! What stands behind a command word: values and options.
//!
//! Knows nothing of any one command.

use std::{collections::VecDeque, ffi::OsString};

use bgjobs::one_line;
use lexopt::Arg;

use super::Word;
use crate::selection::Selection;

/// What stands behind a command word, to be taken out piece by piece.
#[derive(Debug)]
pub(super) struct Arguments {
    word: &'static str,
    usage: &'static str,
    values: VecDeque<String>,
    /// Each with its dashes, and its value if it was given one by `=` or in the next word.
    options: Vec<(String, Option<String>)>,
}

impl Arguments {
    /// Reads a text; an option of `with_value` takes the next word.
    ///
    /// # Errors
    ///
    /// A quote that is not closed.
    pub(super) fn new(word: &Word, text: &str) -> Result<Self, String> {
        let Word { name, usage, with_value, .. } = *word;
        // To a shell a # begins a comment; here it stands before the number of a job.
        let text = if text.contains(['"', '\'']) { text.to_owned() } else { text.replace('#', "%") };
        let Some(words) = shlex::split(&text) else {
            return Err(format!("{name} {}: a quote is open; close it, as in 'fit a'", one_line(text.trim())));
        };
        let (mut values, mut options) = (VecDeque::new(), Vec::new());
        let mut parser = lexopt::Parser::from_args(words);
        let text = |value: OsString| value.to_string_lossy().into_owned();
        loop {
            let option = match parser.next() {
                Ok(None) => break,
                Ok(Some(Arg::Value(value))) => {
                    values.push_back(text(value));
                    continue;
                }
                Ok(Some(Arg::Short(letter))) => format!("-{letter}"),
                Ok(Some(Arg::Long(option))) => format!("--{option}"),
                Err(error) => return Err(format!("{name}: {error}; `help {name}` says what it understands")),
            };
            let value = if with_value.contains(&option.as_str()) {
                let value = parser.value().map_err(|_| format!("{name}: {option} wants a value, as in `{usage}`"))?;
                Some(text(value))
            } else {
                None
            };
            options.push((option, value));
        }
        Ok(Self { word: name, usage, values, options })
    }

    /// Whether an option was given; each name with its dashes.
    pub(super) fn flag(&mut self, names: &[&str]) -> bool {
        let before = self.options.len();
        self.options.retain(|(option, _)| !names.contains(&option.as_str()));
        self.options.len() < before
    }

    /// The value of an option, the last if it was given several times.
    pub(super) fn value(&mut self, names: &[&str]) -> Option<String> {
        let place = self.options.iter().rposition(|(option, _)| names.contains(&option.as_str()))?;
        let (_, value) = self.options.remove(place);
        self.options.retain(|(option, _)| !names.contains(&option.as_str()));
        value
    }

    /// The next word that is no option.
    pub(super) fn word(&mut self) -> Option<String> {
        self.values.pop_front()
    }

    /// All other words, each the name of a group.
    pub(super) fn groups(&mut self) -> Result<Vec<String>, String> {
        if self.values.is_empty() {
            return Err(format!("{} wants a group, as in `{}`", self.word, self.usage));
        }
        Ok(self.values.drain(..).collect())
    }

    /// The jobs that all other words select.
    pub(super) fn jobs(&mut self) -> Result<Selection, String> {
        self.some_jobs()?.ok_or_else(|| format!("{} wants a job, as in `{}`", self.word, self.usage))
    }

    /// The jobs that all other words select, if there are any words.
    pub(super) fn some_jobs(&mut self) -> Result<Option<Selection>, String> {
        let selection = Selection::parse(self.values.make_contiguous())?;
        self.values.clear();
        Ok(Some(selection).filter(|selection| !selection.is_empty()))
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), String> {
        let understands = format!("`help {}` says what it understands", self.word);
        if let Some((option, _)) = self.options.first() {
            return Err(format!("{} has no option {}; {understands}", self.word, one_line(option)));
        }
        match self.values.front() {
            Some(value) => Err(format!("{} does not understand `{}`; {understands}", self.word, one_line(value))),
            None => Ok(()),
        }
    }
}
