//! The text before a line: `In [3]: ` or `debug 0 f> `, and dots before continuation lines.

use bgjobs::one_line;

use crate::session::Session;

/// The prompt of one line.
pub(super) struct LinePrompt {
    name: String,
    text: String,
    dots: String,
}

impl LinePrompt {
    pub(super) fn new(session: &Session) -> Self {
        let name = one_line(&session.prompt()).to_string();
        let sign = if session.debugger.is_some() { "> " } else { ": " };
        Self { text: format!("{name}{sign}"), dots: format!("{:>1$}{sign}", "...", name.len()), name }
    }

    /// Before the first line.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Before all others.
    pub(super) fn dots(&self) -> &str {
        &self.dots
    }

    /// Before a line that is searched for.
    pub(super) fn searching(&self, term: &str, is_found: bool) -> String {
        let failing = if is_found || term.is_empty() { "" } else { "failing " };
        format!("{} ({failing}search: {term}) ", self.name)
    }
}
