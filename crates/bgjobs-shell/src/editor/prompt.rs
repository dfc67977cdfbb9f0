//! What stands before a line: `In [3]: `, and dots before those that go on.

use std::borrow::Cow;

use reedline::{Prompt, PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus};

use super::screen::Painted;

/// What ends the prompt.
pub(super) const INDICATOR: &str = ": ";

/// The prompt of one line.
pub(super) struct LinePrompt {
    number: usize,
    painted: Painted,
}

impl LinePrompt {
    pub(super) fn new(number: usize, painted: Painted) -> Self {
        let prompt = Self { number, painted };
        prompt.painted.note_prompt(&format!("In [{number}]{INDICATOR}"), &prompt.render_prompt_multiline_indicator());
        prompt
    }
}

impl Prompt for LinePrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        format!("In [{}]", self.number).into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        self.painted.note_search(false);
        INDICATOR.into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        let width = self.render_prompt_left().len();
        format!("{:>width$}{INDICATOR}", "...").into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        self.painted.note_search(true);
        let failing = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "failing ",
        };
        format!(" ({failing}search: {}) ", search.term).into()
    }
}
