//! The values that were shown: `_` is the last, `_3` that of line 3.
//!
//! They are ordinary names of the prompt. The oldest are forgotten when there are very many, or when all together get
//! large.

use std::collections::VecDeque;

use crate::lang::{Names, Value};

/// The largest number of values.
const MOST_VALUES: usize = 1_000;

/// The largest number of parts of all values together; a number is one part, an array as many as it contains.
const MOST_PARTS: usize = 1_000_000;

/// The values that still have names, oldest first.
#[derive(Debug, Default)]
pub(crate) struct OutputHistory {
    entries: VecDeque<Entry>,
    parts: usize,
}

#[derive(Debug)]
struct Entry {
    line: usize,
    parts: usize,
}

impl OutputHistory {
    /// Names the value of a line; the newest value always gets its names.
    pub(crate) fn add(&mut self, line: usize, value: &Value, names: &mut Names) {
        let parts = value.parts(MOST_PARTS);
        self.entries.push_back(Entry { line, parts });
        self.parts += parts;
        while self.entries.len() > 1 && (self.entries.len() > MOST_VALUES || self.parts > MOST_PARTS) {
            let oldest = self.entries.pop_front().expect("there are at least two");
            self.parts -= oldest.parts;
            names.remove(&format!("_{}", oldest.line));
        }
        names.set(format!("_{line}").into(), value.clone());
        names.set("_".into(), value.clone());
    }

    /// Forgets all values.
    #[cfg(feature = "terminal")]
    pub(crate) fn clear(&mut self, names: &mut Names) {
        for Entry { line, .. } in std::mem::take(self).entries {
            names.remove(&format!("_{line}"));
        }
        names.remove("_");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &Names) -> Vec<&str> {
        names.variables().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_oldest_of_many_values_are_forgotten() {
        let (mut shown, mut names) = (OutputHistory::default(), Names::default());
        for line in 1..=MOST_VALUES + 2 {
            shown.add(line, &Value::plain(5), &mut names);
        }
        assert_eq!(names.variables().count(), MOST_VALUES + 1);
        assert!(names.variable("_2").is_none() && names.variable("_3").is_some());
    }

    #[test]
    fn the_oldest_of_large_values_are_forgotten() {
        let (mut shown, mut names) = (OutputHistory::default(), Names::default());
        let large = |parts| Value::plain(vec![rhai::Dynamic::UNIT; parts]);
        shown.add(1, &Value::plain(1), &mut names);
        shown.add(2, &large(MOST_PARTS / 2), &mut names);
        shown.add(3, &large(MOST_PARTS / 3), &mut names);
        assert_eq!(known(&names), ["_", "_1", "_2", "_3"]);
        shown.add(4, &large(MOST_PARTS / 2), &mut names);
        assert_eq!(known(&names), ["_", "_3", "_4"]);
        shown.add(5, &large(2 * MOST_PARTS), &mut names);
        assert_eq!(known(&names), ["_", "_5"]);
    }
}
