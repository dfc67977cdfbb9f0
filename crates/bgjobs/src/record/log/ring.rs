//! Lines in order, up to a number of bytes: new lines push out the oldest.
//!
//! Knows nothing of locks, jobs and files.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use crate::{
    record::log::line::{Line, Stream},
    system::sync::Parker,
};

/// The longest line that stays whole, in bytes; a longer one continues in the next.
pub(crate) const LONGEST_LINE: usize = 16 * 1024;

/// What a line costs in addition to its text, in bytes, so that a flood of empty lines is bounded too.
pub(crate) const LINE_COST: usize = 64;

/// The lines of a log.
pub(crate) struct Ring {
    pub(crate) lines: VecDeque<Line>,
    /// The number of the first line in `lines`; the first ever written is 0.
    pub(crate) first: u64,
    /// The incomplete lines, one per stream.
    open: [Option<Line>; 2],
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
        let (lines, open, listeners) = (VecDeque::new(), [None, None], Vec::new());
        Self { lines, first: 0, open, bytes: 0, limit, unwritten: None, listeners }
    }

    /// The number of the next line.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    /// Adds a line that the job did not print.
    pub(crate) fn tell(&mut self, text: String) {
        self.push(Line { at: Instant::now(), stream: Stream::Err, text });
    }

    /// Adds a text that may hold several lines, the last of which may be incomplete.
    pub(crate) fn write(&mut self, stream: Stream, text: &str) {
        for piece in text.split_inclusive('\n') {
            let (piece, ends) = piece.strip_suffix('\n').map_or((piece, false), |piece| (piece, true));
            self.append(stream, piece);
            if ends {
                self.end_line(stream);
            }
        }
    }

    /// Completes the open lines.
    pub(crate) fn end(&mut self) {
        let mut open: Vec<_> = self.open.iter_mut().filter_map(Option::take).collect();
        open.sort_by_key(|line| line.at);
        for line in open {
            self.push(line);
        }
    }

    fn append(&mut self, stream: Stream, mut text: &str) {
        loop {
            let begin = || Line { at: Instant::now(), stream, text: String::new() };
            let open = self.open[stream as usize].get_or_insert_with(begin);
            let mut room = text.len().min(LONGEST_LINE - open.text.len());
            while !text.is_char_boundary(room) {
                room -= 1;
            }
            open.text.push_str(&text[..room]);
            text = &text[room..];
            if text.is_empty() {
                return;
            }
            self.end_line(stream);
        }
    }

    fn end_line(&mut self, stream: Stream) {
        if let Some(line) = self.open[stream as usize].take() {
            self.push(line);
        }
    }

    fn push(&mut self, line: Line) {
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
