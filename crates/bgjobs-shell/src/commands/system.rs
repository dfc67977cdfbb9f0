//! A line for the system's shell: `!make`, and `!make &` for the background.
//!
//! Knows nothing of what that shell does with the line.

use bgjobs::one_line;

use super::word::{Action, CommandLine, Reply, Session};
#[cfg(feature = "terminal")]
use crate::lang;

/// What `help !` says.
pub(super) const HELP: &str = "\
!make -j2 [&]
Runs a line in the system's shell (/bin/sh), which has the terminal: !vi x, !less, !python3.
With an & it is a background job with an empty input. Any exit status but 0 is a failure.
Ctrl-C interrupts it. Ctrl-Z gives the prompt back: it runs on until it reads the terminal, and
fg 3 returns to it. What it leaves running becomes a job of its own. A \\ at the end continues
the line.
jobs.sh(\"make\", #{dir: \"src\", log_file: \"make.log\"}) starts one with options: `?sh` lists them.";

/// Runs a line in the system's shell, or starts it as a background job.
#[derive(Debug)]
pub(super) struct SystemLine {
    pub(super) line: String,
    pub(super) in_background: bool,
}

impl Action for SystemLine {
    fn run(&self, session: &mut Session, line: CommandLine) -> Result<Reply, String> {
        let run = if self.in_background { Session::start_command } else { Session::run_command };
        let answer = run(session, &self.line);
        Ok(Reply::new(session, &answer, Some(line.number)))
    }
}

/// Parses a line that begins with `!`; none for any other.
pub(super) fn parse(line: &str) -> Option<Result<SystemLine, String>> {
    let line = line.trim().strip_prefix('!')?.trim();
    // In `a &&`, `>&` and `\&`, the last `&` belongs to the system's shell.
    let is_own = |line: &&str| !line.ends_with(['&', '<', '>', '|', '\\']);
    let background = line.strip_suffix('&').filter(is_own);
    Some(match background.unwrap_or(line).trim_end() {
        line if is_lost(line) => {
            Err(format!("`!{0}` changes nothing here: its shell ends at once; type `{0}`", one_line(line)))
        }
        "" => Err("! needs a command for the system's shell, as in `!ls`".to_owned()),
        line => Ok(SystemLine { line: line.to_owned(), in_background: background.is_some() }),
    })
}

/// Whether a line only changes the folder of the system's shell, which then ends.
fn is_lost(line: &str) -> bool {
    let to = line.strip_prefix("cd").filter(|rest| rest.is_empty() || rest.starts_with(' '));
    to.is_some_and(|to| !to.contains(['&', ';', '|', '$', '`', '(', '<', '>']))
}

/// Whether a text needs no further line.
#[cfg(feature = "terminal")]
pub(crate) fn is_whole(text: &str) -> bool {
    if is_for_system(text) {
        // Such a line continues after a backslash.
        !text.trim_end_matches(['\n', '\r']).ends_with('\\')
    } else {
        lang::is_whole(text)
    }
}

/// Whether a line is for the system's shell.
#[cfg(feature = "terminal")]
pub(crate) fn is_for_system(line: &str) -> bool {
    line.trim_start().starts_with('!')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_after_an_exclamation_mark_is_for_the_system() {
        let parse = |line| parse(line).map(|read| read.map(|line| (line.line, line.in_background)));
        for (line, run) in
            [("!ls", "ls"), (" ! a b ", "a b"), ("!a &&", "a &&"), ("!a >&", "a >&"), (r"!a \&", r"a \&")]
        {
            assert_eq!(parse(line), Some(Ok((run.to_owned(), false))));
        }
        for line in ["!make -j2 &", "!make -j2&", "! make -j2  & "] {
            assert_eq!(parse(line), Some(Ok(("make -j2".to_owned(), true))));
        }
        for line in ["!", " ! ", "!&", "! &"] {
            let error = "! needs a command for the system's shell, as in `!ls`".to_owned();
            assert_eq!(parse(line), Some(Err(error)), "{line}");
        }
    }

    #[test]
    fn a_change_of_the_folder_in_the_systems_shell_alone_is_an_error() {
        for (line, is_error) in [("!cd ..", true), ("!cd", true), ("!cd src && make", false), ("!cdparanoia", false)] {
            assert_eq!(parse(line).is_some_and(|read| read.is_err()), is_error, "{line}");
        }
        let told = "`!cd ..` changes nothing here: its shell ends at once; type `cd ..`".to_owned();
        assert_eq!(parse("!cd ..").map(|read| read.map(|line| line.line)), Some(Err(told)));
    }

    #[cfg(feature = "terminal")]
    #[test]
    fn a_line_for_the_system_is_complete_unless_it_ends_in_a_backslash() {
        assert!(is_whole("!echo '{' (\n"));
        assert!(!is_whole("!echo a \\\n"));
        assert!(is_whole("!echo a \\\nb"));
        assert!(!is_whole("f("));
    }
}
