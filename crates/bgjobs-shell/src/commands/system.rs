//! A line for the system's shell: `!make`, and `!make &` for the background.
//!
//! Knows nothing of what that shell does with the line.

use bgjobs::one_line;

use super::word::{Action, CommandLine, Reply, Session};

/// What `help !` says.
pub(super) const HELP: &str = "\
!make -j2 [&]
Runs a line in the system's shell (/bin/sh), which has the terminal: !vi x, !less, !python3.
With an & it is a background job with an empty input. Any exit status but 0 is a failure.
Ctrl-C interrupts it. Ctrl-Z gives the prompt back: it runs on until it reads the terminal, and
fg 3 returns to it. What it leaves running becomes a job of its own. A \\ at the end continues
the line. set_env(\"BGJOBS_SHELL\", \"/bin/bash\") chooses the shell for later commands.
!make -j2 & #{log_file: \"make.log\"} starts one with options, jobs.sh(\"make -j2\", #{..})
does so from a program: `?sh` lists them.";

/// Runs a line in the system's shell, or starts it as a background job.
#[derive(Debug)]
pub(super) struct SystemLine {
    pub(super) line: String,
    pub(super) place: Place,
}

/// Where a line runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Foreground,
    Background,
    /// In the background, with the options in this map.
    With(String),
}

impl Action for SystemLine {
    fn run(&self, session: &mut Session, line: CommandLine) -> Result<Reply, String> {
        let answer = match &self.place {
            Place::Foreground => session.run_command(&self.line),
            Place::Background => session.start_command(&self.line),
            Place::With(options) => session.start_command_with(&self.line, options),
        };
        Ok(Reply::new(session, &answer, line.view))
    }
}

/// Parses a line that begins with `!`; none for any other.
pub(super) fn parse(line: &str) -> Option<Result<SystemLine, String>> {
    let line = line.trim().strip_prefix('!')?.trim();
    // For the system's shell, what follows would be a comment.
    if let Some((line, map)) = line.strip_suffix('}').and_then(|line| line.rsplit_once("& #{")) {
        return Some(read(line.trim_end(), Place::With(format!("#{{{map}}}"))));
    }
    // In `a &&`, `>&` and `\&`, the last `&` belongs to the system's shell.
    let is_own = |line: &&str| !line.ends_with(['&', '<', '>', '|', '\\']);
    Some(match line.strip_suffix('&').filter(is_own) {
        Some(line) => read(line.trim_end(), Place::Background),
        None => read(line, Place::Foreground),
    })
}

fn read(line: &str, place: Place) -> Result<SystemLine, String> {
    match line {
        line if is_lost(line) => {
            Err(format!("`!{0}` changes nothing here: its shell ends at once; type `{0}`", one_line(line)))
        }
        "" => Err("! needs a command for the system's shell, as in `!ls`".to_owned()),
        line => Ok(SystemLine { line: line.to_owned(), place }),
    }
}

/// Whether a line only changes the folder of the system's shell, which then ends.
fn is_lost(line: &str) -> bool {
    let to = line.strip_prefix("cd").filter(|rest| rest.is_empty() || rest.starts_with(' '));
    to.is_some_and(|to| !to.contains(['&', ';', '|', '$', '`', '(', '<', '>']))
}

/// Whether a line is for the system's shell: `!make`, or `keep !make`.
#[cfg(feature = "terminal")]
pub(crate) fn is_for_system(line: &str) -> bool {
    let line = line.trim_start();
    line.strip_prefix("keep ").unwrap_or(line).trim_start().starts_with('!')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_after_an_exclamation_mark_is_for_the_system() {
        let parse = |line| parse(line).map(|read| read.map(|line| (line.line, line.place)));
        for (line, run) in
            [("!ls", "ls"), (" ! a b ", "a b"), ("!a &&", "a &&"), ("!a >&", "a >&"), (r"!a \&", r"a \&")]
        {
            assert_eq!(parse(line), Some(Ok((run.to_owned(), Place::Foreground))));
        }
        for line in ["!make -j2 &", "!make -j2&", "! make -j2  & "] {
            assert_eq!(parse(line), Some(Ok(("make -j2".to_owned(), Place::Background))));
        }
        let with = || Place::With("#{log_file: 'a'}".to_owned());
        for line in ["!make -j2 & #{log_file: 'a'}", "!make -j2& #{log_file: 'a'} "] {
            assert_eq!(parse(line), Some(Ok(("make -j2".to_owned(), with()))));
        }
        for line in ["!echo '& #{a}'", "!echo & #{a} b", "!echo ${a}"] {
            assert_eq!(parse(line), Some(Ok((line[1..].to_owned(), Place::Foreground))));
        }
        for line in ["!", " ! ", "!&", "! &", "!& #{}"] {
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
}
