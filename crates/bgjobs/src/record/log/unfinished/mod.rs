//! The lines of a stream that have not ended: the newest, and those above it that their writer goes back to.
//!
//! It takes text in pieces, cut anywhere, and knows nothing of what becomes of a finished line.

#[cfg(all(test, not(any(bgjobs_loom, bgjobs_shuttle))))]
mod model;

use std::{cmp::Reverse, collections::VecDeque, time::Instant};

use crate::record::log::line::{Line, Stream};

/// The longest line that stays whole, in bytes.
pub(crate) const LONGEST_LINE: usize = 16 * 1024;

/// The longest escape sequence, in bytes; a longer one is text.
const LONGEST_SEQUENCE: usize = 32;

/// How many bytes of sequences may precede a line's first character.
const LONGEST_START: usize = 1024;

/// How many lines above the newest may still change.
const MOST_ROWS: usize = 32;

const ESCAPE: u8 = 0x1b;

/// The unfinished lines of one stream.
///
/// A progress bar rewrites its line, so the log has one line for it, which changes:
///
/// - Text after a carriage return restarts the line; before a line break a carriage return means nothing.
/// - `ESC[A`, the cursor up, drops the line: its writer goes back to an earlier one. A line break that only comes down
///   again ends no line; what was written up there takes the place of what was written there before, until a line ends
///   below.
/// - `ESC[K` erases what is right of the cursor, `ESC[1K` and `ESC[2K` erase the line.
/// - Any other sequence, such as a colour, is kept and restarts nothing.
pub(crate) struct Unfinished {
    stream: Stream,
    /// When the lines begin whose text is taken now, if not now.
    at: Option<Instant>,
    /// The line of the cursor; none if nothing is visible of it yet.
    line: Option<Line>,
    /// Whether the cursor is back at the start, so that the next character restarts the line.
    is_back: bool,
    /// The sequences written at the start; they precede its first character.
    start: String,
    /// A sequence that has not ended.
    sequence: String,
    /// How many lines the cursor is above the newest.
    above: usize,
    /// The lines that the cursor has left downwards, with how many lines they are above the newest; the highest first.
    rows: Vec<(usize, Line)>,
    /// Lines that have ended, to be handed on.
    ended: VecDeque<Line>,
}

impl Unfinished {
    pub(crate) fn new(stream: Stream) -> Self {
        let (start, sequence, rows, ended) = (String::new(), String::new(), Vec::new(), VecDeque::new());
        Self { stream, at: None, line: None, is_back: false, start, sequence, above: 0, rows, ended }
    }

