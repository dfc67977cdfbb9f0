//! Whether to show colours.

use std::{
    env,
    ffi::OsStr,
    io::{self, IsTerminal},
};

/// Whether colours are wanted and supported on standard output.
#[must_use]
pub fn are_wanted() -> bool {
    io::stdout().is_terminal() && suit(env::var_os("NO_COLOR").as_deref(), env::var_os("TERM").as_deref())
}

/// Whether the terminal shows only plain text; then nothing is painted above the line.
#[must_use]
pub fn is_plain() -> bool {
    plain(env::var_os("TERM").as_deref())
}

/// <https://no-color.org>: any value except the empty one disables colours.
fn suit(no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    no_color.is_none_or(OsStr::is_empty) && !plain(term)
}

fn plain(term: Option<&OsStr>) -> bool {
    term.is_none_or(|term| term.is_empty() || term == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_need_a_capable_terminal_and_no_objection() {
        let check = |no_color: Option<&str>, term: Option<&str>| suit(no_color.map(OsStr::new), term.map(OsStr::new));
        assert!(check(None, Some("xterm-256color")));
        assert!(check(Some(""), Some("xterm")));
        assert!(!check(Some("1"), Some("xterm")));
        assert!(!check(Some("0"), Some("xterm")), "any value is a no");
        assert!(!check(None, Some("dumb")));
        assert!(!check(None, None));
    }
}
