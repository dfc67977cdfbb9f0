//! What kind of word stands at the cursor: a name, a member, the number of a job, the path of a file.
//!
//! Knows nothing of which names, jobs and files exist.

use super::shell_word::{ShellWord, last_word};
use crate::{
    commands::{self, Completion, WORDS, WordOption, is_for_system},
    lang::{End, Kind, Segment, opening, scan},
};

/// What kind of word stands at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CompletionContext {
    /// A name; at the start of a line also a word of the shell.
    Name { at_start: bool },
    /// A member of the variable `name`, or of the value that `path` leads to from there.
    Member { name: String, path: Vec<Segment> },
    /// The number of a job.
    Job,
    /// What selects jobs; of those that have not ended, if `live`.
    Selection { live: bool },
    /// An option of a word.
    Option(&'static [WordOption]),
    /// One of the texts that can follow a word, each with what it means.
    Choice(&'static [(&'static str, &'static str)]),
    /// A word of the shell.
    Command,
    /// The name of a group.
    Group,
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
        return folder(text).or_else(|| in_code(text));
    }
    let (line, read): (_, fn(&str) -> _) = match text.rfind("& #{") {
        // The options of a job are in a map.
        Some(at) => (&text[at + 1..], in_code),
        None => (&text[text.find('!')? + 1..], of_system),
    };
    let (start, context) = read(line)?;
    Some((text.len() - line.len() + start, context))
}

/// In a line for the system's shell: a path or a program.
fn of_system(line: &str) -> Option<(usize, CompletionContext)> {
    last_word(line).map(|(start, word)| (start, CompletionContext::Word(word)))
}

/// In a line of the language.
fn in_code(text: &str) -> Option<(usize, CompletionContext)> {
    let scan = scan(text);
    match scan.chars.last() {
        Some((_, Kind::Comment)) => return None,
        Some((_, Kind::Quoted(quote))) if scan.end != End::Code => return file(text, *quote),
        _ => {}
    }
    let start = text.trim_end_matches(is_of_word).len();
    let (before, word) = text.split_at(start);
    if is_job(before, word) {
        return Some((start, CompletionContext::Job));
    }
    if let Some(found) = argument(text) {
        return Some(found);
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let code = &scan.chars[..before.chars().count()];
    match dotted(code) {
        Some(code) => member(code).map(|(name, path)| (start, CompletionContext::Member { name, path })),
        None => Some((start, CompletionContext::Name { at_start: before.trim().is_empty() })),
    }
}

pub(super) fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// After `cd`: the folder that it is to change to.
fn folder(text: &str) -> Option<(usize, CompletionContext)> {
    let (word, rest) = text.trim_start().split_once(' ')?;
    let word = commands::word(word).filter(|word| word.completion == Completion::Folders)?;
    let is_argument = commands::begins(word, rest.trim_start());
    let (at, word) = last_word(rest).filter(|(_, word)| is_argument && word.is_first)?;
    Some((text.len() - rest.len() + at, CompletionContext::Folder(word)))
}

/// In a string that is not closed.
fn file(text: &str, quote: char) -> Option<(usize, CompletionContext)> {
    let path = &text[text.rfind(quote)? + quote.len_utf8()..];
    let directory = path.rfind('/').map_or("", |slash| &path[..=slash]);
    // Only the language knows what a backslash stands for.
    let is_plain = !path.contains('\\') && !path.contains('\n');
    is_plain.then(|| {
        (text.len() - path.len() + directory.len(), CompletionContext::File { directory: directory.to_owned(), quote })
    })
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
        Completion::Jobs => CompletionContext::Selection { live: false },
        Completion::LiveJobs => CompletionContext::Selection { live: true },
        Completion::Choices(choices) => CompletionContext::Choice(choices),
        Completion::Word => CompletionContext::Command,
        Completion::Groups => CompletionContext::Group,
    };
    Some((text.len() - typed.len(), context))
}

/// The code before a dot, if a dot is the last code.
fn dotted(code: &[(char, Kind)]) -> Option<&[(char, Kind)]> {
    let code = without(code, '.')?;
    // Two dots make a range.
    without(code, '.').is_none().then(|| without(code, '?').unwrap_or(code))
}

