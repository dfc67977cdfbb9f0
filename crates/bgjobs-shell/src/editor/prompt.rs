//! The text before a line: `In [3]: ` or `debug 0 f> `, and dots before continuation lines.

use std::borrow::Cow;

use bgjobs::one_line;
use reedline::{Prompt, PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus};

use super::screen::Screen;
use crate::session::Session;

/// The end of the prompt.
pub(super) const INDICATOR: &str = ": ";

/// The prompt of one line.
pub(super) struct LinePrompt {
    text: String,
    indicator: &'static str,
    screen: Screen,
}

impl LinePrompt {
    pub(super) fn new(session: &Session, screen: Screen) -> Self {
        let text = one_line(&session.prompt()).to_string();
        let indicator = if session.debugger.is_some() { "> " } else { INDICATOR };
        let prompt = Self { text, indicator, screen };
        let first = format!("{}{indicator}", prompt.text);
        prompt.screen.note_prompt(&first, &prompt.render_prompt_multiline_indicator());
        prompt
    }
}

impl Prompt for LinePrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        self.text.as_str().into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        self.screen.note_search(false);
        self.indicator.into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        let width = self.render_prompt_left().len();
        format!("{:>width$}{}", "...", self.indicator).into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        self.screen.note_search(true);
        let failing = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "failing ",
        };
        format!(" ({failing}search: {}) ", search.term).into()
    }
}
