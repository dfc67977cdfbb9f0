//! What stands before a line: `In [3]: `, and dots before those that go on.

use std::borrow::Cow;

use reedline::{Prompt, PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus};

/// The prompt of one line.
pub(super) struct LinePrompt {
    pub(super) number: usize,
}

impl Prompt for LinePrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        format!("In [{}]", self.number).into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        ": ".into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        let width = self.render_prompt_left().len();
        format!("{:>width$}: ", "...").into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let failing = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "failing ",
        };
        format!("\n({failing}search: {}) ", search.term).into()
    }
}
