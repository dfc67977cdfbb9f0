//! What is to be painted: a text with its colours and the cursor, laid out in rows as a terminal wraps them.
//!
//! Knows nothing of terminals' answers, and of what the text means.

use std::mem;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The number of a colour in an escape sequence; empty for the terminal's own.
pub(super) type Colour = &'static str;

/// Clears the rest of a row.
const CLEAR_ROW: &str = "\x1b[K";

/// What a tab is shown as.
const TAB: &str = "    ";

/// A text with its colours and the cursor.
#[derive(Clone, Default)]
pub(super) struct Picture {
    text: String,
    /// From where in the text which colour counts.
    colours: Vec<(usize, Colour)>,
    /// Where in the text the cursor is.
    cursor: usize,
}

/// A picture in rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Each with its colours, and with what leads to the next.
    pub(super) rows: Vec<String>,
    /// The row and the column of the cursor.
    pub(super) cursor: (usize, usize),
}

impl Picture {
    /// Appends a text; what would drive the terminal is shown as a sign.
    pub(super) fn push(&mut self, colour: Colour, text: &str) {
        self.colours.push((self.text.len(), colour));
        for c in text.chars() {
            match c {
                '\t' => self.text.push_str(TAB),
                '\n' => self.text.push('\n'),
                c if c.is_control() => self.text.push(char::REPLACEMENT_CHARACTER),
                c => self.text.push(c),
            }
        }
    }

    /// Puts the cursor behind what was appended.
    pub(super) fn set_cursor(&mut self) {
        self.cursor = self.text.len();
    }

    /// The lines of the text.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.split('\n')
    }

    /// The number of the line with the cursor, and its text before and after the cursor.
    pub(super) fn line_at_cursor(&self) -> (usize, &str, &str) {
        let (before, after) = self.text.split_at(self.cursor);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count(), &before[start..], after.split('\n').next().unwrap_or_default())
    }

    /// Lays the picture out.
    ///
    /// A wide character that does not fit moves to the next row, and so does the cursor at the end of a full one.
    pub(super) fn layout(&self, columns: usize) -> Layout {
        let mut rows = Filling { columns, rows: vec![String::new()], column: 0, colour: "" };
        let mut colours = self.colours.iter().peekable();
        let mut cursor = None;
        for (at, grapheme) in self.text.grapheme_indices(true) {
            let mut colour = rows.colour;
            while let Some((_, next)) = colours.next_if(|(from, _)| *from <= at) {
                colour = next;
            }
            rows.change_colour(colour);
            let place = rows.push(grapheme);
            if at >= self.cursor {
                cursor.get_or_insert(place);
            }
        }
        let end = rows.end();
        Layout { cursor: cursor.unwrap_or(end), rows: rows.rows }
    }
}

impl Layout {
    /// The first row that a window shows, so that it shows the cursor and as much as fits.
    pub(super) fn first_row(&self, height: usize) -> usize {
        self.rows.len().saturating_sub(height).min(self.cursor.0)
    }
}

/// Rows that are filled.
struct Filling {
    columns: usize,
    rows: Vec<String>,
    /// How much of the last one is filled.
    column: usize,
    colour: Colour,
}

impl Filling {
    /// Appends a character; returns its place.
    fn push(&mut self, grapheme: &str) -> (usize, usize) {
        if grapheme == "\n" {
            let place = (self.rows.len() - 1, self.column.min(self.columns - 1));
            self.next("\r\n");
            return place;
        }
        let width = grapheme.width();
        if self.column > 0 && self.column + width > self.columns {
            // Without a line break the terminal knows that these rows are one line.
            self.next("");
        }
        let place = (self.rows.len() - 1, self.column);
        self.last().push_str(grapheme);
        self.column += width;
        place
    }

    /// Ends the text; returns the place after it.
    fn end(&mut self) -> (usize, usize) {
        self.change_colour("");
        if self.column >= self.columns {
            self.next("\r\n");
        }
        (self.rows.len() - 1, self.column)
    }

