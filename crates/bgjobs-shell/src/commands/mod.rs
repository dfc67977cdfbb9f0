//! The words of the shell: `jobs`, `fg 3`, `kill 3 5-7`, `wait`, `log 3`, `help`, `?name`, `!make`; each has its own
//! file.
//!
//! Knows nothing of terminals and pipes. To add a word, add its file, and a line to [`WORDS`].

mod arguments;
mod cd;
pub(crate) mod debug;
mod digest;
mod edit_mode;
mod fg;
mod fitting;
mod groups;
mod help;
mod jobs;
#[cfg(target_os = "linux")]
mod keep;
mod kill;
mod limit;
mod log;
mod log_bytes;
mod meant;
mod notices;
mod notify;
mod pause;
mod processes;
mod quit;
mod reply;
mod rerun;
mod resume;
mod system;
mod timeline;
mod wait;
mod r#where;
mod why;
mod word;

#[cfg(feature = "terminal")]
pub(crate) use self::fitting::Fitting;
pub use self::reply::Reply;
pub(crate) use self::reply::ValueView;
#[cfg(feature = "terminal")]
pub(crate) use self::system::is_for_system;
pub(crate) use self::word::{Action, CommandLine, Completion, Word, begins_arguments};
use self::{
    arguments::Arguments,
    help::{Describe, Help},
    quit::Leave,
};
#[cfg(feature = "terminal")]
use crate::lang;
use crate::session::Session;

/// All words, sorted by name.
pub(crate) const WORDS: &[Word] = &[
    #[cfg(target_os = "linux")]
    keep::ATTACH,
    cd::WORD,
    debug::WORD,
    digest::WORD,
    #[cfg(target_os = "linux")]
    keep::DISOWN,
    edit_mode::WORD,
    quit::EXIT,
    fg::WORD,
    groups::WORD,
    help::WORD,
    jobs::WORD,
    #[cfg(target_os = "linux")]
    keep::WORD,
    #[cfg(target_os = "linux")]
    keep::KEPT,
    kill::WORD,
    limit::WORD,
    log::WORD,
    log_bytes::WORD,
    notices::WORD,
    notify::WORD,
    pause::WORD,
    cd::PWD,
    quit::WORD,
    rerun::WORD,
    resume::WORD,
    timeline::WORD,
    wait::WORD,
    r#where::WORD,
    why::WORD,
];

/// The word of that name.
pub(crate) fn word(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.name == name)
}

/// Parses a line; none if it is a program.
///
/// A word counts only if it stands alone, or before something that can't be an operator; a variable of that name hides
/// it.
///
/// # Errors
///
/// What is wrong with the arguments.
pub(crate) fn parse(line: &str, is_variable: impl Fn(&str) -> bool) -> Option<Result<Box<dyn Action>, String>> {
    if let Some(read) = system::parse(line) {
        return Some(read.map(|line| Box::new(line) as _));
    }
    #[cfg(target_os = "linux")]
    if let Some(read) = keep::parse(line).filter(|_| !is_variable("keep")) {
        return Some(read.map(|keep| Box::new(keep) as _));
    }
    let trimmed = line.trim();
    if let Some(name) = trimmed.strip_prefix('?').or_else(|| trimmed.strip_suffix('?')) {
        return Some(Ok(match name.trim() {
            "" => Box::new(Help(None)),
            name => Box::new(Describe(name.to_owned())),
        }));
    }
    if matches!(trimmed, "exit()" | "quit()") {
        return Some(Ok(Box::new(Leave(None))));
    }
    let foreground = trimmed.strip_suffix('&').filter(|text| !text.ends_with('&'));
    // At the end of a program it hides the value.
    let text = foreground.unwrap_or(trimmed).trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let word = word(name).filter(|word| !is_variable(name) && begins(word, rest.trim_start()))?;
    if matches!(rest.trim(), "--help" | "-h") {
        return Some(Ok(Box::new(Help(Some(name.to_owned())))));
    }
    if foreground.is_some() {
        return Some(Err(format!(
            "`{name}` is a command of this shell, which never runs in the background: leave out the `&`"
        )));
    }
    let read = |mut arguments| {
        let action = (word.read)(&mut arguments)?;
        arguments.end()?;
        Ok(action)
    };
    Some(Arguments::new(word.name, word.usage, word.options, rest).and_then(read))
}

