//! Lines as they come: those that have ended stay, and below them the unfinished ones change in place.
//!
//! Knows nothing of logs and jobs.

use bgjobs::{Line, Stream, coloured, fitted, many_lines, uncoloured};
use unicode_width::UnicodeWidthStr;

/// Clears the row of the cursor, and moves it to the first column.
const CLEAR: &str = "\r\x1b[K";

/// What lines are shown on: by default nothing that changes or has colours.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Medium {
    /// The width of the terminal; none if what is printed stays as it is: then only lines that have ended are shown.
    pub(crate) columns: Option<usize>,
    /// Whether the colours of a line are shown.
    pub(crate) colours: bool,
}

impl Medium {
    /// A line that was printed, as it is shown; one that continues in the next has a mark.
    pub(crate) fn shown(&self, line: &Line) -> String {
        let (text, mark) = (&line.text, if line.continues { " …" } else { "" });
        if self.colours {
            format!("{}{mark}", coloured(text))
        } else {
            format!("{}{mark}", many_lines(&uncoloured(text)))
        }
    }
}

/// Lines as they come.
pub(crate) struct LiveLines<'a> {
    pub(crate) medium: Medium,
    print: &'a dyn Fn(Stream, &str),
    /// What is shown of the unfinished lines.
    unfinished: String,
}

impl<'a> LiveLines<'a> {
    pub(crate) fn new(medium: Medium, print: &'a dyn Fn(Stream, &str)) -> Self {
        Self { medium, print, unfinished: String::new() }
    }

    /// Prints a line that has ended.
    pub(crate) fn end(&mut self, stream: Stream, line: &str) {
        let clear = if self.unfinished.is_empty() { "" } else { CLEAR };
        self.unfinished.clear();
        (self.print)(stream, &format!("{clear}{line}\n"));
    }

    /// Shows the lines that have not ended, in one row, in place of those shown before.
    pub(crate) fn change(&mut self, lines: impl IntoIterator<Item = String>) {
        let Some(columns) = self.medium.columns else { return };
        let text = lines.into_iter().collect::<Vec<_>>().join("  ");
        if text != self.unfinished {
            // In the last column the cursor might wrap.
            let (plain, room) = (uncoloured(&text), columns.saturating_sub(1));
            let shown = if plain.width() > room { &fitted(&plain, room) } else { &text };
            (self.print)(Stream::Out, &format!("{CLEAR}{shown}"));
            self.unfinished = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use bgjobs::{Context, JobManager};

    use super::*;

    #[test]
    fn a_line_is_shown_as_the_medium_allows_and_with_a_mark_if_it_continues() {
        let jobs = JobManager::new();
        let body = |job: &Context| {
            job.print("\x1b[31mred\x1b[2J\t!");
            job.print("x".repeat(20_000));
            Ok(())
        };
        let job = jobs.spawn_with("print", body).unwrap();
        job.join().unwrap();
        let show = |colours| {
            job.log().tail(3).iter().map(|line| Medium { columns: None, colours }.shown(line)).collect::<Vec<_>>()
        };
        let long = ["x".repeat(16 * 1024) + " …", "x".repeat(20_000 - 16 * 1024)];
        let [red, first, rest] = <[String; 3]>::try_from(show(true)).unwrap();
        assert_eq!((&*red, [first, rest]), ("\x1b[31mred\\u{1b}[2J\t!\x1b[0m", long));
        assert_eq!(show(false)[0], "red\\u{1b}[2J\t!");
    }

    fn printed(columns: Option<usize>, show: impl FnOnce(&mut LiveLines<'_>)) -> String {
        let seen = RefCell::new(String::new());
        show(&mut LiveLines::new(Medium { columns, colours: true }, &|_, text| seen.borrow_mut().push_str(text)));
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
        for (text, row) in
            [("12345", "123…"), ("\x1b[31m1234\x1b[0m", "\x1b[31m1234\x1b[0m"), ("\x1b[31m12345", "123…")]
        {
            assert_eq!(printed(Some(5), |lines| lines.change([text.to_owned()])), format!("\r\x1b[K{row}"));
        }
    }
}
