//! The colours in a text: the sequences by which a terminal changes how the characters after them look (SGR).
//!
//! Knows nothing of logs, nor of where the text is shown.

use std::{borrow::Cow, fmt};

use crate::record::name::many_lines;

/// Shows a line in its colours, safe for a terminal: everything else that drives it is escaped, and the colours end with
/// the line.
///
/// ```
/// assert_eq!(bgjobs::coloured("\x1b[31mred\x1b[2J").to_string(), "\x1b[31mred\\u{1b}[2J\x1b[0m");
/// assert_eq!(bgjobs::coloured("plain").to_string(), "plain");
/// ```
#[must_use]
pub fn coloured(line: &str) -> impl fmt::Display {
    Coloured(line)
}

struct Coloured<'a>(&'a str);

impl fmt::Display for Coloured<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        for (text, colour) in pieces(self.0) {
            write!(f, "{}{colour}", many_lines(text))?;
            last = Some(colour).filter(|colour| !colour.is_empty()).or(last);
        }
        if last.is_some_and(|last| last != RESET) { f.write_str(RESET) } else { Ok(()) }
    }
}

/// A text without its colours; it may hold other control characters.
///
/// ```
/// assert_eq!(bgjobs::uncoloured("\x1b[1;31mred\x1b[m, \x1b[2J"), "red, \x1b[2J");
/// ```
#[must_use]
pub fn uncoloured(text: &str) -> Cow<'_, str> {
    if text.contains(START) { pieces(text).map(|(text, _)| text).collect() } else { text.into() }
}

/// What begins a sequence.
const START: &str = "\x1b[";

/// Ends all colours.
const RESET: &str = "\x1b[0m";

/// A text as pieces without colours, each with the colour after it; the last one has none.
fn pieces(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let colours = text.match_indices(START).find_map(|(at, _)| {
            let length = text[at + START.len()..].find(|c: char| !matches!(c, '0'..='9' | ';' | ':'))?;
            let end = at + START.len() + length;
            text[end..].starts_with('m').then_some(at..end + 1)
        });
        let Some(colour) = colours else { return Some((text, "")) };
        rest = Some(&text[colour.end..]);
        Some((&text[..colour.start], &text[colour]))
    })
}

#[cfg(all(test, not(any(bgjobs_loom, bgjobs_shuttle))))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_are_kept_and_everything_else_is_harmless() {
        for (text, shown, plain) in [
            ("\x1b[1;38:5:9mred\x1b[0m!", "\x1b[1;38:5:9mred\x1b[0m!", "red!"),
            ("\x1b[mplain\x1b[32m", "\x1b[mplain\x1b[32m\x1b[0m", "plain"),
            ("a\tb\x1b[31", "a\tb\\u{1b}[31", "a\tb\x1b[31"),
            ("\x1b[?25l\x1b[31mx", "\\u{1b}[?25l\x1b[31mx\x1b[0m", "\x1b[?25lx"),
            ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}", "\x1b]0;title\x07"),
        ] {
            assert_eq!((&*coloured(text).to_string(), &*uncoloured(text)), (shown, plain), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn without_its_colours_a_shown_line_drives_no_terminal(text in r"(\x1b|\[|[0-9;:m]|31m|[a-c]|\r|\x07|\u{202e}|é){0,20}") {
            let shown = coloured(&text).to_string();
            prop_assert!(!uncoloured(&shown).chars().any(|c| c.is_control() || c == '\u{202e}'), "{shown:?}");
            prop_assert_eq!(uncoloured(&shown).into_owned(), many_lines(&uncoloured(&text)).to_string());
        }
    }
}