/// Whether a text needs no further line.
#[cfg(feature = "terminal")]
pub(crate) fn is_whole(text: &str) -> bool {
    if is_for_system(text) {
        // Such a line continues after a backslash.
        !text.trim_end_matches(['\n', '\r']).ends_with('\\')
    } else {
        is_command(text) || lang::is_whole(text)
    }
}

/// Whether a text is a command with arguments of its own, whose brackets are those of no program.
#[cfg(feature = "terminal")]
fn is_command(text: &str) -> bool {
    let Some((name, rest)) = text.trim().split_once(char::is_whitespace) else { return false };
    // What follows `keep` is a program.
    name != "keep" && word(name).is_some_and(|word| begins(word, rest.trim_start()))
}

/// Does what line `number` asks for.
pub(crate) fn run(action: &dyn Action, session: &mut Session, number: usize, view: ValueView) -> Reply {
    action.run(session, CommandLine { number, view, words: WORDS }).unwrap_or_else(Reply::Wrong)
}

/// Whether the text after this word is its arguments.
pub(crate) fn begins(word: &Word, rest: &str) -> bool {
    let is_path = || rest == "-" || rest.starts_with(['.', '/', '~', '\\']);
    let is_pattern = || rest.strip_prefix('/').is_some_and(|rest| rest.contains('/'));
    begins_arguments(rest)
        || word.completion == Completion::Folders && is_path()
        || word.name == log::WORD.name && is_pattern()
}

#[cfg(test)]
mod tests {
    use super::{
        cd::Cd, fg::Foreground, jobs::Jobs, kill::Kill, limit::Limit, pause::Pause, wait::Wait, r#where::Where, *,
    };
    use crate::selection::Selection;

    fn selection(parts: &[&str]) -> Selection {
        Selection::parse(parts).expect("they can be read")
    }

    /// A parsed line; actions are compared by their `Debug` output.
    fn read(line: &str, is_variable: impl Fn(&str) -> bool) -> Option<Result<String, String>> {
        super::parse(line, is_variable).map(|read| read.map(|action| format!("{action:?}")))
    }

    #[expect(clippy::unnecessary_wraps, reason = "like what it is compared with")]
    fn shown(action: &impl Action) -> Option<Result<String, String>> {
        Some(Ok(format!("{action:?}")))
    }

