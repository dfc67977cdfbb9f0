//! The terminal without echo and lines of its own, and as it was before.
//!
//! Knows nothing of what is typed.

use std::io::{self, Write};

use crossterm::{
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute, terminal,
};

/// Ends bracketed paste, shows the cursor, and begins a new line.
const PLAIN: &str = "\x1b[?2004l\x1b[?25h\r\n";

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

impl Drop for RawMode {
    fn drop(&mut self) {
        if self.marks_pastes {
            let _ = execute!(io::stderr(), DisableBracketedPaste);
        }
        let _ = terminal::disable_raw_mode();
    }
}

/// Gives the terminal back if the line editor has it, for an exit in the middle of a line.
pub(crate) fn release() {
    if terminal::is_raw_mode_enabled().unwrap_or(false) {
        // The terminal may be gone; that may be why the shell ends.
        let _ = terminal::disable_raw_mode();
        let _ = io::stdout().write_all(PLAIN.as_bytes()).and_then(|()| io::stdout().flush());
    }
}
