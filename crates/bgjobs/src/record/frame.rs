//! Where calls were made: the frames of a traceback, and how those of a panic are looked up.
//!
//! Knows nothing of jobs and failures.

use std::{fmt, panic::Location, path::Path};

use backtrace::Backtrace;
use unicode_width::UnicodeWidthStr;

use crate::record::name::{many_lines, one_line};

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

/// The frame as one to three lines of a traceback, without a final line break.
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
        write!(f, "\n    {}", one_line(line.trim_end()))?;
        if let Some(column) = self.column {
            let indent = text.chars().count() - line.chars().count();
            let before: String = line.chars().take((column as usize).saturating_sub(1 + indent)).collect();
            // Characters may be wide, and escapes take more columns.
            let caret = one_line(&before).to_string().width();
            write!(f, "\n    {:caret$}^", "")?;
        }
        Ok(())
    }
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
    use super::is_of_std;

    #[test]
    fn files_of_the_standard_library_are_recognized_with_and_without_installed_sources() {
        assert!(is_of_std("/rustc/59807616e1/library/core/src/option.rs"));
        assert!(is_of_std("/home/me/.rustup/toolchains/stable/lib/rustlib/src/rust/library/core/src/option.rs"));
        assert!(!is_of_std("src/library/core/option.rs"));
    }
}
