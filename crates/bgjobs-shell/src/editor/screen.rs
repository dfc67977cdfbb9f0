//! Where things are on the screen while a line is typed: what the editor painted last, and how many rows it takes.
//!
//! Counts as the editor does: character by character, a wide one that does not fit goes to the next row.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What the editor painted last.
#[derive(Clone, Default)]
pub(super) struct Painted(Arc<Mutex<Paint>>);

#[derive(Clone, Default)]
struct Paint {
    /// What stands before the line, and before those that go on.
    prompt: String,
    dots: String,
    /// The line up to the cursor, and whole.
    before_cursor: String,
    line: String,
    /// Whether the history is searched, with a prompt of its own.
    searching: bool,
}

impl Painted {
    pub(super) fn note_prompt(&self, prompt: &str, dots: &str) {
        self.change(|paint| {
            (paint.prompt, paint.dots) = (prompt.to_owned(), dots.to_owned());
            (paint.line, paint.before_cursor) = Default::default();
        });
    }

    /// Notes the line and the place of the cursor; true if either has changed.
    pub(super) fn note_line(&self, line: &str, cursor: usize) -> bool {
        let new = (line.to_owned(), line.get(..cursor).unwrap_or(line).to_owned());
        self.change(|paint| {
            let old = (mem::take(&mut paint.line), mem::take(&mut paint.before_cursor));
            let changed = old != new;
            (paint.line, paint.before_cursor) = new;
            changed
        })
    }

    pub(super) fn note_search(&self, searching: bool) {
        self.change(|paint| paint.searching = searching);
    }

    fn change<R>(&self, change: impl FnOnce(&mut Paint) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many rows the cursor is below the beginning of the prompt, and how many the whole line is at most, each
    /// byte counted as a column; none while the history is searched.
    pub(super) fn rows(&self, columns: usize) -> Option<(usize, usize)> {
        let paint = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let before = paint.before_cursor.replace('\n', &format!("\n{}", paint.dots));
        let above = last_row(&format!("{}{before}", paint.prompt), columns);
        let most: usize = paint.line.split('\n').map(|line| (paint.prompt.len() + line.len()) / columns + 1).sum();
        (!paint.searching).then(|| (above, most - 1))
    }
}

/// The row where the cursor is after a text, counted from that where it begins.
fn last_row(text: &str, columns: usize) -> usize {
    let (mut row, mut column) = (0, 0);
    for grapheme in text.graphemes(true) {
        if grapheme == "\n" {
            (row, column) = (row + 1, 0);
            continue;
        }
        let width = grapheme.width();
        if column > 0 && column + width > columns {
            (row, column) = (row + 1, 0);
        }
        column += width;
    }
    // At the end of a full row the cursor is shown in the next.
    if column >= columns { row + 1 } else { row }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_as_a_terminal_wraps() {
        for (text, columns, row) in [
            ("", 5, 0),
            ("abcd", 5, 0),
            ("abcde", 5, 1),
            ("abcdef", 5, 1),
            ("a\nb", 5, 1),
            ("日本", 5, 0),
            ("日本語", 5, 1),
            ("日本語日本", 5, 2),
            ("e\u{301}e\u{301}e\u{301}e\u{301}", 5, 0),
            ("日日", 1, 2),
        ] {
            assert_eq!(last_row(text, columns), row, "{text:?}");
        }
    }

    #[test]
    fn the_cursor_may_be_above_the_end_of_the_line() {
        let painted = Painted::default();
        painted.note_prompt("In [1]: ", "   ...: ");
        assert!(painted.note_line("fn f() {\n  1\n}", 3));
        assert!(!painted.note_line("fn f() {\n  1\n}", 3), "it is painted again");
        assert_eq!(painted.rows(80), Some((0, 2)));
        assert!(painted.note_line("fn f() {\n  1\n}", 12));
        assert_eq!(painted.rows(80), Some((1, 2)));
        assert_eq!(painted.rows(11), Some((3, 4)));
        painted.note_search(true);
        assert_eq!(painted.rows(80), None);
    }
}
