//! The values that were shown: `_` is the last, `_3` that of line 3.
//!
//! They are names of the prompt like others. The oldest go when all of them together get large, or very many.

use std::collections::VecDeque;

use crate::lang::{Names, Value};

/// How many values are kept.
const MOST_VALUES: usize = 1_000;

/// How many parts they may have together; a number is one, an array as many as are in it.
const MOST_PARTS: usize = 1_000_000;

/// What is kept of the values, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    kept: VecDeque<Kept>,
    parts: usize,
}

#[derive(Debug)]
struct Kept {
    line: usize,
    parts: usize,
}

impl Shown {
    /// Gives the value of a line its names; the newest value always has them.
    pub(crate) fn add(&mut self, line: usize, value: &Value, names: &mut Names) {
        let parts = value.parts(MOST_PARTS);
        self.kept.push_back(Kept { line, parts });
        self.parts += parts;
        while self.kept.len() > 1 && (self.kept.len() > MOST_VALUES || self.parts > MOST_PARTS) {
            let oldest = self.kept.pop_front().expect("there are at least two");
            self.parts -= oldest.parts;
            names.remove(&format!("_{}", oldest.line));
        }
        names.set(format!("_{line}").into(), value.clone());
        names.set("_".into(), value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &Names) -> Vec<&str> {
        names.variables().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_oldest_values_go_when_there_are_many() {
        let (mut shown, mut names) = (Shown::default(), Names::default());
        for line in 1..=MOST_VALUES + 2 {
            shown.add(line, &Value::plain(5), &mut names);
        }
        assert_eq!(names.variables().count(), MOST_VALUES + 1);
        assert!(names.variable("_2").is_none() && names.variable("_3").is_some());
    }

    #[test]
    fn the_oldest_values_go_when_they_are_large() {
        let (mut shown, mut names) = (Shown::default(), Names::default());
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
