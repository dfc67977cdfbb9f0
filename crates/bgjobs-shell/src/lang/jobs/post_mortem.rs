//! The captured frames of a failed evaluation, to look for the reason: each with the names that it had.
//!
//! Knows nothing of how they were captured, of prompts and of jobs.

use std::collections::BTreeMap;

use bgjobs::Frame;
use rhai::ImmutableString;

use crate::lang::values::{names::Names, value::Value};

/// What can be examined of a failed evaluation.
pub(crate) struct PostMortem {
    /// Outermost first, never empty; of very many only those at either end.
    pub(crate) frames: Vec<DeadFrame>,
    /// How many were left out, and before which index.
    pub(crate) left_out: Option<(usize, usize)>,
    /// The names outside of all functions, as the evaluation left them.
    pub(crate) names: Names,
}

/// A function as it was when it failed, or the text outside of functions.
pub(crate) struct DeadFrame {
    /// None outside of functions.
    pub(crate) function: Option<String>,
    /// Where it was.
    pub(crate) frame: Option<Frame>,
    /// Its own names; none for a value that was too large to capture.
    pub(crate) variables: BTreeMap<ImmutableString, Option<Value>>,
}

impl PostMortem {
    /// All names that a frame sees.
    pub(crate) fn names_in(&self, frame: usize) -> Names {
        let mut names = self.names.clone();
        for (name, value) in self.frames.get(frame).into_iter().flat_map(|frame| &frame.variables) {
            match value {
                Some(value) => names.set(name.clone(), value.clone()),
                // Another variable of that name is not the one that is meant.
                None => names.remove(name),
            }
        }
        names
    }
}