/// The code before a character, if that is the last code.
fn without(code: &[(char, Kind)], last: char) -> Option<&[(char, Kind)]> {
    let end = code.iter().rposition(|&(c, kind)| kind == Kind::Code && !c.is_whitespace())?;
    // Only white space and comments may follow it.
    let is_last = code[end..].iter().all(|(_, kind)| !matches!(kind, Kind::Quoted(_)));
    (is_last && code[end].0 == last).then(|| &code[..end])
}

/// The variable that a value at the end of the code begins with, and the path from there to the value.
fn member(mut code: &[(char, Kind)]) -> Option<(String, Vec<Segment>)> {
    let mut path = Vec::new();
    loop {
        if let Some(inside) = without(code, ']') {
            let open = opening(inside).filter(|&open| inside[open].0 == '[')?;
            path.push(segment(&inside[open + 1..]));
            code = &inside[..open];
            continue;
        }
        let start =
            code.iter().rposition(|&(c, kind)| kind != Kind::Code || !is_of_word(c)).map_or(0, |index| index + 1);
        let name: String = code[start..].iter().map(|(c, _)| c).collect();
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let Some(before) = dotted(&code[..start]) else {
            path.reverse();
            return Some((name, path));
        };
        path.push(Segment::Name(name));
        code = before;
    }
}

/// The path segment in brackets.
fn segment(inside: &[(char, Kind)]) -> Segment {
    let text: String = inside.iter().map(|(c, _)| c).collect();
    let text = text.trim();
    if let Ok(index) = text.parse() {
        return Segment::Index(index);
    }
    let quoted = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    match quoted {
        Some(key) if !key.contains(['"', '\'', '\\']) => Segment::Name(key.to_owned()),
        _ => Segment::Unknown,
    }
}

/// The words of the shell that begin as typed.
pub(super) fn commands(start: &str) -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|word| word.name).filter(move |word| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn member(name: &str, path: &[Segment]) -> CompletionContext {
        CompletionContext::Member { name: name.to_owned(), path: path.to_vec() }
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
        let named = |name: &str| Segment::Name(name.to_owned());
        for (line, start, expected) in [
            ("jobs.|", 5, member("jobs", &[])),
            ("jobs.ne|", 5, member("jobs", &[])),
            ("jobs?.ne|", 6, member("jobs", &[])),
            ("x = f(a.b.|", 10, member("a", &[named("b")])),
            ("jobs[0].re|", 8, member("jobs", &[Segment::Index(0)])),
            ("jobs[j].|", 8, member("jobs", &[Segment::Unknown])),
            ("jobs[list[0]].|", 14, member("jobs", &[Segment::Unknown])),
            ("a[\"b\"].c[1].|", 12, member("a", &[named("b"), named("c"), Segment::Index(1)])),
            ("a['b]'].|", 8, member("a", &[named("b]")])),
        ] {
            check(line, start, &expected);
        }
    }

    #[test]
    fn jobs_in_brackets_takes_the_number_of_a_job() {
        for (line, start) in [("jobs[|", 5), ("f(jobs[1|", 7)] {
            check(line, start, &CompletionContext::Job);
        }
    }

    #[test]
    fn after_a_command_word_it_is_an_argument() {
        for (line, start) in
            [("fg |", 3), ("kill 1|", 5), ("fg %|", 4), ("wait 1|2", 5), ("kill 1 3 ru|", 9), ("kill -x 1|", 8)]
        {
            check(line, start, &CompletionContext::Selection { live: true });
        }
        check("help ki|", 5, &CompletionContext::Command);
        check("log %|", 5, &CompletionContext::Selection { live: false });
        for (line, start) in [("log 1 --f|", 6), ("log -|", 4)] {
            assert!(matches!(at_cursor(line), Some((at, CompletionContext::Option(_))) if at == start), "{line}");
        }
        assert!(matches!(at_cursor("notify b|"), Some((7, CompletionContext::Choice(_)))));
        check("pause i|", 6, &CompletionContext::Group);
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
        for line in ["// jo|", "1|", "1.|", "f().|", "\"a\".|", "\"a\\|", "x = 12|", "].|"] {
            assert_eq!(at_cursor(line), None, "{line}");
        }
        assert_eq!(context_at("é", 1), None, "between two characters only");
    }

    #[test]
    fn command_words_match_by_prefix() {
        assert_eq!(commands("ki").collect::<Vec<_>>(), ["kill"]);
        assert_eq!(commands("x").count(), 0);
    }
}
