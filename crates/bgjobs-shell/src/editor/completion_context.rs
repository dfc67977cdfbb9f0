//! What kind of word stands at the cursor: a name, a member, the number of a job, the path of a file.
//!
//! Knows nothing of which names, jobs and files exist.

use super::{
    option_map::{self, Place},
    shell_word::{ShellWord, last_word},
    value_path::{Path, callee, dotted, path, without},
};
use crate::{
    commands::{self, Completion, Fitting, is_for_system},
    lang::{End, Kind, OptionValues, is_of_word, options_of, scan, values_of},
    option_help::OptionHelp,
};

/// What kind of word stands at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CompletionContext {
    /// A name; at the start of a line also a word of the shell.
    Name { at_start: bool },
    /// A member of a value.
    Member(Path),
    /// A key of a value, in a string.
    Key { of: Path, quote: char },
    /// The number of a job.
    Job(Fitting),
    /// What selects jobs.
    Selection(Fitting),
    /// An option of a word.
    Option(&'static [OptionHelp]),
    /// An option in a map.
    MapOption(Vec<&'static OptionHelp>),
    /// One of the texts that can follow a word, each with what it means.
    Choice(&'static [(&'static str, &'static str)]),
    /// The value of an option; in a string that began with this quote, if in any.
    Value { values: OptionValues, quote: Option<char> },
    /// An environment variable; as the key of a map, or alone.
    Variable { is_key: bool, quote: Option<char> },
    /// The name of a group: of one that is paused, of one that is not, or of any.
    Group { paused: Option<bool> },
    /// A kept job that runs.
    #[cfg(target_os = "linux")]
    KeptJob,
    /// An entry of a directory, in a string; the path before it ends in a slash, or is empty.
    File { directory: String, quote: char },
    /// A folder, after `cd`.
    Folder(ShellWord),
    /// A path or a program, in a line for the system's shell.
    Word(ShellWord),
}

/// The kind of word at the cursor, and where in the line it begins; none if nothing can be completed there.
pub(super) fn context_at(line: &str, cursor: usize) -> Option<(usize, CompletionContext)> {
    let text = line.get(..cursor)?;
    if !is_for_system(text) {
        return folder(text).or_else(|| in_code(text, None));
    }
    let (line, found) = if let Some(at) = text.rfind("& #{") {
        // The options of a job are in a map.
        let line = &text[at + 1..];
        (line, in_code(line, Some("sh")))
    } else {
        let line = &text[text.find('!')? + 1..];
        (line, of_system(line))
    };
    let (start, context) = found?;
    Some((text.len() - line.len() + start, context))
}

/// In a line for the system's shell: a path or a program.
fn of_system(line: &str) -> Option<(usize, CompletionContext)> {
    last_word(line).map(|(start, word)| (start, CompletionContext::Word(word)))
}

/// In a line of the language; `taker` takes a map of options that it begins with.
fn in_code(text: &str, taker: Option<&str>) -> Option<(usize, CompletionContext)> {
    let scan = scan(text);
    match scan.chars.last() {
        Some((_, Kind::Comment)) => return None,
        Some((_, Kind::Quoted(quote))) if scan.end != End::Code => return in_string(text, &scan.chars, *quote, taker),
        _ => {}
    }
    let start = text.trim_end_matches(is_of_word).len();
    let (before, word) = text.split_at(start);
    if is_job(before, word) {
        return Some((start, CompletionContext::Job(Fitting::Any)));
    }
    if let Some(found) = argument(text) {
        return Some(found);
    }
    let code = &scan.chars[..before.chars().count()];
    match option_map::place(code, taker) {
        Some(Place::Name { taker }) if taker == "env" => {
            return Some((start, CompletionContext::Variable { is_key: true, quote: None }));
        }
        Some(Place::Name { taker }) if !options_of(&taker).is_empty() => {
            return Some((start, CompletionContext::MapOption(options_of(&taker))));
        }
        Some(Place::Value { option }) if values_of(&option) != OptionValues::Any => {
            return Some((start, CompletionContext::Value { values: values_of(&option), quote: None }));
        }
        _ => {}
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match dotted(code) {
        Some(code) => path(code).map(|path| (start, CompletionContext::Member(path))),
        None => Some((start, CompletionContext::Name { at_start: matches!(before.trim(), "" | "?") })),
    }
}

/// After `cd`: the folder that it is to change to.
fn folder(text: &str) -> Option<(usize, CompletionContext)> {
    let (word, rest) = text.trim_start().split_once(' ')?;
    let word = commands::word(word).filter(|word| word.completion == Completion::Folders)?;
    let is_argument = commands::begins(word, rest.trim_start());
    let (at, word) = last_word(rest).filter(|(_, word)| is_argument && word.is_first)?;
    Some((text.len() - rest.len() + at, CompletionContext::Folder(word)))
}

/// In a string that is not closed: a key, the value of an option, a path.
fn in_string(
    text: &str,
    chars: &[(char, Kind)],
    quote: char,
    taker: Option<&str>,
) -> Option<(usize, CompletionContext)> {
    let opened = chars.iter().rposition(|(_, kind)| *kind != Kind::Quoted(quote)).map_or(0, |at| at + 1);
    let (code, typed) = chars.split_at(opened);
    let typed_bytes: usize = typed.iter().map(|(c, _)| c.len_utf8()).sum();
    // Only the language knows what a backslash stands for, and what is put in a text.
    let is_plain = !typed.iter().any(|(c, _)| matches!(c, '\\' | '\n'));
    if typed.first() != Some(&(quote, Kind::Quoted(quote))) || !is_plain {
        return None;
    }
    let start = text.len() - typed_bytes + quote.len_utf8();
    let quoted = Some(quote);
    let context = if let Some(of) = without(code, '[').and_then(path) {
        Some(CompletionContext::Key { of, quote })
    } else if callee(code).is_some_and(|function| matches!(&*function, "env" | "set_env")) {
        Some(CompletionContext::Variable { is_key: false, quote: quoted })
    } else {
        match option_map::place(code, taker) {
            Some(Place::Name { taker }) if taker == "env" => {
                Some(CompletionContext::Variable { is_key: true, quote: quoted })
            }
            Some(Place::Value { option }) if values_of(&option) != OptionValues::Any => {
                Some(CompletionContext::Value { values: values_of(&option), quote: quoted })
            }
            _ => None,
        }
    };
    if let Some(context) = context {
        return Some((start, context));
    }
    let path = &text[start..];
    let directory = path.rfind('/').map_or("", |slash| &path[..=slash]);
    let file = CompletionContext::File { directory: directory.to_owned(), quote };
    Some((start + directory.len(), file))
}

/// Whether the number of a job stands here, as in `jobs[3`.
fn is_job(before: &str, word: &str) -> bool {
    let is_jobs = |before: &str| !before.ends_with(|c| is_of_word(c) || c == '.');
    word.chars().all(|c| c.is_ascii_digit()) && before.strip_suffix("jobs[").is_some_and(is_jobs)
}

/// What can follow a word of the shell, and where it begins.
fn argument(text: &str) -> Option<(usize, CompletionContext)> {
    let (name, rest) = text.trim_start().split_once(char::is_whitespace)?;
    let word = commands::word(name)?;
    let typed = &rest[rest.rfind(char::is_whitespace).map_or(0, |at| at + 1)..];
    let before = rest[..rest.len() - typed.len()].trim_start();
    if typed.starts_with('-') {
        let is_option = !word.options.is_empty() && commands::begins_arguments(before);
        return is_option.then_some((text.len() - typed.len(), CompletionContext::Option(word.options)));
    }
    let typed = typed.trim_start_matches(['%', '#']);
    if !commands::begins_arguments(before) || !typed.chars().all(is_of_word) {
        return None;
    }
    let context = match word.completion {
        Completion::Nothing | Completion::Folders => return None,
        Completion::Jobs(fitting) => CompletionContext::Selection(fitting),
        Completion::Choices(choices) => CompletionContext::Choice(choices),
        Completion::Word => CompletionContext::Name { at_start: true },
        Completion::Groups { paused } => CompletionContext::Group { paused },
        #[cfg(target_os = "linux")]
        Completion::KeptJobs => CompletionContext::KeptJob,
    };
    Some((text.len() - typed.len(), context))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{Root, Segment};

    /// The cursor of `line` is at `|`; the word begins at `start`.
    #[track_caller]
    fn check(line: &str, start: usize, expected: &CompletionContext) {
        let (found, seen) = at_cursor(line).expect("something can be completed");
        assert_eq!((found, &seen), (start, expected), "{line}");
    }

    fn at_cursor(line: &str) -> Option<(usize, CompletionContext)> {
        let cursor = line.find('|').expect("the cursor is shown");
        context_at(&line.replace('|', ""), cursor)
    }

    /// Where the entry begins, and the path to it.
    fn path(line: &str) -> Option<(usize, String)> {
        match at_cursor(line)? {
            (start, CompletionContext::Word(word) | CompletionContext::Folder(word)) => Some((start, word.directory)),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_plain_word_is_a_name() {
        let name = |at_start| CompletionContext::Name { at_start };
        for (line, start, at_start) in [
            ("|", 0, true),
            ("jo|", 0, true),
            ("jo|bs", 0, true),
            ("  sl|", 2, true),
            ("x = sl|", 4, false),
            ("f(|", 2, false),
            ("f(é, sl|", 6, false),
            ("`a ${na|", 5, false),
            ("/* a */ sl|", 8, false),
            ("0..le|", 3, false),
            ("\"a.\" + na|", 7, false),
            ("kill(na|", 5, false),
            ("my_jobs[na|", 8, false),
        ] {
            check(line, start, &name(at_start));
        }
    }

    #[test]
    fn a_word_after_a_dot_is_a_member() {
        let jobs = Root::Name("jobs".to_owned());
        check("x = jobs.ne|", 9, &CompletionContext::Member((jobs.clone(), vec![])));
        check("jobs[0].|", 8, &CompletionContext::Member((jobs, vec![Segment::Index(0)])));
    }

    #[test]
    fn in_a_string_in_brackets_it_is_a_key() {
        let named = |name: &str| Segment::Name(name.to_owned());
        for (line, start, path, quote) in [
            ("a[\"|", 3, vec![], '"'),
            ("x = a['ke|", 7, vec![], '\''),
            ("a.b[`|", 5, vec![named("b")], '`'),
            ("a[\"b\"][0][\"|", 11, vec![named("b"), Segment::Index(0)], '"'),
        ] {
            check(line, start, &CompletionContext::Key { of: (Root::Name("a".to_owned()), path), quote });
        }
        check("[\"a|", 2, &CompletionContext::File { directory: String::new(), quote: '"' });
    }

    #[test]
    fn in_a_map_of_options_it_is_an_option_or_its_value() {
        for (line, start) in [
            ("jobs.start(f, [], #{|", 20),
            ("jobs.start(f, [1, 2], #{daemon: true, pri|", 38),
            ("x = jobs.sh('a }', #{env: #{A: 'b'}, in|", 37),
            ("!make & #{na|", 10),
            ("job.log(#{|", 10),
            ("jobs.sh('a', #{terminal: #{|", 27),
        ] {
            let seen = at_cursor(line);
            assert!(matches!(seen, Some((at, CompletionContext::MapOption(_))) if at == start), "{line}: {seen:?}");
        }
        let flag = OptionValues::OneOf(&["true", "false"]);
        for (line, start, values, quote) in [
            ("jobs.start(f, [], #{daemon: |", 28, flag, None),
            ("!make & #{daemon:t|", 17, flag, None),
            ("jobs.start(f, [], #{name: 'a', group: \"i|", 39, OptionValues::Groups, Some('"')),
            ("jobs.start(f, [], #{after: [1, |", 31, OptionValues::Jobs, None),
            ("jobs.start(f, [], #{after: 1|", 27, OptionValues::Jobs, None),
        ] {
            check(line, start, &CompletionContext::Value { values, quote });
        }
        for line in ["#{|", "jobs.new('x', #{|", "x = #{a: |", "jobs.start(f, [], #{priority: x|", "if a #{|"] {
            assert!(matches!(at_cursor(line), Some((_, CompletionContext::Name { at_start: false }))), "{line}");
        }
    }

    #[test]
    fn in_an_environment_it_is_a_variable() {
        for (line, start, is_key, quote) in [
            ("jobs.sh('a', #{env: #{|", 22, true, None),
            ("!make & #{env: #{A: 'b', PA|", 25, true, None),
            ("jobs.sh('a', #{env: #{\"PA|", 23, true, Some('"')),
            ("env('|", 5, false, Some('\'')),
            ("x = set_env(\"PA|", 13, false, Some('"')),
        ] {
            check(line, start, &CompletionContext::Variable { is_key, quote });
        }
    }

    #[test]
    fn jobs_in_brackets_takes_the_number_of_a_job() {
        for (line, start) in [("jobs[|", 5), ("f(jobs[1|", 7)] {
            check(line, start, &CompletionContext::Job(Fitting::Any));
        }
    }

    #[test]
    fn after_a_command_word_it_is_an_argument() {
        for (line, start) in
            [("fg |", 3), ("kill 1|", 5), ("fg %|", 4), ("wait 1|2", 5), ("kill 1 3 ru|", 9), ("kill -x 1|", 8)]
        {
            check(line, start, &CompletionContext::Selection(Fitting::Live));
        }
        check("help ki|", 5, &CompletionContext::Name { at_start: true });
        check("log %|", 5, &CompletionContext::Selection(Fitting::Printed));
        for (line, start) in [("log 1 --f|", 6), ("log -|", 4)] {
            assert!(matches!(at_cursor(line), Some((at, CompletionContext::Option(_))) if at == start), "{line}");
        }
        assert!(matches!(at_cursor("notify b|"), Some((7, CompletionContext::Choice(_)))));
        check("pause i|", 6, &CompletionContext::Group { paused: Some(false) });
    }

    #[test]
    fn in_a_string_it_is_a_path() {
        for (line, start, directory, quote) in [
            ("read_file(\"|", 11, "", '"'),
            ("read_file(\"Ca|", 11, "", '"'),
            ("read_file('src/ma|", 15, "src/", '\''),
            ("read_file(`/|", 12, "/", '`'),
            ("f(\"a\", \"b/c|", 10, "b/", '"'),
            ("!make & #{log_file: \"a/b|", 23, "a/", '"'),
        ] {
            check(line, start, &CompletionContext::File { directory: directory.to_owned(), quote });
        }
    }

    #[test]
    fn in_a_line_for_the_system_it_is_a_path() {
        for (line, start, directory) in [
            ("!cat Ca|", 5, ""),
            (" !cat src/ma|", 10, "src/"),
            ("!./|", 3, "./"),
            ("keep !a b/|", 10, "b/"),
            ("!a >b/c|", 6, "b/"),
            ("!é é/|", 7, "é/"),
            ("!ls ~/|", 6, "~/"),
            ("!ls 'a b/|", 9, "a b/"),
        ] {
            assert_eq!(path(line), Some((start, directory.to_owned())), "{line}");
        }
        assert_eq!(path("!echo $HO|"), None);
    }

    #[test]
    fn after_cd_it_is_a_folder() {
        for (line, start, directory) in [
            ("cd |", 3, ""),
            ("cd ~/sr|", 5, "~/"),
            (" cd ../a/b|", 9, "../a/"),
            ("cd 'a b/c|", 8, "a b/"),
            ("cd a\\ b/c|", 8, "a b/"),
        ] {
            assert_eq!(path(line), Some((start, directory.to_owned())), "{line}");
        }
    }

    #[test]
    fn elsewhere_nothing_is_completed() {
        for line in ["// jo|", "1|", "1.|", "(1).|", "{ 1 }.|", "\"a\\|", "x = 12|", "].|"] {
            assert_eq!(at_cursor(line), None, "{line}");
        }
        assert_eq!(context_at("é", 1), None, "between two characters only");
    }
}
