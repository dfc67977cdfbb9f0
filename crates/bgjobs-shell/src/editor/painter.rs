//! Paints a line below what the terminal shows, and again at each change.
//!
//! Moves only relative to what it painted before, so it asks the terminal nothing. Knows nothing of editing.

use std::io::{self, Write};

use super::picture::Picture;
use crate::terminal::size;

/// These hide the cursor while it moves.
const HIDE: &str = "\x1b[?25l";
const SHOW: &str = "\x1b[?25h";

/// Clears all behind the cursor.
const CLEAR: &str = "\x1b[J";

/// Paints pictures, each over the last.
pub(super) struct Painter {
    columns: usize,
    rows: usize,
    /// Whether the terminal has no escape sequences.
    is_plain: bool,
    /// How many rows the cursor is below the first row of what is painted.
    above: usize,
    last: Picture,
}

impl Painter {
    pub(super) fn new(is_plain: bool) -> Self {
        Self { columns: 80, rows: 24, is_plain, above: 0, last: Picture::default() }
    }

    /// Begins a line, in a row of its own.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        let (columns, rows) = size();
        self.set_size(columns, rows);
        (self.above, self.last) = Default::default();
        // If the row is empty, these end at its margin and the cursor returns to its start; otherwise they wrap.
        write(&if self.is_plain { String::new() } else { format!("{}\r", " ".repeat(self.columns)) })
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Follows a window that gets another size: what is painted wraps anew, as in most terminals.
    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        self.set_size(columns, rows);
        let layout = self.last.layout(self.columns);
        self.above = layout.cursor.0 - layout.first_row(self.rows);
    }

    fn set_size(&mut self, columns: u16, rows: u16) {
        let or = |size, default| if size == 0 { default } else { usize::from(size) };
        (self.columns, self.rows) = (or(columns, 80), or(rows, 24));
    }

    /// Paints a picture; if it is higher than the window, the part with the cursor.
    pub(super) fn paint(&mut self, picture: Picture) -> io::Result<()> {
        if self.is_plain {
            return self.paint_plainly(picture);
        }
        let layout = picture.layout(self.columns);
        let (first, (row, column)) = (layout.first_row(self.rows), layout.cursor);
        let shown = &layout.rows[first..layout.rows.len().min(first + self.rows)];
        let text = self.over_the_last(shown);
        let right = if column > 0 { format!("\x1b[{column}C") } else { String::new() };
        let back = up(first + shown.len() - 1 - row);
        (self.above, self.last) = (row - first, picture);
        write(&format!("{HIDE}{text}{back}\r{right}{SHOW}"))
    }

    /// Paints a whole picture for the last time, and goes to the next row.
    pub(super) fn finish(&mut self, picture: Picture) -> io::Result<()> {
        if self.is_plain {
            self.paint_plainly(picture)?;
            return write("\r\n");
        }
        write(&format!("{}\r\n", self.over_the_last(&picture.layout(self.columns).rows)))
    }

    /// Shows lines above what is painted, which the caller then paints again.
    pub(super) fn show_above(&mut self, lines: &str) -> io::Result<()> {
        let above = up(std::mem::take(&mut self.above));
        write(&format!("\r{above}{CLEAR}{}\r\n", lines.replace('\n', "\r\n")))
    }

    /// Clears the screen; the caller then paints again.
    pub(super) fn clear_screen(&mut self) -> io::Result<()> {
        self.above = 0;
        if self.is_plain { Ok(()) } else { write("\x1b[H\x1b[2J") }
    }

    /// Rows in place of what is painted. They are cleared one by one: some terminals save a screen that is cleared whole.
    fn over_the_last(&self, rows: &[String]) -> String {
        let rows = rows.concat();
        format!("\r{}{}{CLEAR}", up(self.above), rows.strip_suffix("\r\n").unwrap_or(&rows))
    }

    /// Paints the line with the cursor over the last one, or below it, with nothing but spaces and backspaces; of a line
    /// that is longer than a row, the end up to the cursor.
    fn paint_plainly(&mut self, picture: Picture) -> io::Result<()> {
        let room = self.columns - 1;
        let shown = |picture: &Picture| {
            let (line, before, after) = picture.line_at_cursor();
            let hidden = before.chars().count().saturating_sub(room);
            let before: Vec<_> = before.chars().skip(hidden).collect();
            let after: Vec<_> = after.chars().take(room - before.len()).collect();
            (line, before, after)
        };
        let ((last_line, last_before, last_after), (line, before, after)) = (shown(&self.last), shown(&picture));
        let passed: Vec<_> = picture.lines().take(line).skip(last_line).map(|line| format!("\r{line}\r\n")).collect();
        let next = if line < last_line { "\r\n".to_owned() } else { passed.concat() };
        let padding = (last_before.len() + last_after.len()).saturating_sub(before.len() + after.len());
        let text: String = before.iter().chain(&after).collect();
        let back = "\x08".repeat(padding + after.len());
        self.last = picture;
        write(&format!("{next}\r{text}{}{back}", " ".repeat(padding)))
    }
}

fn up(rows: usize) -> String {
    if rows > 0 { format!("\x1b[{rows}A") } else { String::new() }
}

/// One write, so that nothing comes between.
fn write(text: &str) -> io::Result<()> {
    let mut terminal = io::stderr().lock();
    terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush())
}
