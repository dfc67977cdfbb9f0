//! The terminal without echo and lines of its own, and as it was before.
//!
//! Knows nothing of what is typed.

use std::{
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crossterm::{
    cursor::SetCursorStyle,
    event::{DisableBracketedPaste, EnableBracketedPaste, poll},
    execute, terminal,
};

/// Ends bracketed paste, shows the cursor, and begins a new line.
const PLAIN: &str = "\x1b[?2004l\x1b[?25h\r\n";

/// Whether the cursor has another shape than the user's own.
static HAS_SHAPE: AtomicBool = AtomicBool::new(false);

/// The terminal gives each key as it is typed, until this is dropped.
pub(crate) struct RawMode {
    marks_pastes: bool,
}

impl RawMode {
    /// Begins; `marks_pastes` also has the terminal mark what is pasted.
    pub(crate) fn enter(marks_pastes: bool) -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let raw = Self { marks_pastes };
        if marks_pastes {
            execute!(io::stderr(), EnableBracketedPaste)?;
        }
        Ok(raw)
    }
}

/// The columns and the rows of the terminal.
pub(crate) fn size() -> (u16, u16) {
    match terminal::size() {
        Ok((columns, rows)) if columns > 0 && rows > 0 => (columns, rows),
        // It does not know, as over a serial line.
        _ => (80, 24),
    }
}

/// Whether something was typed that nobody has asked for.
pub(crate) fn has_input() -> bool {
    // With a line the next ones may have been read, too.
    poll(Duration::ZERO).unwrap_or(false)
}

/// Gives the cursor a shape; its own again at the latest when the terminal is given back.
pub(crate) fn shape_cursor(style: SetCursorStyle) -> io::Result<()> {
    let has_shape = style != SetCursorStyle::DefaultUserShape;
    if HAS_SHAPE.swap(has_shape, Ordering::Relaxed) || has_shape { execute!(io::stderr(), style) } else { Ok(()) }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        if self.marks_pastes {
            let _ = execute!(io::stderr(), DisableBracketedPaste);
        }
        let _ = shape_cursor(SetCursorStyle::DefaultUserShape);
        let _ = terminal::disable_raw_mode();
    }
}

/// Gives the terminal back if the line editor has it, for an exit in the middle of a line.
pub(crate) fn release() {
    if terminal::is_raw_mode_enabled().unwrap_or(false) {
        // The terminal may be gone; that may be why the shell ends.
        let _ = terminal::disable_raw_mode();
        let _ = shape_cursor(SetCursorStyle::DefaultUserShape);
        let _ = io::stdout().write_all(PLAIN.as_bytes()).and_then(|()| io::stdout().flush());
    }
}
