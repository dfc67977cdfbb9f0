//! Restores the terminal as it was before the line editor took it.
//!
//! Knows nothing of what is typed.

use std::io::{self, Write};

use crossterm::terminal;

/// Ends bracketed paste, shows the cursor, and begins a new line.
const PLAIN: &str = "\x1b[?2004l\x1b[?25h\r\n";

/// Gives the terminal back if the line editor has it, for an exit in the middle of a line.
pub(crate) fn release() {
    if terminal::is_raw_mode_enabled().unwrap_or(false) {
        // The terminal may be gone; that may be why the shell ends.
        let _ = terminal::disable_raw_mode();
        let _ = io::stdout().write_all(PLAIN.as_bytes()).and_then(|()| io::stdout().flush());
    }
}
