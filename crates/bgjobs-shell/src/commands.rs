//! The words of a shell: `jobs`, `fg 3`, `kill 3`, `wait`, `log 3`, `help`, `?name`, `!make`.
//!
//! Knows when a line is one, and nothing of what it does.

use bgjobs::JobId;

#[cfg(feature = "terminal")]
use crate::lang;

/// The words that begin a command.
#[cfg(feature = "terminal")]
pub(crate) const WORDS: &[&str] = &["exit", "fg", "help", "jobs", "kill", "log", "quit", "wait"];

/// A line that is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Shows all jobs.
    Jobs,
    /// Waits for a job, shows what it prints, and then its value.
    Foreground(JobId),
    /// Stops a job.
    Kill(JobId),
    /// Shows what a job printed.
    Log(JobId),
    /// Waits for a job, or for all.
    Wait(Option<JobId>),
    /// Shows what can be typed.
    Help,
    /// Shows what is known of a name, or of the number of a job.
    Describe(String),
    /// Runs a line of the system's shell.
    Run(String),
    /// Starts a line of the system's shell as a background job.
    Start(String),
    /// Leaves.
    Leave,
}

impl Command {
    /// Reads a line; none if it is a program.
    ///
    /// A command word counts only alone or before the number of a job; a variable of that name wins.
    ///
    /// # Errors
    ///
    /// What is wrong with the argument, if the line can only be a command.
    pub(crate) fn parse(line: &str, is_variable: impl Fn(&str) -> bool) -> Option<Result<Self, String>> {
        let trimmed = line.trim();
        if let Some(line) = trimmed.strip_prefix('!') {
            return Some(of_system(line.trim()));
        }
        if let Some(name) = trimmed.strip_prefix('?').or_else(|| trimmed.strip_suffix('?')) {
            return Some(match name.trim() {
                "" => Ok(Self::Help),
                name => Ok(Self::Describe(name.to_owned())),
            });
        }
        let mut words = line.split_whitespace();
        let word = words.next()?;
        let argument = words.next();
        let is_alone = words.next().is_none();
        if is_variable(word) {
            return None;
        }
        let wants_number = || format!("{word} wants the number of a job, as in `{word} 3`");
        // No program begins like `kill -9 3`.
        let is_number = |text: &str| {
            let text = text.strip_prefix('-').unwrap_or(text);
            text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '%' | '#'))
        };
        if !is_alone {
            let is_command = matches!(word, "fg" | "kill" | "log" | "wait") && argument.is_some_and(is_number);
            return is_command.then(|| Err(wants_number()));
        }
        let command = match (word, argument) {
            ("jobs", None) => Self::Jobs,
            ("help", None) => Self::Help,
            ("exit" | "quit" | "exit()" | "quit()", None) => Self::Leave,
            ("wait", None) => Self::Wait(None),
            ("fg" | "kill" | "log", None) => return Some(Err(wants_number())),
            ("fg" | "kill" | "log" | "wait", Some(argument)) => {
                // `kill %3` is what other shells call it.
                let number = argument.strip_prefix('%').unwrap_or(argument);
                match (number.parse(), word) {
                    (Ok(job), "fg") => Self::Foreground(job),
                    (Ok(job), "kill") => Self::Kill(job),
                    (Ok(job), "log") => Self::Log(job),
                    (Ok(job), _) => Self::Wait(Some(job)),
                    (Err(_), _) if is_number(argument) => {
                        return Some(Err(wants_number()));
                    }
                    (Err(_), _) => return None,
                }
            }
            _ => return None,
        };
        Some(Ok(command))
    }
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

    #[test]
    fn a_command_word_counts_alone_or_before_a_number() {
        let parse = |line| Command::parse(line, |name| name == "log");
        assert_eq!(parse("jobs"), Some(Ok(Command::Jobs)));
        assert_eq!(parse(" fg 3 "), Some(Ok(Command::Foreground(3.into()))));
        assert_eq!(parse("kill %3"), Some(Ok(Command::Kill(3.into()))));
        assert_eq!(parse("kill #3"), Some(Ok(Command::Kill(3.into()))));
        assert_eq!(parse("wait"), Some(Ok(Command::Wait(None))));
        assert_eq!(parse("wait 2"), Some(Ok(Command::Wait(Some(2.into())))));
        for line in ["?fit", " ? fit", "fit?"] {
            assert_eq!(parse(line), Some(Ok(Command::Describe("fit".to_owned()))));
        }
        assert_eq!(parse("?"), Some(Ok(Command::Help)));
        assert_eq!(parse("exit()"), Some(Ok(Command::Leave)));
        for program in ["jobs()", "jobs.status()", "jobs[0]", "kill = 3", "kill(3)", "fg.x", "x", "", "1 + 2", "jobs 3"]
        {
            assert_eq!(parse(program), None, "{program}");
        }
    }

    #[cfg(feature = "terminal")]
    #[test]
    fn the_words_are_those_that_are_read() {
        for word in WORDS {
            assert!(Command::parse(word, |_| false).is_some(), "{word}");
        }
    }

    #[test]
    fn a_variable_of_that_name_wins() {
        assert_eq!(Command::parse("log", |name| name == "log"), None);
        assert_eq!(Command::parse("log 3", |name| name == "log"), None);
    }

    #[test]
    fn a_wrong_argument_is_told() {
        let wants = |word: &str| Some(Err(format!("{word} wants the number of a job, as in `{word} 3`")));
        assert_eq!(Command::parse("fg", |_| false), wants("fg"));
        for line in ["kill three", "kill -1", "kill -9 3", "kill 1 2", "kill %x"] {
            assert_eq!(Command::parse(line, |_| false), wants("kill"), "{line}");
        }
        assert_eq!(Command::parse("kill - 1", |_| false), None);
    }
}
