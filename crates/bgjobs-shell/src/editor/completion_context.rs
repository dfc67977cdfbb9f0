//! What the word at the cursor is to become: a name, a member, the number of a job, the path of a file.
//!
//! Knows where a word stands, and nothing of what there is.

use crate::{
    commands::{self, Takes, WORDS, is_of_system},
    lang::{End, Kind, Step, scan},
};

/// What is wanted at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A name, or a command word where a line begins.
    Name { at_start: bool },
    /// What can follow the dot after the variable `name`, and the steps from there.
    Member { name: String, path: Vec<Step> },
    /// The number of a job.
    Job,
    /// What selects jobs: a number or a state.
    Selection,
    /// A word that begins a command.
    Command,
    /// The name of a group.
    Group,
    /// An entry of a directory; the path before it ends in a slash, or is empty.
    File { directory: String },
    /// The same, as a word of the system's shell.
    Word { directory: String },
}

/// What is wanted in place of the text from the returned place on; nothing if nobody can know.
pub(super) fn wanted(line: &str, cursor: usize) -> Option<(usize, Wanted)> {
    let text = line.get(..cursor)?;
    if is_of_system(text) {
        return of_system(text);
    }
    let scan = scan(text);
    match scan.chars.last() {
        Some((_, Kind::Comment)) => return None,
        Some((_, Kind::Quoted(quote))) if scan.end != End::Code => return file(text, *quote),
        _ => {}
    }
    let start = text.trim_end_matches(is_of_word).len();
    let (before, word) = text.split_at(start);
    if let Some(number) = job(before, word) {
        return number.then_some((start, Wanted::Job));
    }
    if let Some(wanted) = argument(before) {
        return Some((start, wanted));
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let code = &scan.chars[..before.chars().count()];
    match dotted(code) {
        Some(code) => member(code).map(|(name, path)| (start, Wanted::Member { name, path })),
        None => Some((start, Wanted::Name { at_start: before.trim().is_empty() })),
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// In a line for the system's shell: the last word, unless something in it has a meaning of its own.
fn of_system(text: &str) -> Option<(usize, Wanted)> {
    let word = &text[text.rfind(|c: char| c.is_whitespace() || "!=:<>|&;(".contains(c)).map_or(0, |at| at + 1)..];
    let directory = word.rfind('/').map_or("", |slash| &word[..=slash]);
    let is_plain = !text.contains(['\'', '"', '\\', '`']) && !word.contains(['$', '~', '*', '?', '[', '{']);
    is_plain.then(|| (text.len() - word.len() + directory.len(), Wanted::Word { directory: directory.to_owned() }))
}

/// In a string that is not closed.
fn file(text: &str, quote: char) -> Option<(usize, Wanted)> {
    let path = &text[text.rfind(quote)? + quote.len_utf8()..];
    let directory = path.rfind('/').map_or("", |slash| &path[..=slash]);
    // What a backslash stands for is the language's affair.
    let is_plain = !path.contains('\\') && !path.contains('\n');
    is_plain.then(|| (text.len() - path.len() + directory.len(), Wanted::File { directory: directory.to_owned() }))
}

/// Whether the number of a job is wanted; none if it is not, false if what stands there is no number.
fn job(before: &str, word: &str) -> Option<bool> {
    let is_number = word.chars().all(|c| c.is_ascii_digit());
    if let Some(before) = before.strip_suffix("jobs[") {
        return (is_number && !before.ends_with(|c| is_of_word(c) || c == '.')).then_some(true);
    }
    None
}

/// What stands behind a command word.
fn argument(before: &str) -> Option<Wanted> {
    let before = before.trim_end_matches(['%', '#']).trim_start();
    let (word, rest) = before.split_once(char::is_whitespace)?;
    let is_next = rest.is_empty() || rest.ends_with(char::is_whitespace);
    match commands::word(word)?.takes {
        _ if !is_next || !commands::begins_arguments(rest.trim_start()) => None,
        Takes::Nothing => None,
        Takes::Jobs => Some(Wanted::Selection),
        Takes::Word => Some(Wanted::Command),
        Takes::Groups => Some(Wanted::Group),
    }
}

/// The code before a dot that is the last code.
fn dotted(code: &[(char, Kind)]) -> Option<&[(char, Kind)]> {
    let code = without(code, '.')?;
    // Two dots are a range.
    without(code, '.').is_none().then(|| without(code, '?').unwrap_or(code))
}

/// The code before a mark that is the last code.
fn without(code: &[(char, Kind)], mark: char) -> Option<&[(char, Kind)]> {
    let end = code.iter().rposition(|&(c, kind)| kind == Kind::Code && !c.is_whitespace())?;
    // What is no code may stand after it, but white space and comments only.
    let is_last = code[end..].iter().all(|(_, kind)| !matches!(kind, Kind::Quoted(_)));
    (is_last && code[end].0 == mark).then(|| &code[..end])
}

/// The variable with which a value begins that stands at the end of the code, and the steps from it to the value.
fn member(mut code: &[(char, Kind)]) -> Option<(String, Vec<Step>)> {
    let mut path = Vec::new();
    loop {
        if let Some(inside) = without(code, ']') {
            let open = opening(inside)?;
            path.push(step(&inside[open + 1..]));
            code = &inside[..open];
            continue;
        }
        let start =
            code.iter().rposition(|&(c, kind)| kind != Kind::Code || !is_of_word(c)).map_or(0, |place| place + 1);
        let name: String = code[start..].iter().map(|(c, _)| c).collect();
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let Some(before) = dotted(&code[..start]) else {
            path.reverse();
            return Some((name, path));
        };
        path.push(Step::Name(name));
        code = before;
    }
}

/// The place of the bracket that is closed after the code.
fn opening(code: &[(char, Kind)]) -> Option<usize> {
    let mut closed = 0_usize;
    code.iter().rposition(|&(c, kind)| {
        match c {
            _ if kind != Kind::Code => {}
            ']' => closed += 1,
            '[' if closed == 0 => return true,
            '[' => closed -= 1,
            _ => {}
        }
        false
    })
}

/// What stands in brackets after a value.
fn step(inside: &[(char, Kind)]) -> Step {
    let text: String = inside.iter().map(|(c, _)| c).collect();
    let text = text.trim();
    if let Ok(place) = text.parse() {
        return Step::Place(place);
    }
    let quoted = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    match quoted {
        Some(key) if !key.contains(['"', '\'', '\\']) => Step::Name(key.to_owned()),
        _ => Step::Unknown,
    }
}

/// The command words that begin so.
pub(super) fn commands(start: &str) -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|word| word.name).filter(move |word| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `line` has its cursor at `|`; what is wanted begins at `place`.
    #[track_caller]
    fn check(line: &str, place: usize, expected: &Wanted) {
        let (start, seen) = at_cursor(line).expect("something is wanted");
        assert_eq!((start, &seen), (place, expected), "{line}");
    }

    fn at_cursor(line: &str) -> Option<(usize, Wanted)> {
        let cursor = line.find('|').expect("the cursor is shown");
        wanted(&line.replace('|', ""), cursor)
    }

    fn member(name: &str, path: &[Step]) -> Wanted {
        Wanted::Member { name: name.to_owned(), path: path.to_vec() }
    }

    fn file(directory: &str) -> Wanted {
        Wanted::File { directory: directory.to_owned() }
    }

    #[test]
    fn a_word_is_a_name() {
        let name = |at_start| Wanted::Name { at_start };
        for (line, place, at_start) in [
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
            check(line, place, &name(at_start));
        }
    }

    #[test]
    fn after_a_dot_it_is_a_member() {
        let named = |name: &str| Step::Name(name.to_owned());
        for (line, place, expected) in [
            ("jobs.|", 5, member("jobs", &[])),
            ("jobs.ne|", 5, member("jobs", &[])),
            ("jobs?.ne|", 6, member("jobs", &[])),
            ("x = f(a.b.|", 10, member("a", &[named("b")])),
            ("jobs[0].re|", 8, member("jobs", &[Step::Place(0)])),
            ("jobs[j].|", 8, member("jobs", &[Step::Unknown])),
            ("jobs[list[0]].|", 14, member("jobs", &[Step::Unknown])),
            ("a[\"b\"].c[1].|", 12, member("a", &[named("b"), named("c"), Step::Place(1)])),
            ("a['b]'].|", 8, member("a", &[named("b]")])),
        ] {
            check(line, place, &expected);
        }
    }

    #[test]
    fn in_the_brackets_of_jobs_it_is_the_number_of_a_job() {
        for (line, place) in [("jobs[|", 5), ("f(jobs[1|", 7)] {
            check(line, place, &Wanted::Job);
        }
    }

    #[test]
    fn after_a_command_it_is_what_that_takes() {
        for (line, place) in
            [("fg |", 3), ("kill 1|", 5), ("log %|", 5), ("wait 1|2", 5), ("kill 1 3 ru|", 9), ("kill -x 1|", 8)]
        {
            check(line, place, &Wanted::Selection);
        }
        check("help ki|", 5, &Wanted::Command);
        check("pause i|", 6, &Wanted::Group);
    }

    #[test]
    fn in_a_string_it_is_a_file() {
        for (line, place, directory) in [
            ("read_file(\"|", 11, ""),
            ("read_file(\"Ca|", 11, ""),
            ("read_file('src/ma|", 15, "src/"),
            ("read_file(`/|", 12, "/"),
            ("f(\"a\", \"b/c|", 10, "b/"),
        ] {
            check(line, place, &file(directory));
        }
    }

    #[test]
    fn in_a_line_for_the_system_it_is_a_file() {
        for (line, place, directory) in [
            ("!cat Ca|", 5, ""),
            (" !cat src/ma|", 10, "src/"),
            ("!./|", 3, "./"),
            ("!a >b/c|", 6, "b/"),
            ("!é é/|", 7, "é/"),
        ] {
            check(line, place, &Wanted::Word { directory: directory.to_owned() });
        }
        for line in ["!echo 'a|", "!echo \"a\" b|", "!echo $HO|", "!ls ~/|", "!ls a\\ b|"] {
            assert_eq!(at_cursor(line), None, "{line}");
        }
    }

    #[test]
    fn elsewhere_nobody_knows() {
        for line in ["// jo|", "1|", "1.|", "f().|", "\"a\".|", "\"a\\|", "x = 12|", "].|"] {
            assert_eq!(at_cursor(line), None, "{line}");
        }
        assert_eq!(wanted("é", 1), None, "between two characters only");
    }

    #[test]
    fn command_words_begin_as_typed() {
        assert_eq!(commands("ki").collect::<Vec<_>>(), ["kill"]);
        assert_eq!(commands("x").count(), 0);
    }
}