    /// Goes on in the next row.
    fn next(&mut self, line_break: &str) {
        let colour = self.colour;
        self.change_colour("");
        // At the margin, this would clear the last character.
        if self.column < self.columns {
            self.last().push_str(CLEAR_ROW);
        }
        self.last().push_str(line_break);
        self.rows.push(String::new());
        self.column = 0;
        self.change_colour(colour);
    }

    fn change_colour(&mut self, colour: Colour) {
        if self.colour == colour {
            return;
        }
        if !mem::replace(&mut self.colour, colour).is_empty() {
            self.last().push_str("\x1b[0m");
        }
        if !colour.is_empty() {
            self.last().extend(["\x1b[", colour, "m"]);
        }
    }

    fn last(&mut self) -> &mut String {
        self.rows.last_mut().expect("there is always a row")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of a text, and the place of the cursor behind its first `before` bytes.
    fn laid_out(text: &str, before: usize, columns: usize) -> (Vec<String>, (usize, usize)) {
        let mut picture = Picture::default();
        picture.push("", &text[..before]);
        picture.set_cursor();
        picture.push("", &text[before..]);
        let Layout { rows, cursor } = picture.layout(columns);
        (rows.iter().map(|row| row.replace(CLEAR_ROW, "<").replace("\r\n", "|")).collect(), cursor)
    }

    #[test]
    fn rows_are_those_of_the_terminal() {
        for (text, rows, end) in [
            ("", &[""][..], (0, 0)),
            ("abcd", &["abcd"], (0, 4)),
            ("abcde", &["abcde|", ""], (1, 0)),
            ("abcdef", &["abcde", "f"], (1, 1)),
            ("a\nb", &["a<|", "b"], (1, 1)),
            ("abcde\nb", &["abcde|", "b"], (1, 1)),
            ("日本", &["日本"], (0, 4)),
            ("日本語", &["日本<", "語"], (1, 2)),
            ("e\u{301}e\u{301}e\u{301}", &["e\u{301}e\u{301}e\u{301}"], (0, 3)),
        ] {
            let rows: Vec<_> = rows.iter().map(|&row| row.to_owned()).collect();
            assert_eq!(laid_out(text, text.len(), 5), (rows, end), "{text:?}");
        }
        assert_eq!(laid_out("日日", 0, 1).0.len(), 3, "narrower than a character");
    }

    #[test]
    fn the_cursor_may_be_anywhere_in_the_text() {
        assert_eq!(laid_out("abcdef", 5, 5).1, (1, 0));
        assert_eq!(laid_out("日本語", 6, 5).1, (1, 0));
        assert_eq!(laid_out("ab\ncd", 2, 5).1, (0, 2));
        assert_eq!(laid_out("abcde\nf", 5, 5).1, (0, 4), "before the end of a full row");
    }

    #[test]
    fn each_row_has_its_own_colours() {
        let mut picture = Picture::default();
        picture.push("", "a");
        picture.push("32", "bcdef");
        picture.push("", "g");
        let rows = picture.layout(4).rows;
        assert_eq!(rows, ["a\x1b[32mbcd\x1b[0m", "\x1b[32mef\x1b[0mg"]);
    }

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        let mut picture = Picture::default();
        picture.push("", "a\tb\x1b[2Jc\u{9b}");
        assert_eq!(picture.layout(80).rows, ["a    b\u{fffd}[2Jc\u{fffd}"]);
    }

    #[test]
    fn a_window_shows_the_end_or_the_cursor() {
        let layout = |row| Layout { rows: vec![String::new(); 10], cursor: (row, 0) };
        assert_eq!([9, 7, 3, 0].map(|row| layout(row).first_row(4)), [6, 6, 3, 0]);
        assert_eq!(layout(0).first_row(10), 0);
    }
}