    #[test]
    fn a_word_counts_alone_or_before_arguments() {
        let parse = |line| read(line, |name| name == "log");
        assert_eq!(parse("jobs"), shown(&Jobs { selection: None, all: false, as_json: false }));
        assert_eq!(parse(" fg 3 "), shown(&Foreground(Some(selection(&["3"])))));
        assert_eq!(parse("kill %3"), shown(&Kill(Some(selection(&["%3"])))));
        assert_eq!(parse("kill #3 5-7 fit*"), shown(&Kill(Some(selection(&["%3", "5-7", "fit*"])))));
        assert_eq!(parse("kill *"), shown(&Kill(Some(selection(&["all"])))));
        assert_eq!(parse("where * "), shown(&Where(Some(selection(&["all"])))));
        assert_eq!(parse("wait *"), shown(&Wait(Some(selection(&["all"])))));
        assert_eq!(parse("kill *fit *"), shown(&Kill(Some(selection(&["*fit", "all"])))));
        let log = read("log * -n 5", |_| false);
        assert!(matches!(&log, Some(Ok(action)) if action.starts_with("Log")), "{log:?}");
        assert_eq!(parse("kill 'fit a'"), shown(&Kill(Some(selection(&["fit a"])))));
        assert_eq!(parse("wait"), shown(&Wait(None)));
        assert_eq!(parse("wait ;"), shown(&Wait(None)));
        assert_eq!(parse("kill 3; "), shown(&Kill(Some(selection(&["3"])))));
        assert_eq!(parse("limit io 2"), shown(&Limit { group: "io".to_owned(), most: Some(2) }));
        assert_eq!(parse("limit 'my io' none"), shown(&Limit { group: "my io".to_owned(), most: None }));
        assert_eq!(parse("pause io net"), shown(&Pause(vec!["io".to_owned(), "net".to_owned()])));
        assert_eq!(parse("wait 2"), shown(&Wait(Some(selection(&["2"])))));
        for line in ["?fit", " ? fit", "fit?"] {
            assert_eq!(parse(line), shown(&Describe("fit".to_owned())));
        }
        assert_eq!(parse("?"), shown(&Help(None)));
        for line in ["help kill", "kill --help", "kill -h"] {
            assert_eq!(parse(line), shown(&Help(Some("kill".to_owned()))));
        }
        for (line, to) in [
            ("cd", None),
            ("cd ..", Some("..")),
            ("cd /a", Some("/a")),
            ("cd ~", Some("~")),
            ("cd -", Some("-")),
            ("cd 'a b#'", Some("a b#")),
            ("cd a#b", Some("a#b")),
            ("cd \\(a\\)", Some("(a)")),
        ] {
            assert_eq!(parse(line), shown(&Cd(to.map(str::to_owned))), "{line}");
        }
        assert_eq!(parse("help !"), shown(&Help(Some("!".to_owned()))));
        assert_eq!(parse("exit()"), shown(&Leave(None)));
        assert_eq!(parse("exit 3"), shown(&Leave(Some(3))));
        for program in [
            "jobs()",
            "jobs.status()",
            "jobs[0]",
            "kill = 3",
            "cd = 3",
            "cd(\"..\")",
            "kill /a",
            "kill(3)",
            "exit(3)",
            "kill - 1",
            "kill * 3",
            "kill *= 3",
            "kill ** 3",
            "log * 3",
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
    fn the_words_are_sorted_and_their_usage_parses() {
        assert!(WORDS.is_sorted_by_key(|word| word.name));
        for word in WORDS {
            let usage = word.usage.replace(['[', ']'], "");
            let read = read(&usage, |_| false);
            assert!(matches!(read, Some(Ok(_))), "{usage}: {read:?}");
            assert!(word.usage.starts_with(word.name));
        }
    }

    #[cfg(feature = "terminal")]
    #[test]
    fn a_line_for_the_system_is_whole_unless_it_ends_in_a_backslash_and_a_command_always() {
        assert!(is_whole("!echo '{' (\n"));
        assert!(is_whole("keep !echo '{' (\n"));
        assert!(!is_whole("keep (\n"));
        assert!(!is_whole("keep fit(\n"));
        assert!(is_whole("log /(/\n"));
        assert!(!is_whole("log(\n"));
        assert!(!is_whole("!echo a \\\n"));
        assert!(is_whole("!echo a \\\nb"));
        assert!(!is_whole("f("));
    }

    #[test]
    fn a_variable_hides_the_word_of_its_name() {
        assert_eq!(read("log", |name| name == "log"), None);
        assert_eq!(read("log 3", |name| name == "log"), None);
    }

    #[test]
    fn errors_name_the_wrong_argument() {
        for (line, expected) in [
            (
                "notify ding",
                "`ding` is not a kind of alert; use bell, osc9 or osc777, each with a least run time if you like (bell:30s), or off",
            ),
            ("jobs -x", "jobs has no option -x; see `help jobs`"),
            ("kill -1", "kill has no option -1; see `help kill`"),
            ("kill -9 3", "kill has no option -9; see `help kill`"),
            ("kill --hard 3", "kill has no option --hard; see `help kill`"),
            ("kill 'fit", "kill 'fit: unclosed quote; close it, as in 'fit a'"),
            ("pause", "pause needs a group, as in `pause io`"),
            ("limit io", "limit needs a group and a number, as in `limit io 2`; `limit io none` removes the limit"),
            ("limit '' 2", "a group needs a name, as in `limit io 2`"),
            ("limit io -1", "limit has no option -1; see `help limit`"),
            (
                "kill ''",
                "an empty name selects no job; give a number, a range such as 5-7, a state such as running, a group, or a name, with * for any text",
            ),
            ("limit io x", "a limit is a number or none, as in `limit io 2` and `limit io none`, not `x`"),
            ("limit io 1 2", "limit does not understand `2`; see `help limit`"),
            ("exit 300", "`300` is not an exit status, a number from 0 to 255"),
            ("wait &", "`wait` is a command of this shell, which never runs in the background: leave out the `&`"),
            ("kill 3&", "`kill` is a command of this shell, which never runs in the background: leave out the `&`"),
            ("log_bytes 0", "`0` is not a number of bytes from 1, such as 4000000"),
            ("notices loud", "`loud` is no kind of notices; there are each, summary and quiet"),
            ("kill 3; wait", "kill: one command a line, but `3;` ends one"),
            ("kill 7-5", "7-5 is not a range: the smaller number comes first, as in 5-7"),
        ] {
            assert_eq!(read(line, |_| false), Some(Err(expected.to_owned())), "{line}");
        }
    }
}
