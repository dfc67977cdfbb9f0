//! A text in the room that there is for it.
//!
//! Knows nothing of jobs.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text in at most `columns` columns.
pub(super) fn fitted(text: &str, columns: usize) -> String {
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
