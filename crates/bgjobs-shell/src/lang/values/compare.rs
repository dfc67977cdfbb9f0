//! Whether two values are equal, part by part, as far as that can be known.

use bgjobs::{AnyJob, Group};
use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};

use super::shared::SharedValue;

/// Whether two values are certainly equal; false if they can't be compared.
pub(crate) fn same(a: &Dynamic, b: &Dynamic) -> bool {
    compare(a, b) == Some(true)
}

/// Whether two values certainly differ; false if they can't be compared.
pub(crate) fn differs(a: &Dynamic, b: &Dynamic) -> bool {
    compare(a, b) == Some(false)
}

/// Whether two values are equal, if that can be known.
fn compare(a: &Dynamic, b: &Dynamic) -> Option<bool> {
    fn both<T: rhai::Variant + Clone>(
        (a, b): (&Dynamic, &Dynamic),
        compare: impl FnOnce(&T, &T) -> Option<bool>,
    ) -> Option<bool> {
        compare(&*a.read_lock::<T>()?, &*b.read_lock::<T>()?)
    }
    #[expect(clippy::unnecessary_wraps, reason = "like the others")]
    fn equal<T: PartialEq>(a: &T, b: &T) -> Option<bool> {
        Some(a == b)
    }
    // Numbers first: there may be millions.
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return Some(a == b);
    }
    if let (Ok(a), Ok(b)) = (a.as_float(), b.as_float()) {
        // By bits: reading a NaN does not change it.
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
        .or_else(|| both::<Group>(pair, |a, b| Some(a == b)))
        .or_else(|| both::<SharedValue>(pair, |a, b| Some(a.is(b))))
        .or_else(|| both::<std::time::Instant>(pair, equal))
}

/// Whether all are true, if that can be known.
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
    fn values_are_compared_part_by_part() {
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
        assert!(same(&nan, &nan.clone()), "reading a NaN does not change it");
    }
}
