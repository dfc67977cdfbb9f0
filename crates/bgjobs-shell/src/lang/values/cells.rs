//! The names of an evaluation while it runs: first use thaws a value into a cell that Rhai can change.
//!
//! This happens on the evaluation's own thread, and never changes the names that it was started with.
//! [`Cells::refreeze`] freezes the cells after each statement.

use std::collections::BTreeMap;

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, Shared};

use super::{
    cell::{Busy, Cell, FIRST_TAG, NamedCell, shared},
    freeze::Freezer,
    names::Names,
    value::{Captures, Link, Value},
};

/// The names of an evaluation.
pub(crate) struct Cells {
    names: Names,
    used: BTreeMap<ImmutableString, NamedCell>,
    /// The cells of variables that only function values know, each with the value it was made from.
    captured: Vec<(Value, Cell)>,
    next_tag: i32,
}

impl Cells {
    pub(crate) fn new(names: Names) -> Self {
        Self { names, used: BTreeMap::new(), captured: Vec::new(), next_tag: FIRST_TAG }
    }

    /// The names as they were when the current statement began.
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn names_mut(&mut self) -> &mut Names {
        &mut self.names
    }

    /// The variable of that name as Rhai uses it, if there is one.
    pub(crate) fn variable(&mut self, name: &str) -> Option<Result<Dynamic, Busy>> {
        let cell = self.cell(name)?;
        Some(if cell.cell.try_read().is_ok() { Ok(cell.share()) } else { Err(Busy) })
    }

    fn cell(&mut self, name: &str) -> Option<&NamedCell> {
        if !self.used.contains_key(name) {
            let before = self.names.variable(name)?.clone();
            // Function values that share cells must go on sharing them, so all that hold cells of their own are thawed
            // together.
            if before.captures() == Captures::Cells {
                let names = self.names.clone();
                for (name, value) in names.variables().filter(|(_, value)| value.captures() == Captures::Cells) {
                    self.thaw_named(name.into(), value);
                }
            } else {
                self.thaw_named(name.into(), &before);
            }
        }
        self.used.get(name)
    }

    fn thaw_named(&mut self, name: ImmutableString, before: &Value) {
        if self.used.contains_key(&name) {
            return;
        }
        let cell = Cell::default();
        let tag = self.next_tag;
        self.next_tag += 1;
        self.used.insert(name, NamedCell { cell: Shared::clone(&cell), tag, before: before.clone() });
        // Only now, because a function value may have captured the variable that holds it.
        let data = self.thaw(before);
        *cell.write().expect("nobody else has the cell yet") = data;
    }

    /// Thaws a value for this evaluation.
    pub(crate) fn thaw(&mut self, value: &Value) -> Dynamic {
        let mut data = value.data().clone();
        if value.captures() != Captures::Nothing {
            each_function(&mut data, &mut |function| {
                for captured in function.iter_curry_mut() {
                    if let Some(link) = captured.read_lock::<Link>().map(|link| link.clone()) {
                        *captured = self.follow(link);
                    }
                }
            });
        }
        data
    }

    fn follow(&mut self, link: Link) -> Dynamic {
        match link {
            // A variable that no longer exists becomes unit.
            Link::Name(name) => self.cell(&name).map_or(Dynamic::UNIT, NamedCell::share),
            Link::Cell(value) => {
                if let Some((_, cell)) = self.captured.iter().find(|(before, _)| before.is(&value)) {
                    return shared(cell, 0);
                }
                let cell = Cell::default();
                self.captured.push((value.clone(), Shared::clone(&cell)));
                let data = self.thaw(&value);
                *cell.write().expect("nobody else has the cell yet") = data;
                shared(&cell, 0)
            }
        }
    }

    /// Ends a statement: freezes its value, and what it changed of the names.
    pub(crate) fn refreeze(&mut self, value: Dynamic) -> Value {
        let used = std::mem::take(&mut self.used);
        self.captured.clear();
        let mut freezer = Freezer::new(&used);
        let value = freezer.value(value).unwrap_or_else(|Busy| Value::plain(()));
        let changed = freezer.all_changed(Dynamic::take);
        drop(freezer);
        for (name, value) in changed {
            self.names.set(name, value);
        }
        value
    }

    /// The names in the middle of a statement, for a job.
    ///
    /// A variable with a running method is as it was when the statement began.
    pub(crate) fn snapshot(&mut self) -> Names {
        let mut freezer = Freezer::new(&self.used);
        let changed = freezer.all_changed(|data| data.clone());
        drop(freezer);
        let mut names = self.names.clone();
        for (name, value) in changed {
            names.set(name.clone(), value.clone());
            // The next job gets the same copy, unless the value changes again.
            self.names.set(name.clone(), value.clone());
            if let Some(cell) = self.used.get_mut(&name) {
                cell.before = value;
            }
        }
        names
    }

    /// Freezes a value in the middle of a statement, for a job.
    pub(crate) fn freeze(&mut self, value: Dynamic) -> Result<Value, Busy> {
        Freezer::new(&self.used).value(value)
    }
}

/// Calls `visit` for each function value inside a value.
fn each_function(value: &mut Dynamic, visit: &mut dyn FnMut(&mut FnPtr)) {
    if let Some(mut array) = value.write_lock::<Array>() {
        array.iter_mut().for_each(|item| each_function(item, visit));
    } else if let Some(mut map) = value.write_lock::<Map>() {
        map.values_mut().for_each(|item| each_function(item, visit));
    } else if let Some(mut function) = value.write_lock::<FnPtr>() {
        visit(&mut function);
    }
}
