//! The words of a shell: `jobs`, `fg 3`, `kill 3 5-7`, `wait`, `log 3`, `help`, `?name`, `!make`.
//!
//! Knows when a line is one and what it asks for, and nothing of what it does.

mod arguments;
mod log;
mod system;

use bgjobs::one_line;

use self::arguments::Arguments;
pub(crate) use self::system::HELP as HELP_ON_SYSTEM;
#[cfg(feature = "terminal")]
pub(crate) use self::system::{is_of_system, is_whole};
use crate::{log_view::LogView, notify::Notify, selection::Selection};

/// A line that is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Looks around in a dead job, or in the last line that failed.
    Debug(Option<Selection>),
    /// Shows all jobs.
    Jobs,
    /// Shows all that is known of all jobs, as JSON.
    JobsAsJson,
    /// Shows in one line what ended, what is unread and what is left.
    Digest,
    /// Shows how the user is notified of the ends of long jobs, or changes it.
    Notify(Option<Notify>),
    /// Waits for a job, shows what it prints, and then its value.
    Foreground(Selection),
    /// Stops jobs.
    Kill(Selection),
    /// Shows what jobs printed.
    Log(Selection, LogView),
    /// Shows all groups.
    Groups,
    /// Changes how many jobs of a group may run at once; none is any number.
    Limit(String, Option<usize>),
    /// Lets no job of the groups start.
    Pause(Vec<String>),
    /// Lets the jobs of the groups start again.
    Resume(Vec<String>),
    /// Shows what jobs wait for.
    Why(Selection),
    /// Waits for jobs, or for all.
    Wait(Option<Selection>),
    /// Shows what can be typed, or what a word does.
    Help(Option<String>),
    /// Shows what is known of a name, or of the number of a job.
    Describe(String),
    /// Runs a line of the system's shell.
    Run(String),
    /// Starts a line of the system's shell as a background job.
    Start(String),
    /// Leaves.
    Leave,
    /// Shows where jobs are.
    Where(Selection),
}

/// A word that begins a command.
pub(crate) struct Word {
    pub(crate) name: &'static str,
    /// How it is typed.
    pub(crate) usage: &'static str,
    /// What it does, for `help`.
    pub(crate) help: &'static str,
    /// What stands behind it, for whoever completes it.
    #[cfg_attr(not(feature = "terminal"), expect(dead_code, reason = "only the editor completes"))]
    pub(crate) takes: Takes,
    /// The options that take a value, each with its dashes.
    with_value: &'static [&'static str],
    read: fn(&mut Arguments) -> Result<Command, String>,
}

/// What stands behind a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing, or only options.
    Nothing,
    /// Numbers of jobs, and what else [selects](Selection) them.
    Jobs,
    /// A word of this table.
    Word,
    /// Names of groups.
    Groups,
}

