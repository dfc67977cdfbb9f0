//! A portion of what a job printed, as an agent reads it: short, and without control codes.
//!
//! Knows nothing of the protocol.

use std::{borrow::Cow, collections::VecDeque, fmt, str::FromStr};

use bgjobs::{KeptCursor, KeptError, KeptJob, KeptLine, many_lines, uncoloured};

use bgjobs_cli::text;

use crate::screen::Screen;

/// The longest portion, in characters.
const MOST: usize = 8_000;

/// The room that a remark on dropped output needs.
const REMARK: usize = 80;

/// More pieces than a log holds: a job that prints as fast as this reads is not followed further.
const MOST_PIECES: usize = 1 << 20;

/// Where a portion begins: at a line of the log, and so many characters into it.
///
/// It reads as `4711`, or as `4711+200` inside a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    line: u64,
    shown: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.line)?;
        if self.shown > 0 { write!(f, "+{}", self.shown) } else { Ok(()) }
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (line, shown) = text.split_once('+').unwrap_or((text, "0"));
        let place = line.parse().ok().zip(shown.parse().ok()).map(|(line, shown)| Self { line, shown });
        place.ok_or_else(|| format!("`{}` is no cursor: take one that tail said, or 0", many_lines(text)))
    }
}

/// A part of what a job printed.
pub(super) struct Portion {
    pub(super) text: String,
    /// Where the next one begins.
    pub(super) next: Place,
    /// Whether that has something to show already.
    pub(super) has_more: bool,
}

impl Portion {
    /// The portion that begins at `place`.
    pub(super) fn read(job: &KeptJob, place: Place) -> Result<Self, KeptError> {
        let mut portion = Self { text: String::new(), next: place, has_more: true };
        let mut room = MOST;
        let mut cursor = KeptCursor::at(place.line);
        loop {
            let reading = job.read(&mut cursor)?;
            if reading.is_empty() {
                return Ok(Self { has_more: false, ..portion });
            }
            if reading.dropped > 0 {
                if room < REMARK {
                    return Ok(portion);
                }
                let line_break = if portion.text.is_empty() || portion.text.ends_with('\n') { "" } else { "\n" };
                let remark = format!("{line_break}{}", text::dropped(reading.dropped));
                room -= remark.len();
                portion.text.push_str(&remark);
            }
            for line in &reading.lines {
                let at = line.at.offset();
                if portion.next.line != at {
                    portion.next = Place { line: at, shown: 0 };
                }
                let shown = plain(line);
                let rest: String = shown.chars().skip(portion.next.shown).take(room + 1).collect();
                if let Some((end, _)) = rest.char_indices().nth(room) {
                    portion.text.push_str(&rest[..end]);
                    portion.next.shown += room;
                    return Ok(portion);
                }
                room -= rest.chars().count();
                portion.text.push_str(&rest);
            }
            portion.next = Place { line: cursor.offset(), shown: 0 };
        }
    }
}

/// Where the newest portion begins.
pub(super) fn newest(job: &KeptJob) -> Result<Place, KeptError> {
    let mut pieces = VecDeque::new();
    let (mut count, mut length) = (0, 0);
    let mut cursor = KeptCursor::default();
    while count < MOST_PIECES {
        let reading = job.read(&mut cursor)?;
        if reading.is_empty() {
            break;
        }
        count += reading.lines.len();
        for line in &reading.lines {
            let characters = plain(line).chars().count();
            pieces.push_back((line.at.offset(), characters));
            length += characters;
            while let Some((_, first)) = pieces.front()
                && length - first >= MOST
            {
                length -= first;
                pieces.pop_front();
            }
        }
    }
    let first = pieces.front().map_or_else(|| cursor.offset(), |&(line, _)| line);
    Ok(Place { line: first, shown: length.saturating_sub(MOST) })
}

/// A line without what drives a terminal; a carriage return is a line break.
fn plain(line: &KeptLine) -> String {
    let text = line.text.strip_suffix('\r').unwrap_or(&line.text);
    let text: Cow<'_, str> = if text.contains('\x1b') { Screen::default().take(text).into() } else { text.into() };
    let text = many_lines(&uncoloured(&text).replace('\r', "\n")).to_string();
    if line.is_whole { text + "\n" } else { text }
}
