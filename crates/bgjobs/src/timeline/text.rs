//! A timeline as text, for a terminal.
//!
//! Knows nothing of colours.

use std::{iter, time::Duration};

use unicode_width::UnicodeWidthStr;

use super::{
    Timeline,
    bar::{Bar, End},
    counts::{column_at, counts, ends, part},
};
use crate::record::fitted::fitted;

/// The room at the right, for the label of a bar that ends last.
const LABEL: usize = 15;

/// How narrow it is at least, however narrow the terminal is.
const LEAST: usize = 40;

/// The heights of a column.
const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Timeline {
    /// The timeline as text in lines of at most `columns` columns, or 40 if there are fewer.
    ///
    /// What would drive a terminal in a name is escaped.
    #[must_use]
    pub fn text(&self, columns: usize) -> String {
        let columns = columns.max(LEAST);
        let mut lines = vec![fitted(&self.title(), columns)];
        if self.bars.is_empty() {
            return lines.remove(0);
        }
        let heads: Vec<_> = if self.has_rows() {
            self.bars.iter().map(|bar| format!("#{} {}", bar.id, bar.name)).collect()
        } else {
            [End::Running, End::Waiting, End::Failed, End::Stopped].map(|end| end.word().to_owned()).into()
        };
        let longest = heads.iter().map(|head| head.width()).max().unwrap_or(0);
        let left = longest.min(columns / 3) + 1;
        let room = columns - left - LABEL;
        lines.push(format!("{}{}", " ".repeat(left), self.ticks(room)));
        let rows: Vec<_> = if self.has_rows() {
            self.bars.iter().map(|bar| Some(self.row(bar, room))).collect()
        } else {
            let runs = self.moments(self.bars.iter().filter_map(Bar::run), room);
            let waits = self.moments(self.bars.iter().map(Bar::wait), room);
            vec![runs, waits, self.ends(End::Failed, room), self.ends(End::Stopped, room)]
        };
        for (head, row) in heads.iter().zip(rows) {
            let head = fitted(head, left - 1);
            let padding = " ".repeat(left - head.width());
            lines.extend(row.map(|row| format!("{head}{padding}{row}")));
        }
        lines.join("\n")
    }

    /// The labels of the ticks, each beginning at its tick.
    fn ticks(&self, room: usize) -> String {
        let mut line = String::new();
        // Wide enough for `+1 min 15 s` and a blank.
        for tick in self.axis.ticks(part(12, room)) {
            let column = column_at(tick.at, room);
            line.extend(iter::repeat_n(' ', column.saturating_sub(line.width())));
            line += &tick.label;
        }
        line
    }

    fn row(&self, bar: &Bar, room: usize) -> String {
        let column = |time: Duration| column_at(self.axis.at(time), room);
        let (from, to) = bar.wait();
        let (from, to, end) = (column(from), column(to), column(bar.ended));
        let run = if bar.run().is_some() { "━".repeat(end - to + 1) } else { String::new() };
        format!("{}{}{run} {}", " ".repeat(from), "─".repeat(to - from), bar.label())
    }

    /// How many there were at each moment; none if there were none at all.
    fn moments(&self, times: impl Iterator<Item = (Duration, Duration)>, room: usize) -> Option<String> {
        let counts = counts(times, &self.axis, room);
        let most = counts.iter().copied().max().unwrap_or(0);
        (most > 0).then(|| format!("{} {most} at most", heights(&counts)))
    }

    /// When jobs ended like this; none if none did.
    fn ends(&self, end: End, room: usize) -> Option<String> {
        let counts = ends(&self.bars, end, &self.axis, room);
        let count: usize = counts.iter().sum();
        (count > 0).then(|| format!("{} {count}", heights(&counts)))
    }
}

/// A column for each count.
fn heights(counts: &[usize]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    counts.iter().map(|count| HEIGHTS[(count * 8).div_ceil(most)]).collect()
}
