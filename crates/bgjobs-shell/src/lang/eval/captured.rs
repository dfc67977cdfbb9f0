//! The captured frames of a failed evaluation: their variables, frozen and matched with the calls that the error came
//! through.

use std::collections::BTreeMap;

use rhai::ImmutableString;

use super::failure::Level;
use crate::lang::{
    jobs::post_mortem::{DeadFrame, PostMortem},
    trace::{
        call_stack::CapturedFrame,
        frames::{MOST_FRAMES, shown},
    },
    values::{cells::Cells, names::Names, value::Value},
};

/// The largest number of parts in the values of all frames together; a number is one part, an array as many as it
/// contains.
const MOST_PARTS: usize = 1_000_000;

/// The captured frames, frozen; innermost first.
pub(crate) struct CapturedFrames(Vec<Frozen>);

struct Frozen {
    function: Option<ImmutableString>,
    variables: BTreeMap<ImmutableString, Option<Value>>,
}

impl CapturedFrames {
    /// Freezes captured frames, in the middle of the statement that failed.
    pub(crate) fn new(failed: Vec<CapturedFrame>, cells: &mut Cells) -> Self {
        let mut left = MOST_PARTS;
        let mut frozen = |data| {
            let value = cells.freeze(data).ok()?;
            left = left.checked_sub(value.parts(left.saturating_add(1)))?;
            Some(value)
        };
        let frames = failed.into_iter().map(|CapturedFrame { function, names, .. }| {
            let mut variables = BTreeMap::new();
            for (name, data) in names {
                // The first of a name is the innermost.
                variables.entry(name).or_insert_with(|| frozen(data));
            }
            Frozen { function, variables }
        });
        Self(frames.collect())
    }

    /// Matches the frames with the calls; none if no code of the user's was running.
    pub(crate) fn into_post_mortem(self, levels: Vec<Level>, names: Names) -> Option<PostMortem> {
        let mut captured = self.0.into_iter().rev().peekable();
        let mut frames = Vec::new();
        for Level { function, frame } in levels {
            let own = captured.next_if(|captured| captured.function == function);
            // A function in Rust between two of the user's captures nothing, and the text outside of functions may not
            // either.
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
