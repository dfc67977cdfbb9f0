//! Shortens long texts for people.

use std::{borrow::Cow, fmt::Display};

use unicode_width::UnicodeWidthStr;

/// The first `most` characters of a text, followed by `mark` if there are more.
pub(crate) fn shortened<'a>(text: &'a str, most: usize, mark: &str) -> Cow<'a, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}{mark}", &text[..end]).into(),
        None => text.into(),
    }
}

/// A frame, or a traceback, as text; lines of source are cut to `width` columns, if there is one.
pub(crate) fn within(shown: &impl Display, width: Option<usize>) -> String {
    width.map_or_else(|| shown.to_string(), |width| format!("{shown:width$}"))
}

/// What the shell says, where it is shown: on a terminal of `width` columns broken between words, elsewhere as it is.
pub(crate) fn prose(text: &str, width: Option<usize>) -> Cow<'_, str> {
    width.map_or(text.into(), |columns| wrapped(text, columns).into())
}

/// A text without the line breaks inside its sentences: a line that begins in lower case goes on with the one before.
pub(crate) fn flowing(text: &str) -> String {
    let mut flowing = String::new();
    for line in text.split('\n') {
        let goes_on = line.starts_with(char::is_lowercase) && !flowing.is_empty();
        flowing.push_str(if goes_on { " " } else { "\n" });
        flowing.push_str(line);
    }
    flowing.split_off(1)
}

/// A text in lines of at most `columns` columns of a terminal, broken between words; what follows a break is indented a
/// bit more.
pub(crate) fn wrapped(text: &str, columns: usize) -> String {
    text.split('\n').map(|line| wrapped_line(line, columns)).collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, columns: usize) -> String {
    let words = line.trim_start();
    let indent = line.len() - words.len();
    let mut text = " ".repeat(indent);
    let mut width = indent;
    for (index, word) in words.split(' ').enumerate() {
        // A word alone stays whole, however long it is.
        if index > 0 && width + 1 + word.width() > columns {
            text.push('\n');
            text.push_str(&" ".repeat(indent + 2));
            width = indent + 2;
        } else if index > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += word.width();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_flows() {
        assert_eq!(flowing("It does this,\nand that.\nIt does more."), "It does this, and that.\nIt does more.");
        assert_eq!(flowing("a"), "a");
    }

    #[test]
    fn a_text_is_wrapped_between_words() {
        for (text, columns, expected) in [
            ("a bc def", 80, "a bc def"),
            ("a bc def", 5, "a bc\n  def"),
            ("  -f  ab cd", 8, "  -f  ab\n    cd"),
            ("longer a", 3, "longer\n  a"),
            ("a\n\nb", 3, "a\n\nb"),
            ("日 本 語", 5, "日 本\n  語"),
        ] {
            assert_eq!(wrapped(text, columns), expected, "{text} {columns}");
        }
    }
}
