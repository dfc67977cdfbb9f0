//! What the frames of a failed evaluation hand over: put to rest, and put together with where each of them was.

use std::collections::BTreeMap;

use rhai::ImmutableString;

use super::failure::Level;
use crate::lang::{
    jobs::post_mortem::{DeadFrame, PostMortem},
    trace::{
        call_stack::Failed,
        frames::{MOST_FRAMES, shown},
    },
    values::{cells::Cells, names::Names, value::Value},
};

/// How many parts the values of all frames may have together; a number is one, an array as many as are in it.
const MOST_PARTS: usize = 1_000_000;

/// What frames hand over, at rest; the innermost first.
pub(crate) struct Kept(Vec<KeptFrame>);

struct KeptFrame {
    function: Option<ImmutableString>,
    variables: BTreeMap<ImmutableString, Option<Value>>,
}

impl Kept {
    /// Puts to rest what frames hand over, in the middle of the statement that failed.
    pub(crate) fn new(failed: Vec<Failed>, cells: &mut Cells) -> Self {
        let mut left = MOST_PARTS;
        let mut at_rest = |data| {
            let value = cells.rest(data).ok()?;
            left = left.checked_sub(value.parts(left.saturating_add(1)))?;
            Some(value)
        };
        let frames = failed.into_iter().map(|Failed { function, names, .. }| {
            let mut variables = BTreeMap::new();
            for (name, data) in names {
                // The first is the innermost of that name.
                variables.entry(name).or_insert_with(|| at_rest(data));
            }
            KeptFrame { function, variables }
        });
        Self(frames.collect())
    }

    /// Puts names to the frames; none if no code of the user's was running.
    pub(crate) fn with_levels(self, levels: Vec<Level>, names: Names) -> Option<PostMortem> {
        let mut kept = self.0.into_iter().rev().peekable();
        let mut frames = Vec::new();
        for Level { function, frame } in levels {
            let own = kept.next_if(|kept| kept.function == function);
            // A function in Rust that called one of the user's hands nothing over, and neither may the text outside of functions.
            if own.is_none() && (function.is_some() || frame.is_none()) {
                continue;
            }
            let variables = own.map(|own| own.variables).unwrap_or_default();
            frames.push(DeadFrame { function: function.as_deref().and_then(shown), frame, variables });
        }
        if frames.is_empty() {
            return None;
        }
        let mut left_out = None;
        if frames.len() > 2 * MOST_FRAMES {
            let count = frames.len() - 2 * MOST_FRAMES;
            frames.drain(MOST_FRAMES..MOST_FRAMES + count);
            left_out = Some((count, MOST_FRAMES));
        }
        Some(PostMortem { frames, left_out, names })
    }
}
