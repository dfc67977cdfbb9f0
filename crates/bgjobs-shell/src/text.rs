//! Shortens long texts for people.

use std::borrow::Cow;

/// The first `most` characters of a text, followed by `mark` if there are more.
pub(crate) fn shortened<'a>(text: &'a str, most: usize, mark: &str) -> Cow<'a, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}{mark}", &text[..end]).into(),
        None => text.into(),
    }
}
