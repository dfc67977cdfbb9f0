//! Where calls were made: the frames of a traceback, and how those of a panic are looked up.
//!
//! Knows nothing of jobs and failures.

use std::{fmt, panic::Location, path::Path};

use backtrace::Backtrace;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::record::{
    fitted::fitted,
    name::{many_lines, one_line},
};

/// The function that marks where the user's code begins in a backtrace; see `panic.rs`.
pub(crate) const START: &str = "bgjobs_body_starts_here";

/// One line of a traceback: where a call was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Frame {
    /// The function that was running.
    pub function: Option<String>,
    /// The file, or another name of the source.
    pub source: Option<String>,
    /// The line in the source, from 1.
    pub line: Option<u32>,
    /// The column in the line, in characters, from 1.
    pub column: Option<u32>,
    /// The text of the line, if it is available; it is shown with a caret under the column.
    pub text: Option<String>,
}

impl Frame {
    /// The frame in words: `line 3 of f`, or of the file.
    pub(crate) fn in_words(&self) -> String {
        let whole = self.function.as_deref().or(self.source.as_deref()).unwrap_or("an unknown source");
        match self.line {
            Some(line) => format!("line {line} of {whole}"),
            None => whole.to_owned(),
        }
    }
}

impl From<&Location<'_>> for Frame {
    fn from(location: &Location<'_>) -> Self {
        let (line, column) = (Some(location.line()), Some(location.column()));
        Self { source: Some(location.file().to_owned()), line, column, ..Self::default() }
    }
}

/// The frame as one to three lines of a traceback, without a final line break; with a width, as in `{frame:80}`, a text
/// that is wider is cut around its column.
///
/// ```
/// let text = "let rate = load_rates(path)?.first().unwrap();".to_owned();
/// let frame = bgjobs::Frame { text: Some(text), column: Some(38), ..bgjobs::Frame::default() };
/// assert_eq!(format!("{frame:24}"), "  <unknown>\n    …?.first().unwrap();\n               ^");
/// ```
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}", many_lines(self.source.as_deref().unwrap_or("<unknown>")))?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(function) = &self.function {
            write!(f, ", in {}", many_lines(function))?;
        }
        let Some(text) = &self.text else { return Ok(()) };
        let line = text.trim_start();
        let caret = self.column.map(|column| {
            let indent = text.chars().count() - line.chars().count();
            let before: String = line.chars().take((column as usize).saturating_sub(1 + indent)).collect();
            // Characters may be wide, and escapes take more columns.
            one_line(&before).to_string().width()
        });
        let room = f.width().map_or(usize::MAX, |width| width.saturating_sub(4));
        let (shown, caret) = cut_around(&one_line(line.trim_end()).to_string(), caret, room);
        write!(f, "\n    {shown}")?;
        if let Some(caret) = caret {
            write!(f, "\n    {:caret$}^", "")?;
        }
        Ok(())
    }
}

/// As much of a text as fits into `room` columns of a terminal, with what stands at the caret; and where that is then.
fn cut_around(text: &str, caret: Option<usize>, room: usize) -> (String, Option<usize>) {
    let middle = room / 2;
    let Some(at) = caret.filter(|&at| at > middle && text.width() > room) else { return (fitted(text, room), caret) };
    // What remains fills the room, if the caret is near the end.
    let most = (at - middle).min(text.width() - room) + 1;
    let mut left_out = 0;
    let rest = text.chars().skip_while(|c| {
        let is_left_out = left_out < most;
        left_out += if is_left_out { c.width().unwrap_or(0) } else { 0 };
        is_left_out
    });
    let rest: String = ['…'].into_iter().chain(rest).collect();
    // A wide character at the caret may be left out, too.
    (fitted(&rest, room), Some((at + 1).saturating_sub(left_out)))
}

