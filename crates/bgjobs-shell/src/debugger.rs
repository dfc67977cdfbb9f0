//! A look around in an evaluation that failed: one frame at a time, each with the names that it had.
//!
//! Knows nothing of how lines are typed, evaluated and shown.

use std::{collections::BTreeMap, sync::Arc};

use crate::lang::{DeadFrame, Names, PostMortem};

/// A look around in an evaluation that failed.
pub(crate) struct Debugger {
    /// What is looked at, as `debug` was told: the number of a job, or nothing.
    title: String,
    post_mortem: Arc<PostMortem>,
    /// The place of the frame that is looked at.
    at: usize,
    /// The names in frames where lines have been evaluated, which change nothing but these.
    names: BTreeMap<usize, Names>,
    lines: usize,
}

impl Debugger {
    /// Begins in the innermost frame.
    pub(crate) fn new(title: String, post_mortem: Arc<PostMortem>) -> Self {
        let at = post_mortem.frames.len().saturating_sub(1);
        Self { title, post_mortem, at, names: BTreeMap::new(), lines: 0 }
    }

    /// What stands before a line: `debug 0 f`.
    pub(crate) fn prompt(&self) -> String {
        let function = self.frame().and_then(|frame| frame.function.as_deref());
        let words = ["debug", &self.title, function.unwrap_or_default()];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// All frames, outermost first, each with whether it is the one that is looked at.
    pub(crate) fn frames(&self) -> impl Iterator<Item = (&DeadFrame, bool)> {
        self.post_mortem.frames.iter().enumerate().map(|(place, frame)| (frame, place == self.at))
    }

    /// How many frames were left out, and before which.
    pub(crate) fn left_out(&self) -> Option<(usize, usize)> {
        self.post_mortem.left_out
    }

    /// The frame that is looked at.
    pub(crate) fn frame(&self) -> Option<&DeadFrame> {
        self.post_mortem.frames.get(self.at)
    }

    /// Goes to the frame that called; false if none did.
    pub(crate) fn up(&mut self) -> bool {
        let outer = self.at.checked_sub(1);
        self.at = outer.unwrap_or(self.at);
        outer.is_some()
    }

    /// Goes to the frame that was called; false if none was.
    pub(crate) fn down(&mut self) -> bool {
        let inner = Some(self.at + 1).filter(|&inner| inner < self.post_mortem.frames.len());
        self.at = inner.unwrap_or(self.at);
        inner.is_some()
    }

    /// All names that a line sees.
    pub(crate) fn names(&self) -> Names {
        self.names.get(&self.at).cloned().unwrap_or_else(|| self.post_mortem.names_in(self.at))
    }

    /// What a line made of the names.
    pub(crate) fn set_names(&mut self, names: Names) {
        self.names.insert(self.at, names);
    }

    /// Counts a line, and says what tracebacks call it.
    pub(crate) fn next_line(&mut self) -> String {
        self.lines += 1;
        format!("debug[{}]", self.lines)
    }
}
