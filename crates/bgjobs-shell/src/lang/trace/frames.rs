//! Frames for people: which line of which text, in which function.
//!
//! Knows nothing of how they were found.

use std::sync::Arc;

use bgjobs::Frame;
use rhai::Position;

use crate::lang::read::source::Source;

/// How many frames are shown from either end.
pub(crate) const MOST_FRAMES: usize = 12;

/// How much of a line is shown, in characters.
const LONGEST_LINE: usize = 160;

/// The name of a function in tracebacks.
pub(crate) fn shown(function: &str) -> Option<String> {
    match function {
        "" => None,
        _ if function.starts_with("anon$") => Some("a closure".to_owned()),
        _ => Some(function.to_owned()),
    }
}

/// The first and the last of many frames.
pub(crate) fn shortened(mut frames: Vec<Frame>) -> Vec<Frame> {
    if frames.len() > 2 * MOST_FRAMES {
        let left_out = frames.len() - 2 * MOST_FRAMES;
        let note = Frame { source: Some(format!("... {left_out} more ...")), ..Frame::default() };
        frames.splice(MOST_FRAMES..MOST_FRAMES + left_out, [note]);
    }
    // A call from Rust code, such as that of a function value by `map`, has the same position as the method.
    frames.dedup_by(|a, b| (&a.source, a.line, a.column) == (&b.source, b.line, b.column));
    frames
}

/// The part of a long line around a column, and the column in that part.
fn window(line: &str, column: usize) -> (Option<String>, Option<usize>) {
    let length = line.chars().count();
    if length <= LONGEST_LINE {
        return (Some(line.to_owned()), Some(column));
    }
    let start = column.saturating_sub(LONGEST_LINE / 2).min(length - LONGEST_LINE);
    let part: String = line.chars().skip(start).take(LONGEST_LINE).collect();
    let (before, after) = (if start > 0 { "…" } else { "" }, if start + LONGEST_LINE < length { "…" } else { "" });
    (Some(format!("{before}{part}{after}")), Some(column - start + before.chars().count()))
}

/// A function, or a text outside of functions.
pub(crate) struct Site {
    pub(crate) source: Option<Arc<Source>>,
    /// As [`shown`] returns it.
    pub(crate) function: Option<String>,
}

impl Site {
    /// The frame of a position, if there is one to show; `title` gives the name of its source.
    pub(crate) fn frame(&self, position: Position, title: impl Fn(&Arc<Source>) -> String) -> Option<Frame> {
        let source = self.source.as_ref()?;
        let number = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok());
        let line = position.line()?;
        let (text, column) = match source.line(line) {
            Some(text) => window(text, position.position().unwrap_or(1)),
            None => (None, position.position()),
        };
        Some(Frame {
            function: self.function.clone(),
            source: Some(title(source)),
            line: number(Some(line)),
            column: number(column),
            text,
        })
    }
}
