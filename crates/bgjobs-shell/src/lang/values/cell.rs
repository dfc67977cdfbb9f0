//! A variable in use: a cell that Rhai can change, and a tag that identifies it.
//!
//! Knows nothing of when cells are made and frozen.

use std::fmt;

use rhai::{Dynamic, Locked, Shared};

use super::value::Value;

/// A variable in use, as Rhai shares it.
pub(crate) type Cell = Shared<Locked<Dynamic>>;

/// The tags of cells are numbers from here on, to tell them from tags that a program gives its values.
pub(crate) const FIRST_TAG: i32 = 1 << 30;

/// A variable of the prompt that this statement has used.
pub(crate) struct NamedCell {
    pub(crate) cell: Cell,
    /// Identifies the cell, as the tag of the Rhai values that share it.
    pub(crate) tag: i32,
    /// Its value when the statement began.
    pub(crate) before: Value,
}

impl NamedCell {
    /// The variable as a Rhai value.
    pub(crate) fn share(&self) -> Dynamic {
        shared(&self.cell, self.tag)
    }
}

/// A variable can't be read now because one of its methods is running.
#[derive(Debug)]
pub(crate) struct Busy;

impl fmt::Display for Busy {
    /// Why, and what to do about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of its methods is running; copy what the function needs before the call")
    }
}

/// The cell as a Rhai value.
pub(crate) fn shared(cell: &Cell, tag: i32) -> Dynamic {
    let mut value = Dynamic::from(Shared::clone(cell));
    value.set_tag(tag);
    value
}
