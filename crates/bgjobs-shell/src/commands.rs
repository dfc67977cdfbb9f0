//! The words of a shell: `jobs`, `fg 3`, `kill 3`, `wait`, `log 3`, `help`, `?name`.
//!
//! Knows when a line is one, and nothing of what it does.

use bgjobs::JobId;

use crate::{log_view::LogView, notify::Notify};

/// The words that begin a command.
#[cfg(feature = "terminal")]
pub(crate) const WORDS: &[&str] = &["digest", "exit", "fg", "help", "jobs", "kill", "log", "notify", "quit", "wait"];

/// A line that is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Shows all jobs.
    Jobs,
    /// Shows all that is known of all jobs, as JSON.
    JobsAsJson,
    /// Shows in one line what ended, what is unread and what is left.
    Digest,
    /// Shows how the user is notified of the ends of long jobs, or changes it.
    Notify(Option<Notify>),
    /// Waits for a job, shows what it prints, and then its value.
    Foreground(JobId),
    /// Stops a job.
    Kill(JobId),
    /// Shows what a job printed.
    Log(JobId, LogView),
    /// Waits for a job, or for all.
    Wait(Option<JobId>),
    /// Shows what can be typed.
    Help,
    /// Shows what is known of a name, or of the number of a job.
    Describe(String),
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
        if let Some(name) = trimmed.strip_prefix('?').or_else(|| trimmed.strip_suffix('?')) {
            return Some(match name.trim() {
                "" => Ok(Self::Help),
                name => Ok(Self::Describe(name.to_owned())),
            });
        }
        if let Some(command) = Self::with_flags(line, &is_variable) {
            return Some(command);
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
            let is_command = matches!(word, "fg" | "kill" | "wait") && argument.is_some_and(is_number);
            return is_command.then(|| Err(wants_number()));
        }
        let command = match (word, argument) {
            ("jobs", None) => Self::Jobs,
            ("digest", None) => Self::Digest,
            ("notify", None) => Self::Notify(None),
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
                    (Ok(job), "log") => Self::Log(job, LogView::default()),
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

    /// Reads a command that takes more than the number of a job; none if it is another, or a program.
    fn with_flags(line: &str, is_variable: &impl Fn(&str) -> bool) -> Option<Result<Self, String>> {
        let words: Vec<_> = line.split_whitespace().collect();
        let (&word, rest) = words.split_first().filter(|(word, _)| !is_variable(word))?;
        match (word, rest) {
            ("jobs", ["-j" | "--json"]) => Some(Ok(Self::JobsAsJson)),
            ("notify", [setting]) if !setting.starts_with(['=', '.', '(']) => {
                Some(setting.parse().map(|notify| Self::Notify(Some(notify))))
            }
            ("log", [_, _, ..]) if rest.iter().any(|word| word.starts_with('-')) => {
                let number = rest.iter().position(|word| word.trim_start_matches(['%', '#']).parse::<JobId>().is_ok());
                let Some(number) = number else {
                    return Some(Err("log wants the number of a job, as in `log 3 -f`".to_owned()));
                };
                let id = rest[number].trim_start_matches(['%', '#']).parse().expect("it was just read");
                let flags = rest[..number].iter().chain(&rest[number + 1..]).copied();
                Some(LogView::parse(flags).map(|view| Self::Log(id, view)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
