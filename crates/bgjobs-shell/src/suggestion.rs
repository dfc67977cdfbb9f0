//! What a line that failed was probably meant to be: a call, a command of the system, a word of the shell.
//!
//! Knows nothing of how it was evaluated.

use rhai::is_valid_identifier;

use crate::environment::Environment;

/// What a line is compared with.
pub(crate) struct Known<'a> {
    /// Whether there is a function of that name.
    pub(crate) is_function: &'a dyn Fn(&str) -> bool,
    /// The words of the shell.
    pub(crate) commands: &'a [&'a str],
    /// What can begin a line.
    pub(crate) names: &'a [&'a str],
    /// Where programs are looked up.
    pub(crate) environment: &'a Environment,
}

/// What to type instead of a line that failed with this message, if that can be guessed.
pub(crate) fn suggestion(line: &str, message: &str, known: &Known<'_>) -> Option<String> {
    let line = line.trim();
    if let Some(pattern) = line.strip_prefix("log /").filter(|pattern| !pattern.contains('/')) {
        return Some(format!("log /{pattern}/"));
    }
    let end = line.find(|c: char| c.is_whitespace() || "|;<>&()[]{}\"'`,=#".contains(c)).unwrap_or(line.len());
    let (first, rest) = line.split_at(end);
    // An error elsewhere says nothing about the first word.
    let unknown = ["Variable not found: ", "Function not found: "].iter().find_map(|start| message.strip_prefix(start));
    let is_first = |name: &str| first.starts_with(name.split(" (").next().unwrap_or(name));
    let is_syntax = message.starts_with("Syntax error");
    if first.is_empty() || !unknown.map_or(is_syntax, is_first) {
        return None;
    }
    let is_word = rest.is_empty() || rest.starts_with(char::is_whitespace);
    if is_syntax && is_word && known.commands.contains(&first) {
        return Some(format!("help {first}"));
    }
    if is_syntax && is_word && (known.is_function)(first) {
        return call(first, rest);
    }
    if let Some((name, value)) = rest.trim().split_once('=').filter(|_| first == "export") {
        let value = value.trim_matches(['"', '\'']);
        return Some(format!("set_env({name:?}, {value:?})"));
    }
    if !rest.starts_with(['(', '[', '=']) && known.environment.has_program(first) {
        return Some(format!("!{line}"));
    }
    let near = known.names.iter().filter(|name| is_near(first, name)).min_by_key(|name| distance(first, name))?;
    Some(format!("{near}{rest}"))
}

/// A call in the form of other shells, `sleep 5 &`, in this one's.
fn call(function: &str, rest: &str) -> Option<String> {
    let rest = rest.trim();
    let (arguments, mark) = rest.strip_suffix('&').map_or((rest, ""), |rest| (rest.trim_end(), " &"));
    let words = shlex::split(arguments)?;
    let argument = |word: &String| match word.parse::<f64>() {
        Ok(_) => word.clone(),
        Err(_) => format!("{word:?}"),
    };
    (!words.is_empty())
        .then(|| format!("{function}({}){mark}", words.iter().map(argument).collect::<Vec<_>>().join(", ")))
}

/// Whether a word is probably a misspelt name.
fn is_near(word: &str, name: &str) -> bool {
    let most = match name.len() {
        ..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    // Short words are near to too many others, unless they have the same letters.
    let sorted = |text: &str| {
        let mut letters: Vec<_> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    is_valid_identifier(word)
        && (1..=most).contains(&distance(word, name))
        && (name.len() > 3 || sorted(word) == sorted(name))
}

/// How many letters to insert, leave out, change, or swap with the next one to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && (a[i - 1], a[i - 2]) == (b[j - 2], b[j - 1]) {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, message: &str, expected: Option<&str>) {
        let known = Known {
            is_function: &|name| matches!(name, "sleep" | "fit"),
            commands: &["kill", "log"],
            names: &["fit", "help", "jobs", "kill", "log", "notify", "print"],
            environment: &Environment::default(),
        };
        assert_eq!(suggestion(line, message, &known).as_deref(), expected, "{line}");
    }

    #[test]
    fn habits_of_other_shells_are_recognized() {
        let syntax = "Syntax error: Expecting ';' to terminate this statement";
        check("ls", "Variable not found: ls", Some("!ls"));
        check("ls -l | wc", "Variable not found: ls", Some("!ls -l | wc"));
        check("cat a b", syntax, Some("!cat a b"));
        check("/bin/sh x", syntax, Some("!/bin/sh x"));
        check("sleep 5 &", syntax, Some("sleep(5) &"));
        check("fit 0.5 'a b'", syntax, Some("fit(0.5, \"a b\")"));
        check("kill -", "Syntax error: Script is incomplete", Some("help kill"));
        check("log /no rows", "Variable not found: no", Some("log /no rows/"));
        check("export LANG=C", syntax, Some("set_env(\"LANG\", \"C\")"));
    }

    #[test]
    fn misspelt_names_are_recognized() {
        check("hlep", "Variable not found: hlep", Some("help"));
        check("klil 3", "Syntax error: Unexpected '3'", Some("kill 3"));
        check("lgo 3", "Syntax error: Unexpected '3'", Some("log 3"));
        check("prnt('x')", "Function not found: prnt (string)", Some("print('x')"));
    }

    #[test]
    fn nothing_is_guessed_from_other_errors() {
        check("x + ls", "Variable not found: ls", None);
        check("ls(1)", "Function not found: ls (int)", None);
        check("1 / 0", "Division by zero: 1 / 0", None);
        check("lag", "Variable not found: lag", None);
        check("[1, 2", "Syntax error: Expecting ']' to end this array literal", None);
        check("sleep(1", "Syntax error: Expecting ')' to close", None);
    }

    #[test]
    fn a_swap_of_two_letters_is_one_step() {
        for (a, b, steps) in
            [("help", "help", 0), ("hlep", "help", 1), ("kil", "kill", 1), ("", "ab", 2), ("ab", "cd", 2)]
        {
            assert_eq!(distance(a, b), steps, "{a} {b}");
        }
    }
}