    /// The lines of which something is visible.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.rows.iter().map(|(_, line)| line).chain(&self.line)
    }

    /// When its newest line was begun.
    pub(crate) fn newest(&self) -> Option<Instant> {
        self.lines().last().map(|line| line.at)
    }

    /// Whether nothing is visible.
    pub(crate) fn is_empty(&self) -> bool {
        self.line.is_none() && self.rows.is_empty()
    }

    /// Says when the text was written that is taken from now on; `None` if that is when it is taken.
    pub(crate) fn set_time(&mut self, at: Option<Instant>) {
        self.at = at;
    }

    /// Takes `text` up to the end of a line, which it returns, or to its own end.
    pub(crate) fn take_from(&mut self, text: &mut &str) -> Option<Line> {
        if self.is_clear() {
            // Most lines are plain and come whole: a short way for them.
            let end = next_meaning(text);
            if (1..=LONGEST_LINE).contains(&end) {
                let line = Line::begun(self.at, self.stream, text[..end].to_owned());
                *text = &text[end..];
                if let Some(rest) = text.strip_prefix('\n') {
                    *text = rest;
                    return Some(line);
                }
                (self.line, self.is_back) = (Some(line), false);
            }
        } else if let Some(line) = self.ended.pop_front() {
            return Some(line);
        }
        while let Some(&first) = text.as_bytes().first() {
            let finished = match first {
                _ if !self.sequence.is_empty() => self.continue_sequence(text),
                b'\n' => {
                    *text = &text[1..];
                    self.end_line()
                }
                b'\r' => {
                    *text = &text[1..];
                    self.is_back = true;
                    None
                }
                ESCAPE => {
                    *text = &text[1..];
                    self.sequence.push(char::from(ESCAPE));
                    None
                }
                _ => self.print(text),
            };
            if finished.is_some() {
                return finished;
            }
        }
        None
    }

    /// Ends the lines as the end of their writer does.
    pub(crate) fn end(&mut self) -> impl Iterator<Item = Line> {
        if !self.sequence.is_empty() {
            let sequence = std::mem::take(&mut self.sequence);
            let full = self.append_whole(&sequence);
            self.ended.extend(full);
        }
        self.ended.extend(self.rows.drain(..).map(|(_, line)| line));
        if self.line.is_some() {
            let line = self.finish();
            self.ended.push_back(line);
        }
        self.ended.drain(..)
    }

    /// The lines above that their writer has left, because the cursor is below them and nothing is written there.
    pub(crate) fn settle(&mut self) -> Vec<Line> {
        let is_left = !self.rows.is_empty() && self.above == 0 && self.line.is_none();
        if is_left { std::mem::take(&mut self.rows).into_iter().map(|(_, line)| line).collect() } else { Vec::new() }
    }

    /// Whether what comes next depends on nothing that came before.
    fn is_clear(&self) -> bool {
        let is_at_bottom = self.above == 0 && self.rows.is_empty() && self.ended.is_empty();
        is_at_bottom && self.line.is_none() && self.start.is_empty() && self.sequence.is_empty()
    }

    /// Takes the characters before the next that has a meaning, as far as the line has room.
    fn print(&mut self, text: &mut &str) -> Option<Line> {
        let mut end = next_meaning(text);
        let line = self.begin();
        let room = LONGEST_LINE.saturating_sub(line.text.len());
        let is_full = end > room;
        if is_full {
            end = room;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
        }
        line.text.push_str(&text[..end]);
        *text = &text[end..];
        is_full.then(|| self.split())
    }

    /// The line that the next character belongs to.
    fn begin(&mut self) -> &mut Line {
        if std::mem::take(&mut self.is_back) || self.line.is_none() {
            let mut text = self.line.take().map(|line| line.text).unwrap_or_default();
            text.clear();
            let line = self.line.insert(Line::begun(self.at, self.stream, text));
            line.text.push_str(&self.start);
            self.start.clear();
        }
        self.line.as_mut().expect("it has begun")
    }

    /// Takes the next character after the beginning of a sequence.
    fn continue_sequence(&mut self, text: &mut &str) -> Option<Line> {
        let next = text.as_bytes()[0];
        let is_begun = self.sequence.len() > 1;
        let goes_on =
            if is_begun { matches!(next, b'0'..=b'?') && self.sequence.len() < LONGEST_SEQUENCE } else { next == b'[' };
        if goes_on {
            self.sequence.push(char::from(next));
            *text = &text[1..];
            return None;
        }
        let mut sequence = std::mem::take(&mut self.sequence);
        if is_begun && matches!(next, b'@'..=b'~') {
            sequence.push(char::from(next));
            *text = &text[1..];
            return self.obey(&sequence);
        }
        self.append_whole(&sequence)
    }

    /// Does what a sequence asks for, or keeps it.
    fn obey(&mut self, sequence: &str) -> Option<Line> {
        match sequence.as_bytes() {
            [ESCAPE, b'[', count @ .., b'A'] if count.iter().all(u8::is_ascii_digit) => {
                let count: usize = sequence[2..sequence.len() - 1].parse().unwrap_or(1);
                if self.line.is_some() {
                    self.erase();
                }
                self.above = self.above.saturating_add(count.max(1));
            }
            b"\x1b[1K" | b"\x1b[2K" => self.erase(),
            b"\x1b[K" | b"\x1b[0K" if self.is_back || self.line.is_none() => self.erase(),
            b"\x1b[K" | b"\x1b[0K" => {}
            _ if self.is_back || self.line.is_none() => {
                if self.start.len() + sequence.len() > LONGEST_START {
                    self.start.clear();
                }
                self.start.push_str(sequence);
            }
            _ => return self.append_whole(sequence),
        }
        None
    }

    /// Drops the line of the cursor.
    fn erase(&mut self) {
        self.line = None;
        self.rows.retain(|(above, _)| *above != self.above);
    }

    /// Appends a short text that is never split; returns the line if it was full before.
    fn append_whole(&mut self, text: &str) -> Option<Line> {
        let is_full =
            !self.is_back && self.line.as_ref().is_some_and(|line| line.text.len() + text.len() > LONGEST_LINE);
        let finished = is_full.then(|| self.split());
        self.begin().text.push_str(text);
        finished
    }

    /// Ends the line at a line break, with those above it, unless the break only comes down again.
    fn end_line(&mut self) -> Option<Line> {
        if self.above > 0 {
            if self.line.is_some() {
                let line = self.finish();
                self.rows.retain(|(above, _)| *above != self.above);
                self.rows.push((self.above, line));
                self.rows.sort_by_key(|(above, _)| Reverse(*above));
            }
            self.is_back = false;
            self.above -= 1;
            return (self.rows.len() > MOST_ROWS).then(|| self.rows.remove(0).1);
        }
        let line = self.finish();
        if self.rows.is_empty() {
            return Some(line);
        }
        self.ended.extend(self.rows.drain(..).map(|(_, line)| line).chain([line]));
        self.ended.pop_front()
    }

    /// Hands on what there is of the line.
    fn split(&mut self) -> Line {
        Line { continues: true, ..self.finish() }
    }

    /// Hands the line on; an empty one if nothing is visible of it.
    fn finish(&mut self) -> Line {
        self.is_back = false;
        let mut line = self.line.take().unwrap_or_else(|| Line::begun(self.at, self.stream, String::new()));
        if !self.start.is_empty() {
            line.text.push_str(&self.start);
            self.start.clear();
        }
        line
    }
}

