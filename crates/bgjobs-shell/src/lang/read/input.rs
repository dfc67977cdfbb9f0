//! What was typed, before it is parsed: is it whole, is it for the background, is its value wanted.
//!
//! Knows nothing of values and engines.

use super::scan::{End, Kind, scan};

/// A text that was typed, without its last marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input<'a> {
    /// The text to evaluate.
    pub text: &'a str,
    /// Whether it ended in `&`: it is for the background.
    pub background: bool,
    /// Whether it ended in `;`: its value is not wanted.
    pub silent: bool,
}

impl<'a> Input<'a> {
    /// Takes the last `&` or `;` off a text, where it stands outside strings and comments.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let scan = scan(text);
        let mut code =
            scan.chars.iter().enumerate().rev().filter(|(_, (c, kind))| *kind == Kind::Code && !c.is_whitespace());
        // What stands after the last code is white space and comments.
        let after = |place: usize| scan.chars[place + 1..].iter().all(|(_, kind)| !matches!(kind, Kind::Quoted(_)));
        let last = code.next();
        let before = code.next().map(|(place, (c, _))| (place, *c));
        match last {
            Some((place, ('&', _))) if after(place) && before != place.checked_sub(1).map(|place| (place, '&')) => {
                let bytes = scan.chars[..place].iter().map(|(c, _)| c.len_utf8()).sum();
                Self { text: &text[..bytes], background: true, silent: false }
            }
            Some((place, (';', _))) if after(place) => Self { text, background: false, silent: true },
            _ => Self { text, background: false, silent: false },
        }
    }
}

/// Whether nothing more needs to be typed: no bracket, no back-quoted string and no comment is open.
///
/// A text that can't become right by going on is whole too; evaluating it tells what is wrong.
///
/// ```
/// use bgjobs_shell::lang::is_whole;
///
/// assert!(is_whole("slow(5)"));
/// assert!(!is_whole("fn slow(n) {"));
/// assert!(is_whole("}"));
/// ```
#[must_use]
pub fn is_whole(text: &str) -> bool {
    let scan = scan(text);
    if scan.end == End::OpenLines {
        return false;
    }
    let mut open = 0_usize;
    for &(c, kind) in &scan.chars {
        match c {
            _ if kind != Kind::Code => {}
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' if open == 0 => return true,
            ')' | ']' | '}' => open -= 1,
            _ => {}
        }
    }
    open == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, text: &str, background: bool, silent: bool) {
        assert_eq!(Input::new(typed), Input { text, background, silent });
    }

    #[test]
    fn a_last_ampersand_sends_to_the_background() {
        check("slow(5) &", "slow(5) ", true, false);
        check("slow(5)&  // later", "slow(5)", true, false);
        check("f(\"é\") &", "f(\"é\") ", true, false);
        check("\"a &\"", "\"a &\"", false, false);
        check("a // &", "a // &", false, false);
        check("a &&", "a &&", false, false);
        check("a & b", "a & b", false, false);
        check("& \"a\"", "& \"a\"", false, false);
    }

    #[test]
    fn a_last_semicolon_hides_the_value() {
        check("1 + 2;", "1 + 2;", false, true);
        check("1 + 2; // done", "1 + 2; // done", false, true);
        check("1 + 2; 3", "1 + 2; 3", false, false);
        check("\";\"", "\";\"", false, false);
        check("; \"a\"", "; \"a\"", false, false);
    }

    #[test]
    fn open_brackets_strings_and_comments_want_more() {
        for open in ["f(", "fn f() {", "[1,", "#{a: (1)", "`a", "/* a", "{ \"}\"", "(')'"] {
            assert!(!is_whole(open), "{open}");
        }
        for whole in ["", "1 +", "f()", "\"(", "// (", "}", ")(", "{}", "`(`", "'('"] {
            assert!(is_whole(whole), "{whole}");
        }
    }
}
