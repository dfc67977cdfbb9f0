//! A line for the system's shell: `!make`, and `!make &` for the background.
//!
//! Knows when a line is one, and nothing of what that shell makes of it.

use super::Command;
#[cfg(feature = "terminal")]
use crate::lang;

/// What `help !` says.
pub(crate) const HELP: &str = "\
!make -j2 [&]
Runs a line of the system's shell (/bin/sh) and shows what it prints, as it comes; with an & it is a
background job. Its standard input is empty. An exit status other than 0 is a failure.
Ctrl-C stops it with all that it has started, Ctrl-Z lets it go on in the background; what it
leaves running is a job of its own. A line goes on after a \\ at its end.
jobs.sh(\"make\", #{dir: \"src\"}) starts one from a program: `?sh` says with which options.";

/// Reads a line whose first character is `!`; none for another.
pub(super) fn parse(line: &str) -> Option<Result<Command, String>> {
    line.trim().strip_prefix('!').map(|line| of_system(line.trim()))
}

/// A line for the system's shell; an `&` at its end is ours.
fn of_system(line: &str) -> Result<Command, String> {
    // As in `a &&`, `>&` and `\\&`, where it is no mark of its own.
    let alone = |line: &&str| !line.ends_with(['&', '<', '>', '|', '\\']);
    let background = line.strip_suffix('&').filter(alone);
    match background.unwrap_or(line).trim_end() {
        "" => Err("! wants a command of the system's shell, as in `!ls`".to_owned()),
        line if background.is_some() => Ok(Command::Start(line.to_owned())),
        line => Ok(Command::Run(line.to_owned())),
    }
}

/// Whether nothing more needs to be typed.
#[cfg(feature = "terminal")]
pub(crate) fn is_whole(text: &str) -> bool {
    if is_of_system(text) {
        // Such a line goes on after a backslash.
        !text.trim_end_matches(['\n', '\r']).ends_with('\\')
    } else {
        lang::is_whole(text)
    }
}

/// Whether a line is one for the system's shell.
#[cfg(feature = "terminal")]
pub(crate) fn is_of_system(line: &str) -> bool {
    line.trim_start().starts_with('!')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_after_an_exclamation_mark_is_for_the_system() {
        let parse = |line| Command::parse(line, |_| false);
        assert_eq!(parse("help !"), Some(Ok(Command::Help(Some("!".to_owned())))));
        for (line, run) in
            [("!ls", "ls"), (" ! a b ", "a b"), ("!a &&", "a &&"), ("!a >&", "a >&"), (r"!a \&", r"a \&")]
        {
            assert_eq!(parse(line), Some(Ok(Command::Run(run.to_owned()))));
        }
        for line in ["!make -j2 &", "!make -j2&", "! make -j2  & "] {
            assert_eq!(parse(line), Some(Ok(Command::Start("make -j2".to_owned()))));
        }
        for line in ["!", " ! ", "!&", "! &"] {
            let refusal = "! wants a command of the system's shell, as in `!ls`".to_owned();
            assert_eq!(parse(line), Some(Err(refusal)), "{line}");
        }
    }

    #[cfg(feature = "terminal")]
    #[test]
    fn a_line_for_the_system_is_whole_unless_it_ends_in_a_backslash() {
        assert!(is_whole("!echo '{' (\n"));
        assert!(!is_whole("!echo a \\\n"));
        assert!(is_whole("!echo a \\\nb"));
        assert!(!is_whole("f("));
    }
}