/// The position of the next character that has a meaning, or the end; one that is further away than a line is long is not
/// looked for, as a long text is taken a line at a time.
fn next_meaning(text: &str) -> usize {
    let bytes = &text.as_bytes()[..text.len().min(LONGEST_LINE + 1)];
    let has_meaning = |at: &usize| matches!(bytes[*at], b'\n' | b'\r' | ESCAPE);
    let (words, _) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The high bit of each byte that is a control character, and of some that are not.
        let mut controls = word.wrapping_sub(u64::from_le_bytes([b' '; 8])) & !word & u64::from_le_bytes([0x80; 8]);
        while controls != 0 {
            let at = index * 8 + controls.trailing_zeros() as usize / 8;
            if has_meaning(&at) {
                return at;
            }
            controls &= controls - 1;
        }
    }
    (words.len() * 8..bytes.len()).find(has_meaning).unwrap_or(bytes.len())
}

#[cfg(all(test, not(any(bgjobs_loom, bgjobs_shuttle))))]
mod tests {
    use super::*;

    /// The texts of the finished lines, and of the unfinished ones, of a text that comes in pieces.
    pub(super) fn lines<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (Vec<String>, Vec<String>) {
        let (mut unfinished, mut finished) = (Unfinished::new(Stream::Out), Vec::new());
        for mut piece in pieces {
            while let Some(line) = unfinished.take_from(&mut piece) {
                finished.push(line.text);
            }
        }
        let left: Vec<_> = unfinished.lines().map(|line| line.text.clone()).collect();
        (finished, left)
    }

    #[test]
    fn a_line_that_is_rewritten_is_one_line() {
        for (text, finished, unfinished) in [
            ("a\nb", &["a"][..], Some("b")),
            ("\r 10%\r 20%\r100%\n", &["100%"], None),
            ("10%\r20%\r", &[], Some("20%")),
            ("one\r\ntwo\r\r\n\r\n\n", &["one", "two", "", ""], None),
            ("long text\rab", &[], Some("ab")),
            ("bar\r\x1b[K", &[], None),
            ("bar\r\x1b[Kdone\n", &["done"], None),
            ("remote: done.\x1b[K\n", &["remote: done."], None),
            ("bar\x1b[2K\rdone\n", &["done"], None),
        ] {
            let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(lines([text]), (owned(finished), owned(unfinished.as_slice())), "{text:?}");
        }
    }

