//! The search for an earlier line: Ctrl-R, then a part of it.
//!
//! Knows nothing of how it is shown.

use reedline::{EditCommand, PromptEditMode, ReedlineEvent};

use super::recall::Recall;

/// A search for an earlier line.
pub(super) struct Search {
    /// The mode that it began in.
    pub(super) mode: PromptEditMode,
    term: String,
    /// How many newer lines are passed over.
    passed: usize,
}

/// What an event has done to a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    GoesOn,
    /// The line that was found is to be taken.
    Ends,
    /// The same, and then the event counts for that line.
    EndsBefore,
}

impl Search {
    pub(super) fn new(mode: PromptEditMode) -> Self {
        Self { mode, term: String::new(), passed: 0 }
    }

    /// Does what an event means in a search.
    pub(super) fn take(&mut self, event: &ReedlineEvent, recall: &Recall) -> Step {
        use ReedlineEvent as E;
        match event {
            E::Edit(commands) => {
                for command in commands {
                    match command {
                        EditCommand::InsertChar(c) => self.term.push(*c),
                        EditCommand::InsertString(text) => self.term.push_str(text),
                        EditCommand::Backspace => drop(self.term.pop()),
                        _ => return Step::EndsBefore,
                    }
                }
                self.passed = 0;
            }
            E::SearchHistory | E::Up if recall.containing(&self.term, self.passed + 1).is_some() => self.passed += 1,
            E::Down => self.passed = self.passed.saturating_sub(1),
            E::SearchHistory | E::Up | E::Resize(..) | E::Repaint => {}
            E::Enter | E::Esc => return Step::Ends,
            _ => return Step::EndsBefore,
        }
        Step::GoesOn
    }

    pub(super) fn term(&self) -> &str {
        &self.term
    }

    /// The line that is found now.
    pub(super) fn found(&self, recall: &Recall) -> Option<String> {
        recall.containing(&self.term, self.passed)
    }
}
