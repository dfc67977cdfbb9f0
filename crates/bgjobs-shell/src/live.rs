//! Lines as they come: those that have ended stay, and below them the unfinished ones change in place.
//!
//! Knows nothing of logs and jobs.

use bgjobs::Stream;

use crate::text::fitted;

/// Clears the row of the cursor, and moves it to the first column.
const CLEAR: &str = "\r\x1b[K";

/// Lines as they come.
pub(crate) struct LiveLines<'a> {
    /// The width of the terminal; none if what is printed stays as it is: then only lines that have ended are shown.
    columns: Option<usize>,
    print: &'a dyn Fn(Stream, &str),
    /// What is shown of the unfinished lines.
    unfinished: String,
}

impl<'a> LiveLines<'a> {
    pub(crate) fn new(columns: Option<usize>, print: &'a dyn Fn(Stream, &str)) -> Self {
        Self { columns, print, unfinished: String::new() }
    }

    /// Prints a line that has ended.
    pub(crate) fn end(&mut self, stream: Stream, line: &str) {
        let clear = if self.unfinished.is_empty() { "" } else { CLEAR };
        self.unfinished.clear();
        (self.print)(stream, &format!("{clear}{line}\n"));
    }

    /// Shows the lines that have not ended, in one row, in place of those shown before.
    pub(crate) fn change(&mut self, lines: impl IntoIterator<Item = String>) {
        let Some(columns) = self.columns else { return };
        let text = lines.into_iter().collect::<Vec<_>>().join("  ");
        if text != self.unfinished {
            // In the last column the cursor might wrap.
            (self.print)(Stream::Out, &format!("{CLEAR}{}", fitted(&text, columns.saturating_sub(1))));
            self.unfinished = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn printed(columns: Option<usize>, show: impl FnOnce(&mut LiveLines<'_>)) -> String {
        let seen = RefCell::new(String::new());
        show(&mut LiveLines::new(columns, &|_, text| seen.borrow_mut().push_str(text)));
        seen.into_inner()
    }

    fn bar(lines: &mut LiveLines<'_>) {
        lines.change(["10%".to_owned()]);
        lines.change(["10%".to_owned()]);
        lines.change(["20%", "why?"].map(str::to_owned));
        lines.end(Stream::Out, "done");
        lines.change([]);
        lines.end(Stream::Err, "bye");
    }

    #[test]
    fn an_unfinished_line_changes_in_place_on_a_terminal_and_is_not_shown_elsewhere() {
        assert_eq!(printed(Some(80), bar), "\r\x1b[K10%\r\x1b[K20%  why?\r\x1b[Kdone\nbye\n");
        assert_eq!(printed(None, bar), "done\nbye\n");
    }

    #[test]
    fn an_unfinished_line_takes_one_row() {
        assert_eq!(printed(Some(5), |lines| lines.change(["12345".to_owned()])), "\r\x1b[K123…");
    }
}
