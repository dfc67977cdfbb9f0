//! A variable while an evaluation uses it: a cell that Rhai can change, and a mark that tells it from others.
//!
//! Knows nothing of how cells come and go.

use std::fmt;

use rhai::{Dynamic, Locked, Shared};

use super::value::Value;

/// A variable in use.
pub(crate) type Cell = Shared<Locked<Dynamic>>;

/// Marks on cells are numbers from here on, so that the tags that a program gives its values are no marks.
pub(crate) const FIRST_MARK: i32 = 1 << 30;

/// A variable that this statement has used.
pub(crate) struct Live {
    pub(crate) cell: Cell,
    /// What tells the cell from others, as the tag of the Rhai values that share it.
    pub(crate) mark: i32,
    /// What it held when the statement began.
    pub(crate) origin: Value,
}

impl Live {
    /// The variable as a value of Rhai.
    pub(crate) fn share(&self) -> Dynamic {
        shared(&self.cell, self.mark)
    }
}

/// A variable can't be read now, because a method of it is running.
#[derive(Debug)]
pub(crate) struct Busy;

impl fmt::Display for Busy {
    /// Why, and the way out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a method of it is running; take out of it before what the function needs")
    }
}

/// The cell as a value of Rhai.
pub(crate) fn shared(cell: &Cell, mark: i32) -> Dynamic {
    let mut value = Dynamic::from(Shared::clone(cell));
    value.set_tag(mark);
    value
}
