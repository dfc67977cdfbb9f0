//! The debugger's state: an evaluation that failed, and the current frame with its names.
//!
//! Knows nothing of how lines are typed, evaluated and shown.

use std::{collections::BTreeMap, sync::Arc};

use crate::lang::{DeadFrame, Names, PostMortem};

/// An evaluation that failed, and the current frame.
pub(crate) struct Debugger {
    /// What `debug` was given: the number of a job, or nothing.
    title: String,
    post_mortem: Arc<PostMortem>,
    /// The index of the current frame.
    at: usize,
    /// The names of frames in which lines were evaluated; those lines change nothing else.
    names: BTreeMap<usize, Names>,
    lines: usize,
}

impl Debugger {
    /// Starts in the innermost frame.
    pub(crate) fn new(title: String, post_mortem: Arc<PostMortem>) -> Self {
        let at = post_mortem.frames.len().saturating_sub(1);
        Self { title, post_mortem, at, names: BTreeMap::new(), lines: 0 }
    }

    /// The text of the prompt, such as `debug 0 f`.
    pub(crate) fn prompt(&self) -> String {
        let function = self.frame().and_then(|frame| frame.function.as_deref());
        let words = ["debug", &self.title, function.unwrap_or_default()];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// All frames, outermost first, and for each whether it is the current one.
    pub(crate) fn frames(&self) -> impl Iterator<Item = (&DeadFrame, bool)> {
        self.post_mortem.frames.iter().enumerate().map(|(index, frame)| (frame, index == self.at))
    }

    /// How many frames were left out, and before which index.
    pub(crate) fn left_out(&self) -> Option<(usize, usize)> {
        self.post_mortem.left_out
    }

    /// The current frame.
    pub(crate) fn frame(&self) -> Option<&DeadFrame> {
        self.post_mortem.frames.get(self.at)
    }

    /// Moves to the caller's frame; false if there is none.
    pub(crate) fn up(&mut self) -> bool {
        let outer = self.at.checked_sub(1);
        self.at = outer.unwrap_or(self.at);
        outer.is_some()
    }

    /// Moves to the callee's frame; false if there is none.
    pub(crate) fn down(&mut self) -> bool {
        let inner = Some(self.at + 1).filter(|&inner| inner < self.post_mortem.frames.len());
        self.at = inner.unwrap_or(self.at);
        inner.is_some()
    }

    /// All names that a line sees.
    pub(crate) fn names(&self) -> Names {
        self.names.get(&self.at).cloned().unwrap_or_else(|| self.post_mortem.names_in(self.at))
    }

    /// Sets the names after a line.
    pub(crate) fn set_names(&mut self, names: Names) {
        self.names.insert(self.at, names);
    }

    /// Counts a line, and returns what tracebacks call it.
    pub(crate) fn next_line(&mut self) -> String {
        self.lines += 1;
        format!("debug[{}]", self.lines)
    }
}