/// The words, by name.
pub(crate) const WORDS: &[Word] = &[
    Word {
        name: "debug",
        usage: "debug [3]",
        help: "Looks around in a job that died, or in the last line that failed: a prompt in the frame that failed, with its names.\n\
               There: up, down, frames (bt), locals, or any line, which changes nothing outside. quit or Ctrl-D leaves.",
        takes: Takes::Jobs,
        with_value: &[],
        read: |arguments| arguments.some_jobs().map(Command::Debug),
    },
    Word {
        name: "digest",
        usage: "digest",
        help: "Shows in one line what ended, what failed and why, what printed lines that nobody\n\
               has seen, and what still runs. It is shown by itself at the first key after a\n\
               minute in which jobs ended; BGJOBS_AWAY=5m, or off, sets another time.",
        takes: Takes::Nothing,
        with_value: &[],
        read: |_| Ok(Command::Digest),
    },
    Word {
        name: "exit",
        usage: "exit",
        help: "Leaves; jobs that run are shown first. Ctrl-D does the same.",
        takes: Takes::Nothing,
        with_value: &[],
        read: |_| Ok(Command::Leave),
    },
    Word {
        name: "fg",
        usage: "fg 3",
        help: "Waits for a job, shows what it prints and then its value.\n\
               Ctrl-C stops the job, Ctrl-Z (or Ctrl-\\) lets it go on in the background.",
        takes: Takes::Jobs,
        with_value: &[],
        read: |arguments| arguments.jobs().map(Command::Foreground),
    },
    Word {
        name: "groups",
        usage: "groups",
        help: "Lists the groups: jobs under one limit, paused and resumed together.\n\
               A job is in one if it is started so: jobs.start(f, [5], #{group: \"io\"}).\n\
               In programs: g = jobs.group(\"io\"), g.limit = 2, g.pause(), g.resume().",
        takes: Takes::Nothing,
        with_value: &[],
        read: |_| Ok(Command::Groups),
    },
    Word {
        name: "help",
        usage: "help [word]",
        help: "Shows what can be typed, or what a word does.",
        takes: Takes::Word,
        with_value: &[],
        read: |arguments| Ok(Command::Help(arguments.word())),
    },
    Word {
        name: "jobs",
        usage: "jobs [--json]",
        help: "Lists all jobs: those that run, those that completed, the dead. Below a job stands\n\
               how long it runs, how far it is (progress(3, 10) in the job says so), where it is\n\
               or what it waits for, and how many lines of its log nobody has seen.\n\
               -j, --json        all that is known of them, as JSON",
        takes: Takes::Nothing,
        with_value: &[],
        read: |arguments| Ok(if arguments.flag(&["-j", "--json"]) { Command::JobsAsJson } else { Command::Jobs }),
    },
    Word {
        name: "kill",
        usage: "kill 3 5-7 running fit*",
        help: "Asks jobs to stop, ends their processes by force if they must be, and says for each what came of it.\n\
               Jobs are given by number, by range, by state (running, queued, stopping, finished, completed, dead,\n\
               failed, stopped, all), or by what they show, with * for any text.",
        takes: Takes::Jobs,
        with_value: &[],
        read: |arguments| arguments.jobs().map(Command::Kill),
    },
    Word {
        name: "limit",
        usage: "limit io 2",
        help: "Lets so many jobs of a group run at once; the others wait. `limit io none` lifts it.\n\
               A job that waits for another one lends its place meanwhile.",
        takes: Takes::Groups,
        with_value: &[],
        read: limit,
    },
    Word {
        name: "log",
        usage: "log 3 [-f] [-t] [-n 20] [--since 5m] [--out] [--err]",
        help: log::HELP,
        takes: Takes::Jobs,
        with_value: log::WITH_VALUE,
        read: log::read,
    },
    Word {
        name: "notify",
        usage: "notify [bell:30s]",
        help: "Shows or sets how you are called when a job has ended that ran for long: bell,\n\
               osc9 or osc777 (notifications of the desktop, as far as the terminal has them),\n\
               each with the least time of such a job, which is else 10s; or off.\n\
               BGJOBS_NOTIFY=osc9:1m in the environment sets it for all shells.",
        takes: Takes::Nothing,
        with_value: &[],
        read: |arguments| arguments.word().map(|word| word.parse()).transpose().map(Command::Notify),
    },
    Word {
        name: "pause",
        usage: "pause io",
        help: "Lets no job of the groups start until `resume io`; those that run go on.",
        takes: Takes::Groups,
        with_value: &[],
        read: |arguments| arguments.groups().map(Command::Pause),
    },
    Word {
        name: "quit",
        usage: "quit",
        help: "Leaves; jobs that run are shown first. Ctrl-D does the same.",
        takes: Takes::Nothing,
        with_value: &[],
        read: |_| Ok(Command::Leave),
    },
    Word {
        name: "resume",
        usage: "resume io",
        help: "Lets the jobs of the groups start again that were paused.",
        takes: Takes::Groups,
        with_value: &[],
        read: |arguments| arguments.groups().map(Command::Resume),
    },
    Word {
        name: "wait",
        usage: "wait [3 5-7]",
        help: "Waits for jobs, or for all that are no daemons. Ctrl-C or Ctrl-Z ends the wait.",
        takes: Takes::Jobs,
        with_value: &[],
        read: |arguments| arguments.some_jobs().map(Command::Wait),
    },
    Word {
        name: "where",
        usage: "where 3",
        help: "Shows where jobs are without stopping them: the calls that they are in, with the lines, and for how long;\n\
               of a job that has not started what it waits for.",
        takes: Takes::Jobs,
        with_value: &[],
        read: |arguments| arguments.jobs().map(Command::Where),
    },
    Word {
        name: "why",
        usage: "why 3",
        help: "Shows what jobs wait for: a place in their group, a time, other jobs, a thread.\n\
               Jobs wait if they are started with options, as in\n\
               jobs.start(f, [5], #{group: \"io\", priority: 1, delay: 5, after: [1, 2], time_limit: 60, retry: 3})\n\
               where after: [1, 2] wants both to end well, and after_ended: [1, 2] in any way.",
        takes: Takes::Jobs,
        with_value: &[],
        read: |arguments| arguments.jobs().map(Command::Why),
    },
];