/// Looks up the names and lines of the frames between the start of the body and the panic, outermost first.
pub(crate) fn resolve(mut backtrace: Backtrace) -> Vec<Frame> {
    backtrace.resolve();
    let here = std::env::current_dir().unwrap_or_default();
    let mut frames = Vec::new();
    // The folder of the engine's sources at compile time, from the frame that marks the start, in `system/panic.rs`.
    let mut engine = None;
    'frames: for frame in backtrace.frames() {
        for symbol in frame.symbols() {
            let Some(name) = symbol.name() else { continue };
            let name = format!("{name:#}");
            if name.contains(START) {
                engine = symbol.filename().and_then(|file| file.ancestors().nth(2)).map(Path::to_owned);
                break 'frames;
            }
            if name.contains("__rust_end_short_backtrace") {
                // All frames so far belong to the machinery of the panic.
                frames.clear();
                continue;
            }
            let source = symbol.filename().map(|file| file.to_string_lossy().into_owned());
            let (line, column) = (symbol.lineno(), symbol.colno());
            frames.push(Frame { function: Some(name), source, line, column, text: None });
        }
    }
    let is_users = |frame: &Frame| !is_machinery(frame, engine.as_deref());
    let innermost = frames.iter().position(is_users).unwrap_or(frames.len());
    frames.drain(..innermost);
    let outermost = frames.iter().rposition(is_users).map_or(0, |index| index + 1);
    frames.truncate(outermost);
    frames.reverse();
    for source in frames.iter_mut().filter_map(|frame| frame.source.as_mut()) {
        if let Ok(file) = Path::new(source).strip_prefix(&here) {
            *source = file.to_string_lossy().into_owned();
        }
    }
    frames
}

/// Whether a frame at either end belongs to the standard library or to the engine, not to the user's code.
fn is_machinery(frame: &Frame, engine: Option<&Path>) -> bool {
    /// For programs whose debug information has no files.
    const NAMES: [&str; 6] =
        ["core::panicking", "core::ops::function", "core::option::", "core::result::", "std::panicking", "bgjobs::"];
    if let Some(source) = &frame.source {
        return is_of_std(source) || engine.is_some_and(|engine| Path::new(source).starts_with(engine));
    }
    let name = frame.function.as_deref().unwrap_or_default().trim_start_matches(['<', '_']);
    name.contains("rust_begin_unwind") || NAMES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a file belongs to the standard library; its path differs where the library's sources are installed.
pub(crate) fn is_of_std(source: &str) -> bool {
    source.starts_with("/rustc/") || source.contains("/rustlib/src/rust/library/")
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use super::{cut_around, is_of_std};

    #[test]
    fn a_text_is_cut_around_the_caret() {
        for (text, caret, room, shown, at) in [
            ("abcdefghij", Some(9), 10, "abcdefghij", Some(9)),
            ("abcdefghij", Some(0), 5, "abcd…", Some(0)),
            ("abcdefghij", None, 5, "abcd…", None),
            ("abcdefghij", Some(5), 5, "…efg…", Some(2)),
            ("abcdefghij", Some(9), 5, "…ghij", Some(4)),
            ("abcdefghij", Some(10), 5, "…ghij", Some(5)),
            ("日本語文字列", Some(6), 7, "…語文…", Some(3)),
            ("abc", Some(2), 0, "…", Some(0)),
            ("ab本cd", Some(2), 1, "…", Some(0)),
        ] {
            assert_eq!(cut_around(text, caret, room), (shown.to_owned(), at), "{text} {caret:?} {room}");
        }
    }

    #[test]
    fn files_of_the_standard_library_are_recognized_with_and_without_installed_sources() {
        assert!(is_of_std("/rustc/59807616e1/library/core/src/option.rs"));
        assert!(is_of_std("/home/me/.rustup/toolchains/stable/lib/rustlib/src/rust/library/core/src/option.rs"));
        assert!(!is_of_std("src/library/core/option.rs"));
    }
}