    #[test]
    fn bars_below_each_other_are_a_line_each() {
        let check = |pieces: &[&str], finished: &str, left: &str| {
            let (seen, unfinished) = lines(pieces.iter().copied());
            assert_eq!((&*seen.join(","), &*unfinished.join(",")), (finished, left));
        };
        // As tqdm writes them.
        let three = "\rA1\n\rB1\x1b[A\n\n\rC1\x1b[A\x1b[A\rA2\n\rB2\x1b[A\rA3\n\n\rC2\x1b[A\x1b[A\rA4";
        check(&[three], "A1,", "A3,A4");
        check(&[three, "\nB3\nend\nlast\n"], "A1,,A4,B3,end,last", "");
        // As others write a block: up to its first line, and down again.
        let block = ["a1\nb1\nc1", "\x1b[2A\ra2\nb2\nc2", "\r\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2Ka3\nb3"];
        check(&block[..2], "a1,b1", "a2,b2,c2");
        check(&block, "a1,b1", "a3,b3");
    }

    #[test]
    fn few_lines_above_may_still_change() {
        let (finished, left) = lines(["\x1b[99999999999999999999A\x1b[99A", &"x\n".repeat(100)]);
        assert_eq!((finished.len(), left.len()), (100 - MOST_ROWS, MOST_ROWS));
    }

    #[test]
    fn colours_stay_where_they_are_and_restart_nothing() {
        let (red, plain) = ("\x1b[31m", "\x1b[0m");
        for (text, line) in [
            (format!("{red}a{plain} b\n"), format!("{red}a{plain} b")),
            (format!("a\r{plain}\n"), format!("a{plain}")),
            (format!("a\r{red}b{plain}\n"), format!("{red}b{plain}")),
            (format!("{plain}\n"), plain.to_owned()),
        ] {
            assert_eq!(lines([&*text]), (vec![line], Vec::new()), "{text:?}");
        }
        assert_eq!(lines(["a\n\x1b[?25h\x1b[0m"]), (vec!["a".to_owned()], Vec::new()), "nothing is visible");
    }

    #[test]
    fn what_only_begins_like_a_sequence_is_text() {
        let long = format!("\x1b[{}", "1;".repeat(40));
        for text in ["\x1b", "\x1b[", "\x1b[31", "\x1bM", "\x1b[3\u{e9}", "\x1b]0;title\u{7}", &*long] {
            let mut unfinished = Unfinished::new(Stream::Out);
            assert!(unfinished.take_from(&mut &*text).is_none());
            assert_eq!(unfinished.end().map(|line| line.text).collect::<Vec<_>>(), [text]);
        }
    }

    #[test]
    fn a_long_text_without_line_breaks_takes_hardly_longer_than_one_with_them() {
        let time = |text: &str| {
            let began = Instant::now();
            assert!(lines([text]).0.len() > 1_000);
            began.elapsed()
        };
        let with = time(&format!("{}\n", "x".repeat(LONGEST_LINE - 1)).repeat(1_024));
        let without = time(&"x".repeat(1_024 * LONGEST_LINE));
        // To look through the whole rest for each line would take some 500 times as long.
        assert!(without < with * 50, "{without:?}, with line breaks {with:?}");
    }

    #[test]
    fn a_stream_of_sequences_takes_no_room() {
        let mut unfinished = Unfinished::new(Stream::Out);
        for _ in 0..1_000 {
            assert!(unfinished.take_from(&mut "\x1b[31m\x1b[0m").is_none());
        }
        assert!(unfinished.start.len() <= LONGEST_START);
        let seen = lines(["a", &"\x1b[0m".repeat(LONGEST_LINE)]);
        assert!(seen.0.iter().chain(&seen.1).all(|line| line.len() <= LONGEST_LINE));
    }
}
