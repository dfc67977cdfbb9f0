//! Where things are on the screen: what the editor last painted, and how many rows it takes.
//!
//! Counts as the editor does: character by character; a wide one that does not fit moves to the next row.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What the editor last painted; all clones share it.
#[derive(Clone, Default)]
pub(super) struct Screen(Arc<Mutex<Layout>>);

#[derive(Clone, Default)]
struct Layout {
    /// The text before the first line, and before continuation lines.
    prompt: String,
    dots: String,
    /// The line up to the cursor, and all of it.
    before_cursor: String,
    line: String,
    /// Whether the history is being searched, which has a prompt of its own.
    searching: bool,
}

impl Screen {
    pub(super) fn note_prompt(&self, prompt: &str, dots: &str) {
        self.change(|layout| {
            (layout.prompt, layout.dots) = (prompt.to_owned(), dots.to_owned());
            (layout.line, layout.before_cursor) = Default::default();
        });
    }

    /// Notes the line and the cursor; true if either has changed.
    pub(super) fn note_line(&self, line: &str, cursor: usize) -> bool {
        let new = (line.to_owned(), line.get(..cursor).unwrap_or(line).to_owned());
        self.change(|layout| {
            let old = (mem::take(&mut layout.line), mem::take(&mut layout.before_cursor));
            let changed = old != new;
            (layout.line, layout.before_cursor) = new;
            changed
        })
    }

    pub(super) fn note_search(&self, searching: bool) {
        self.change(|layout| layout.searching = searching);
    }

    fn change<R>(&self, change: impl FnOnce(&mut Layout) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many rows the cursor is below the start of the prompt, and the most rows that the line can take if each byte
    /// is a column; none during a history search.
    pub(super) fn rows(&self, columns: usize) -> Option<(usize, usize)> {
        let layout = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let before = layout.before_cursor.replace('\n', &format!("\n{}", layout.dots));
        let above = last_row(&format!("{}{before}", layout.prompt), columns);
        let most: usize = layout.line.split('\n').map(|line| (layout.prompt.len() + line.len()) / columns + 1).sum();
        (!layout.searching).then(|| (above, most - 1))
    }
}

/// The row of the cursor after a text, counted from the row where the text begins.
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
    // At the end of a full row the cursor is shown in the next one.
    if column >= columns { row + 1 } else { row }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_as_the_terminal_wraps_them() {
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
        let screen = Screen::default();
        screen.note_prompt("In [1]: ", "   ...: ");
        assert!(screen.note_line("fn f() {\n  1\n}", 3));
        assert!(!screen.note_line("fn f() {\n  1\n}", 3), "it is painted again");
        assert_eq!(screen.rows(80), Some((0, 2)));
        assert!(screen.note_line("fn f() {\n  1\n}", 12));
        assert_eq!(screen.rows(80), Some((1, 2)));
        assert_eq!(screen.rows(11), Some((3, 4)));
        screen.note_search(true);
        assert_eq!(screen.rows(80), None);
    }
}
