//! A frozen value: shared by pointer between the names of the prompt and of jobs, and readable from any thread.
//!
//! Rhai's function values hold the cells of the variables they captured, and it is an error if two threads use a cell
//! at once. So a value is frozen before it leaves the evaluation that made it: a [`Link`] replaces each cell, and is
//! thawed into a cell again where the value is used.

use std::{fmt, sync::Arc};

use rhai::{Array, Dynamic, ImmutableString, Map};

/// A frozen value.
///
/// Cheap to clone; all clones are the same value, which never changes.
#[derive(Clone)]
pub struct Value(Arc<Frozen>);

struct Frozen {
    data: Dynamic,
    captures: Captures,
}

/// What the function values inside a value captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Captures {
    /// Nothing: the value can be used as it is.
    #[default]
    Nothing,
    /// Only variables of the prompt.
    Names,
    /// Variables that only function values know.
    Cells,
}

/// Replaces a captured variable in a frozen function value.
#[derive(Clone)]
pub(crate) enum Link {
    /// The variable of this name, wherever the function is called.
    Name(ImmutableString),
    /// A variable that only function values know, with its content.
    Cell(Value),
}

impl Value {
    /// Freezes a value without function values, such as one made by Rust code.
    pub(crate) fn plain(data: impl Into<Dynamic>) -> Self {
        Self::new(data.into(), Captures::Nothing)
    }

    pub(crate) fn new(data: Dynamic, captures: Captures) -> Self {
        Self(Arc::new(Frozen { data, captures }))
    }

    /// The value for Rust code, without what its function values captured.
    pub fn data(&self) -> &Dynamic {
        &self.0.data
    }

    /// Its size: one for each number or other part in it, and for each 16 bytes of text; counted up to `most`.
    pub(crate) fn parts(&self, most: usize) -> usize {
        parts(&self.0.data, most)
    }

    /// Whether it is `()`, which stands for no value.
    #[must_use]
    pub fn is_unit(&self) -> bool {
        self.0.data.is_unit()
    }

    pub(crate) fn captures(&self) -> Captures {
        self.0.captures
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.data.fmt(f)
    }
}

/// The size of a value, as [`Value::parts`] counts it.
pub(crate) fn parts(value: &Dynamic, most: usize) -> usize {
    let sum = |count: usize, item: &Dynamic| if count < most { count + parts(item, most - count) } else { count };
    if let Some(array) = value.read_lock::<Array>() {
        array.iter().take(most).fold(1, sum)
    } else if let Some(map) = value.read_lock::<Map>() {
        map.values().take(most).fold(1, sum)
    } else if let Some(text) = value.read_lock::<ImmutableString>() {
        1 + text.len() / 16
    } else {
        value.read_lock::<rhai::Blob>().map_or(1, |blob| 1 + blob.len() / 16)
    }
}
