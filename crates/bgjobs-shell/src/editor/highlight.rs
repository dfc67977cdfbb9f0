//! Colours of the line that is typed.
//!
//! Knows what a word looks like, and nothing of what it stands for.

use std::sync::PoisonError;

use super::{completer::Known, picture::Colour};
use crate::{
    commands::is_for_system,
    lang::{KEYWORDS, Kind, is_of_word, scan},
};

/// The class of a piece of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Plain,
    Keyword,
    Function,
    Number,
    String,
    Comment,
    /// A closing bracket that matches no open one.
    Unbalanced,
}

/// Colours the line.
pub(super) struct Colours(pub(super) Known);

impl Colours {
    /// The line in pieces of one colour.
    pub(super) fn of(&self, line: &str) -> Vec<(Colour, String)> {
        let words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let colour = |class| match class {
            Class::Plain => "",
            Class::Keyword => "35",
            Class::Function => "34",
            Class::Number => "36",
            Class::String => "32",
            Class::Comment => "90",
            Class::Unbalanced => "1;31",
        };
        let pieces = pieces(line, |name| words.is_function(name));
        pieces.into_iter().map(|(class, piece)| (colour(class), piece)).collect()
    }
}

/// The line in pieces, each as long as possible.
fn pieces(line: &str, is_function: impl Fn(&str) -> bool) -> Vec<(Class, String)> {
    if is_for_system(line) {
        // Its words belong to another shell.
        let (before, rest) = line.split_at(line.find('!').map_or(0, |mark| mark + 1));
        return vec![(Class::Keyword, before.to_owned()), (Class::Plain, rest.to_owned())];
    }
    let chars = scan(line).chars;
    let mut pieces: Vec<(Class, String)> = Vec::new();
    let mut push = |class, text: &[(char, Kind)]| {
        let text = text.iter().map(|(c, _)| c);
        match pieces.last_mut() {
            Some((last, piece)) if *last == class => piece.extend(text),
            _ => pieces.push((class, text.collect())),
        }
    };
    let mut open = Vec::new();
    let mut start = 0;
    while let Some(&(c, kind)) = chars.get(start) {
        let mut end = start + 1;
        let class = match kind {
            Kind::Quoted(_) => Class::String,
            Kind::Comment => Class::Comment,
            Kind::Code if is_of_word(c) => {
                end = end_of_word(&chars, start);
                let word: String = chars[start..end].iter().map(|(c, _)| c).collect();
                let is_called = chars[end..].iter().find(|(c, _)| *c != ' ').is_some_and(|(c, _)| *c == '(');
                match () {
                    () if c.is_ascii_digit() => Class::Number,
                    () if KEYWORDS.contains(&word.as_str()) => Class::Keyword,
                    () if is_called && is_function(&word) => Class::Function,
                    () => Class::Plain,
                }
            }
            Kind::Code if is_unbalanced(c, &mut open) => Class::Unbalanced,
            Kind::Code => Class::Plain,
        };
        push(class, &chars[start..end]);
        start = end;
    }
    pieces
}

/// Where a word or a number ends that begins at `start`.
fn end_of_word(chars: &[(char, Kind)], start: usize) -> usize {
    let is_number = chars[start].0.is_ascii_digit();
    let mut end = start;
    while let Some(&(c, Kind::Code)) = chars.get(end) {
        let before_digit = chars.get(end + 1).is_some_and(|(next, _)| next.is_ascii_digit());
        let goes_on = is_of_word(c) || (is_number && c == '.' && before_digit);
        if !goes_on {
            break;
        }
        end += 1;
    }
    end
}

/// Whether a bracket matches no open one; `open` holds the closing brackets that are expected.
fn is_unbalanced(c: char, open: &mut Vec<char>) -> bool {
    match c {
        '(' => open.push(')'),
        '[' => open.push(']'),
        '{' => open.push('}'),
        ')' | ']' | '}' => return open.pop() != Some(c),
        _ => {}
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each piece as its text, after the letter of its class.
    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        let seen = pieces(line, |name| name == "slow").into_iter().map(|(class, text)| {
            let letter = match class {
                Class::Plain => 'p',
                Class::Keyword => 'k',
                Class::Function => 'f',
                Class::Number => 'n',
                Class::String => 's',
                Class::Comment => 'c',
                Class::Unbalanced => '!',
            };
            format!("{letter}:{text}")
        });
        assert_eq!(seen.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_word_has_a_class() {
        check("let x = slow(5) &", &["k:let", "p: x = ", "f:slow", "p:(", "n:5", "p:) &"]);
        check("1.5 + 1..2 + a1", &["n:1.5", "p: + ", "n:1", "p:..", "n:2", "p: + a1"]);
        check("slow + fast()", &["p:slow + fast()"]);
        check("\"a let\" // if", &["s:\"a let\"", "p: ", "c:// if"]);
        check("letter", &["p:letter"]);
        check("é(\"ü", &["p:é(", "s:\"ü"]);
    }

    #[test]
    fn an_unmatched_bracket_is_highlighted() {
        check("(])", &["p:(", "!:])"]);
        check("f())", &["p:f()", "!:)"]);
        check("f((", &["p:f(("]);
        check("\")\"", &["s:\")\""]);
    }

    #[test]
    fn a_line_for_the_system_is_not_highlighted() {
        check("!for 'x (", &["k:!", "p:for 'x ("]);
        check(" !a ! b", &["k: !", "p:a ! b"]);
    }

    #[test]
    fn the_pieces_make_up_the_line() {
        for line in ["", "!", "!a b", "`a ${b} c` + /* d */ 1", "\n  x\n", "'a", "1.", "é日本"] {
            let all: String = pieces(line, |_| false).into_iter().map(|(_, text)| text).collect();
            assert_eq!(all, line);
        }
    }
}
