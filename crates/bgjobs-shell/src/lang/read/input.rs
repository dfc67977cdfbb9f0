//! What a typed text asks for before it is parsed: is it complete, is it for the background, is its value hidden.
//!
//! Knows nothing of values and engines.

use super::scan::{End, Kind, scan};

/// A typed text without its final mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input<'a> {
    /// The text to evaluate.
    pub text: &'a str,
    /// Whether it ended in `&`, to run in the background.
    pub background: bool,
    /// Whether it ended in `;`, to hide its value.
    pub silent: bool,
}

impl<'a> Input<'a> {
    /// Removes a final `&`, or notes a final `;`, outside of strings and comments.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let scan = scan(text);
        let mut code =
            scan.chars.iter().enumerate().rev().filter(|(_, (c, kind))| *kind == Kind::Code && !c.is_whitespace());
        // Only white space and comments follow the last code.
        let after = |index: usize| scan.chars[index + 1..].iter().all(|(_, kind)| !matches!(kind, Kind::Quoted(_)));
        let last = code.next();
        let before = code.next().map(|(index, (c, _))| (index, *c));
        match last {
            Some((index, ('&', _))) if after(index) && before != index.checked_sub(1).map(|index| (index, '&')) => {
                let bytes = scan.chars[..index].iter().map(|(c, _)| c.len_utf8()).sum();
                Self { text: &text[..bytes], background: true, silent: false }
            }
            Some((index, (';', _))) if after(index) => Self { text, background: false, silent: true },
            _ => Self { text, background: false, silent: false },
        }
    }
}

/// Whether a text needs no further line: no bracket, back-quoted string or comment is open.
///
/// A text that no further line can repair counts as whole too; evaluating it shows what is wrong.
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
    if scan.is_broken {
        return true;
    }
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
    fn open_brackets_strings_and_comments_need_another_line() {
        for open in ["f(", "fn f() {", "[1,", "#{a: (1)", "`a", "/* a", "{ \"}\"", "(')'"] {
            assert!(!is_whole(open), "{open}");
        }
        for whole in ["", "1 +", "f()", "\"(", "// (", "}", ")(", "{}", "`(`", "'('", "x[\"", "f(\"a\n"] {
            assert!(is_whole(whole), "{whole}");
        }
    }
}
