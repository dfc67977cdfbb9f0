//! Lines in order, up to a number of bytes: new lines push out the oldest.
//!
//! Knows nothing of locks, jobs and files.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use crate::{
    record::log::{
        line::{Line, Stream},
        unfinished::Unfinished,
    },
    system::sync::Parker,
};

/// What a line costs in addition to its text, in bytes, so that a flood of empty lines is bounded too.
pub(crate) const LINE_COST: usize = 64;

/// The lines of a log.
pub(crate) struct Ring {
    pub(crate) lines: VecDeque<Line>,
    /// The number of the first line in `lines`; the first ever written is 0.
    pub(crate) first: u64,
    /// The unfinished lines, one per stream.
    unfinished: [Unfinished; 2],
    /// How often the unfinished lines have changed.
    changes: u64,
    /// The total cost of `lines`.
    bytes: usize,
    limit: usize,
    /// New lines for the file; `None` unless it accepts lines.
    pub(crate) unwritten: Option<String>,
    /// The threads to wake when there is a new line.
    pub(crate) listeners: Vec<Arc<Parker>>,
}

impl Ring {
    /// Creates a ring that holds `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        let unfinished = [Stream::Out, Stream::Err].map(Unfinished::new);
        let (lines, listeners) = (VecDeque::new(), Vec::new());
        Self { lines, first: 0, unfinished, changes: 0, bytes: 0, limit, unwritten: None, listeners }
    }

    /// The number of the next line.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    /// What differs whenever the unfinished lines do; 0 if there are none.
    pub(crate) fn version(&self) -> u64 {
        if self.unfinished.iter().all(Unfinished::is_empty) { 0 } else { self.changes }
    }

    /// Adds a line that the job did not print.
    pub(crate) fn tell(&mut self, text: String) {
        self.push(Line::new(Stream::Err, text));
    }

    /// Adds a text that may hold several lines, the last of which may be unfinished; `at` is when they begin, if not now.
    pub(crate) fn write(&mut self, stream: Stream, mut text: &str, at: Option<Instant>) {
        self.unfinished[stream as usize].set_time(at);
        let was_empty = self.unfinished[stream as usize].is_empty();
        while let Some(line) = self.unfinished[stream as usize].take_from(&mut text) {
            for left in self.unfinished[1 - stream as usize].settle() {
                self.push(left);
            }
            self.push(line);
        }
        if !(was_empty && self.unfinished[stream as usize].is_empty()) {
            self.changes += 1;
        }
    }

    /// The unfinished lines, oldest first.
    pub(crate) fn pending(&self) -> Vec<Line> {
        let mut unfinished = self.unfinished.each_ref();
        unfinished.sort_by_key(|unfinished| unfinished.newest());
        unfinished.into_iter().flat_map(Unfinished::lines).cloned().collect()
    }

    /// Ends the unfinished lines.
    pub(crate) fn end(&mut self) {
        let mut unfinished = self.unfinished.each_mut();
        unfinished.sort_by_key(|unfinished| unfinished.newest());
        let ended: Vec<_> = unfinished.into_iter().flat_map(Unfinished::end).collect();
        for line in ended {
            self.push(line);
        }
    }

    fn push(&mut self, mut line: Line) {
        // A line that was rewritten has room for the longest text that it ever had.
        line.text.shrink_to_fit();
        if let Some(unwritten) = &mut self.unwritten {
            line.record(unwritten);
        }
        self.bytes += cost(&line);
        self.lines.push_back(line);
        while self.bytes > self.limit && self.lines.len() > 1 {
            let oldest = self.lines.pop_front().expect("there is more than one line");
            self.bytes -= cost(&oldest);
            self.first += 1;
        }
    }
}

fn cost(line: &Line) -> usize {
    line.text.len() + LINE_COST
}
