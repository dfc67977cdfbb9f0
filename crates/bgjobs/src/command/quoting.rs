//! Words quoted for a shell.
//!
//! Knows nothing of commands.

use std::{
    ffi::{OsStr, OsString},
    fmt::Write,
};

/// The program and its arguments as a user would type them.
pub(crate) fn line(program: &OsStr, words: &[OsString]) -> String {
    let mut line = String::new();
    for word in std::iter::once(program).chain(words.iter().map(OsString::as_os_str)) {
        let word = word.to_string_lossy();
        let separator = if line.is_empty() { "" } else { " " };
        let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
        let _ = match word.as_ref() {
            word if !word.is_empty() && word.chars().all(plain) => write!(line, "{separator}{word}"),
            word => write!(line, "{separator}'{}'", word.replace('\'', r"'\''")),
        };
    }
    line
}