/// Reads `limit io 2`.
fn limit(arguments: &mut Arguments) -> Result<Command, String> {
    let (group, limit) = arguments
        .word()
        .zip(arguments.word())
        .ok_or("limit wants a group and a number, as in `limit io 2`; `limit io none` lifts it")?;
    let limit = match limit.as_str() {
        "none" => None,
        number => Some(number.parse().map_err(|_| {
            format!(
                "a limit is a number or none, as in `limit {0} 2` and `limit {0} none`, not `{1}`",
                one_line(&group),
                one_line(number)
            )
        })?),
    };
    Ok(Command::Limit(group, limit))
}

/// The word of that name.
pub(crate) fn word(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.name == name)
}

impl Command {
    /// Reads a line; none if it is a program.
    ///
    /// A command word counts only alone or before what no operator could be; a variable of that name wins.
    ///
    /// # Errors
    ///
    /// What is wrong with what stands behind the word.
    pub(crate) fn parse(line: &str, is_variable: impl Fn(&str) -> bool) -> Option<Result<Self, String>> {
        if let Some(read) = system::parse(line) {
            return Some(read);
        }
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix('?').or_else(|| trimmed.strip_suffix('?')) {
            return Some(Ok(match name.trim() {
                "" => Self::Help(None),
                name => Self::Describe(name.to_owned()),
            }));
        }
        if matches!(trimmed, "exit()" | "quit()") {
            return Some(Ok(Self::Leave));
        }
        let (name, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        let word = word(name).filter(|_| !is_variable(name) && begins_arguments(rest.trim_start()))?;
        Some(Arguments::new(word, rest).and_then(|mut arguments| {
            let command = (word.read)(&mut arguments)?;
            arguments.end()?;
            Ok(command)
        }))
    }
}

/// Whether what stands behind a command word is no more of a program, as in `kill = 3` and `kill - 1`.
pub(crate) fn begins_arguments(rest: &str) -> bool {
    let begins = |c: char| c.is_alphanumeric() || matches!(c, '_' | '%' | '#' | '"' | '\'');
    let option = |rest: &str| rest.trim_start_matches('-').starts_with(char::is_alphanumeric);
    matches!(rest, "" | "!") || rest.starts_with(begins) || rest.starts_with('-') && option(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(parts: &[&str]) -> Selection {
        Selection::parse(parts).expect("they can be read")
    }

    #[test]
    fn a_command_word_counts_alone_or_before_arguments() {
        let parse = |line| Command::parse(line, |name| name == "log");
        assert_eq!(parse("jobs"), Some(Ok(Command::Jobs)));
        assert_eq!(parse(" fg 3 "), Some(Ok(Command::Foreground(selection(&["3"])))));
        assert_eq!(parse("kill %3"), Some(Ok(Command::Kill(selection(&["%3"])))));
        assert_eq!(parse("kill #3 5-7 fit*"), Some(Ok(Command::Kill(selection(&["%3", "5-7", "fit*"])))));
        assert_eq!(parse("kill 'fit a'"), Some(Ok(Command::Kill(selection(&["fit a"])))));
        assert_eq!(parse("wait"), Some(Ok(Command::Wait(None))));
        assert_eq!(parse("limit io 2"), Some(Ok(Command::Limit("io".to_owned(), Some(2)))));
        assert_eq!(parse("limit 'my io' none"), Some(Ok(Command::Limit("my io".to_owned(), None))));
        assert_eq!(parse("pause io net"), Some(Ok(Command::Pause(vec!["io".to_owned(), "net".to_owned()]))));
        assert_eq!(parse("wait 2"), Some(Ok(Command::Wait(Some(selection(&["2"]))))));
        for line in ["?fit", " ? fit", "fit?"] {
            assert_eq!(parse(line), Some(Ok(Command::Describe("fit".to_owned()))));
        }
        assert_eq!(parse("?"), Some(Ok(Command::Help(None))));
        assert_eq!(parse("help kill"), Some(Ok(Command::Help(Some("kill".to_owned())))));
        assert_eq!(parse("exit()"), Some(Ok(Command::Leave)));
        for program in [
            "jobs()",
            "jobs.status()",
            "jobs[0]",
            "kill = 3",
            "kill(3)",
            "kill - 1",
            "fg.x",
            "x",
            "",
            "1 + 2",
            "fg (3)",
        ] {
            assert_eq!(parse(program), None, "{program}");
        }
    }

    #[test]
    fn the_words_stand_in_order_and_their_examples_can_be_read() {
        assert!(WORDS.is_sorted_by_key(|word| word.name));
        for word in WORDS {
            let usage = word.usage.replace(['[', ']'], "");
            let read = Command::parse(&usage, |_| false);
            assert!(matches!(read, Some(Ok(_))), "{usage}: {read:?}");
            assert!(word.usage.starts_with(word.name));
        }
    }

    #[test]
    fn a_variable_of_that_name_wins() {
        assert_eq!(Command::parse("log", |name| name == "log"), None);
        assert_eq!(Command::parse("log 3", |name| name == "log"), None);
    }

    #[test]
    fn a_wrong_argument_is_told() {
        for (line, expected) in [
            ("fg", "fg wants a job, as in `fg 3`"),
            (
                "notify ding",
                "`ding` is no way to be notified; there are bell, osc9 and osc777, each for jobs of so long, as bell:30s, and off",
            ),
            ("jobs -x", "jobs has no option -x; `help jobs` says what it understands"),
            ("kill", "kill wants a job, as in `kill 3 5-7 running fit*`"),
            ("kill -9 3", "kill has no option -9; `help kill` says what it understands"),
            ("kill --hard 3", "kill has no option --hard; `help kill` says what it understands"),
            ("kill 'fit", "kill 'fit: a quote is open; close it, as in 'fit a'"),
            ("pause", "pause wants a group, as in `pause io`"),
            ("limit io", "limit wants a group and a number, as in `limit io 2`; `limit io none` lifts it"),
            ("limit io x", "a limit is a number or none, as in `limit io 2` and `limit io none`, not `x`"),
            ("limit io 1 2", "limit does not understand `2`; `help limit` says what it understands"),
            ("why", "why wants a job, as in `why 3`"),
            ("jobs 3", "jobs does not understand `3`; `help jobs` says what it understands"),
            ("kill 7-5", "7-5 is no range: the smaller number comes first, as in 5-7"),
        ] {
            assert_eq!(Command::parse(line, |_| false), Some(Err(expected.to_owned())), "{line}");
        }
    }
}
