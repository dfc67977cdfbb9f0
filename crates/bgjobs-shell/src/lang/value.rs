//! A value at rest: shared by pointer between the names of the prompt and of jobs, and read from any thread.
//!
//! Rhai's function values hold the cells of the variables they captured, and a cell that two threads use at once is an
//! error there. So a value is put to rest before it leaves the evaluation that made it: in place of each cell stands a
//! [`Link`], from which [`Cells`](super::cells::Cells) make a cell again where the value is used.

use std::{fmt, sync::Arc};

use bgjobs::AnyJob;
use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};

use super::{functions::SharedValue, jobs::Jobs};

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
pub(super) enum Captures {
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
pub(super) enum Link {
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

    pub(super) fn new(data: Dynamic, captures: Captures) -> Self {
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

    /// Whether only functions of its type know what it looks like.
    pub(crate) fn is_opaque(&self) -> bool {
        let data = &self.0.data;
        let known = data.is_unit()
            || data.is_bool()
            || data.is_int()
            || data.is_float()
            || data.is_char()
            || data.is_string()
            || data.is_array()
            || data.is_map()
            || data.is_blob()
            || data.is_fnptr()
            || data.is::<AnyJob>()
            || data.is::<Jobs>()
            || data.is::<SharedValue>();
        !known
    }

    /// Whether it is `()`, the value of what has none.
    #[must_use]
    pub fn is_unit(&self) -> bool {
        self.0.data.is_unit()
    }

    pub(super) fn captures(&self) -> Captures {
        self.0.captures
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.data.fmt(f)
    }
}

/// How large a value is, as [`Value::parts`] counts it.
pub(super) fn parts(value: &Dynamic, most: usize) -> usize {
    let sum = |count: usize, item: &Dynamic| if count < most { count + parts(item, most - count) } else { count };
    if let Some(array) = value.read_lock::<Array>() {
        array.iter().fold(1, sum)
    } else if let Some(map) = value.read_lock::<Map>() {
        map.values().fold(1, sum)
    } else if let Some(text) = value.read_lock::<ImmutableString>() {
        1 + text.len() / 16
    } else {
        value.read_lock::<rhai::Blob>().map_or(1, |blob| 1 + blob.len() / 16)
    }
}

/// Whether two values are surely equal, part by part; what can't be compared is not.
pub(super) fn same(a: &Dynamic, b: &Dynamic) -> bool {
    compare(a, b) == Some(true)
}

/// Whether two values surely differ, in any part; what can't be compared does not.
pub(super) fn differs(a: &Dynamic, b: &Dynamic) -> bool {
    compare(a, b) == Some(false)
}

/// Whether two values are equal, if that can be told.
fn compare(a: &Dynamic, b: &Dynamic) -> Option<bool> {
    fn both<T: rhai::Variant + Clone>(
        (a, b): (&Dynamic, &Dynamic),
        compare: impl FnOnce(&T, &T) -> Option<bool>,
    ) -> Option<bool> {
        compare(&*a.read_lock::<T>()?, &*b.read_lock::<T>()?)
    }
    #[expect(clippy::unnecessary_wraps, reason = "as the others")]
    fn equal<T: PartialEq>(a: &T, b: &T) -> Option<bool> {
        Some(a == b)
    }
    // Numbers first: there may be millions.
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return Some(a == b);
    }
    if let (Ok(a), Ok(b)) = (a.as_float(), b.as_float()) {
        // By their bits: a value that is not a number has not changed by being read.
        return Some(a.to_bits() == b.to_bits());
    }
    if a.type_id() != b.type_id() {
        return Some(false);
    }
    if a.is_unit() {
        return Some(true);
    }
    let pair = (a, b);
    both::<ImmutableString>(pair, equal)
        .or_else(|| both::<bool>(pair, equal))
        .or_else(|| both::<char>(pair, equal))
        .or_else(|| both::<rhai::Blob>(pair, equal))
        .or_else(|| {
            both::<Array>(pair, |a, b| {
                let parts = || all(a.iter().zip(b).map(|(a, b)| compare(a, b)));
                if a.len() == b.len() { parts() } else { Some(false) }
            })
        })
        .or_else(|| {
            both::<Map>(pair, |a, b| {
                let parts = || all(a.values().zip(b.values()).map(|(a, b)| compare(a, b)));
                if a.keys().eq(b.keys()) { parts() } else { Some(false) }
            })
        })
        .or_else(|| {
            both::<FnPtr>(pair, |a, b| {
                // What they captured may differ.
                let plain = || (!a.is_curried() && !b.is_curried()).then_some(true);
                if a.fn_name() == b.fn_name() { plain() } else { Some(false) }
            })
        })
        .or_else(|| both::<AnyJob>(pair, |a, b| Some(a.id() == b.id())))
        .or_else(|| both::<SharedValue>(pair, |a, b| Some(a.is(b))))
        .or_else(|| both::<std::time::Instant>(pair, equal))
}

/// Whether all are true, if that can be told.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for part in parts {
        match part {
            Some(true) => {}
            Some(false) => return part,
            None => all = None,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_the_same_part_by_part() {
        let engine = rhai::Engine::new();
        let value = |text| engine.eval::<Dynamic>(text).unwrap();
        let texts =
            ["()", "1", "1.0", "true", "'a'", "\"a\"", "[1, [2]]", "#{a: 1, b: [2]}", "blob(3)", "Fn(\"f\")", "[]"];
        for (i, a) in texts.iter().enumerate() {
            for (j, b) in texts.iter().enumerate() {
                assert_eq!(same(&value(a), &value(b)), i == j, "{a} and {b}");
            }
        }
        assert!(!same(&value("[1, 2]"), &value("[1, 3]")));
        assert!(!same(&value("#{a: 1}"), &value("#{b: 1}")));
        let opaque = Dynamic::from(std::time::Duration::ZERO);
        let [a, b] = [opaque.clone(), opaque].map(|opaque| Dynamic::from(vec![opaque]));
        assert!(!same(&a, &b) && !differs(&a, &b), "what can't be compared is neither");
        let nan = Dynamic::from(f64::NAN);
        assert!(same(&nan, &nan.clone()), "reading a value that is not a number is no change");
    }
}
