//! A value at rest: shared by pointer between the names of the prompt and of jobs, and read from any thread.
//!
//! Rhai's function values hold the cells of the variables they captured, and a cell that two threads use at once is an
//! error there. So a value is put to rest before it leaves the evaluation that made it: in place of each cell stands a
//! [`Link`], from which [`Cells`](super::cells::Cells) make a cell again where the value is used.

use std::{fmt, sync::Arc};

use rhai::{Array, Dynamic, ImmutableString, Map};

/// A value at rest.
///
/// Cheap to clone; all clones are the same value, which never changes.
#[derive(Clone)]
pub struct Value(Arc<Rest>);

struct Rest {
    data: Dynamic,
    captures: Captures,
}

/// What the function values in a value captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Captures {
    /// Nothing: the value can be used as it is.
    #[default]
    Nothing,
    /// Only variables that have a name at the prompt.
    Names,
    /// Variables that only function values know.
    Cells,
}

/// Stands in a function value at rest for a variable that it captured.
#[derive(Clone)]
pub(crate) enum Link {
    /// The variable of this name, wherever the function is called.
    Name(ImmutableString),
    /// A variable that only function values know, with its content.
    Cell(Value),
}

impl Value {
    /// Puts a value to rest that holds no function values, as those made by Rust code do.
    pub(crate) fn plain(data: impl Into<Dynamic>) -> Self {
        Self::new(data.into(), Captures::Nothing)
    }

    pub(crate) fn new(data: Dynamic, captures: Captures) -> Self {
        Self(Arc::new(Rest { data, captures }))
    }

    /// The value for Rust code; captured variables of function values in it are not to be had here.
    pub fn data(&self) -> &Dynamic {
        &self.0.data
    }

    /// How large it is: the numbers and other parts in it, and one for each 16 bytes of a text; counted up to `most`.
    pub(crate) fn parts(&self, most: usize) -> usize {
        parts(&self.0.data, most)
    }

    /// Whether it is `()`, the value of what has none.
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

/// How large a value is, as [`Value::parts`] counts it.
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
