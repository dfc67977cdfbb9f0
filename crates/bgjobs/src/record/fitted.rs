//! A text in the room that there is for it.
//!
//! Knows nothing of jobs.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text in at most `columns` columns of a terminal; a longer one ends with `…`, which is all that remains in none.
///
/// ```
/// assert_eq!(bgjobs::fitted("fit(1000)", 6), "fit(1…");
/// ```
#[must_use]
pub fn fitted(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut room = columns.saturating_sub(1);
    let fits = |c: &char| {
        let width = c.width().unwrap_or(0);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::fitted;

    #[test]
    fn a_text_is_fitted_into_the_available_columns() {
        for (text, columns, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("", 0, ""),
            ("abc", 0, "…"),
        ] {
            assert_eq!(fitted(text, columns), expected, "{text} {columns}");
        }
    }
}
