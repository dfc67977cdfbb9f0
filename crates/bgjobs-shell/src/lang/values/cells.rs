//! The names of an evaluation while it runs: what it uses becomes a cell that Rhai can change.
//!
//! A value is copied into a cell when the evaluation first uses it, on the evaluation's thread; the names it was started
//! with are never touched. [`Cells::settle`] puts the cells back to rest, after each statement.

use std::collections::BTreeMap;

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, Shared};

use super::{
    cell::{Busy, Cell, FIRST_MARK, Live, shared},
    freeze::Rest,
    names::Names,
    value::{Captures, Link, Value},
};

/// The names of an evaluation.
pub(crate) struct Cells {
    names: Names,
    live: BTreeMap<ImmutableString, Live>,
    /// The cells of variables that only function values know, with the value that each was made from.
    captured: Vec<(Value, Cell)>,
    next_mark: i32,
}

impl Cells {
    pub(crate) fn new(names: Names) -> Self {
        Self { names, live: BTreeMap::new(), captured: Vec::new(), next_mark: FIRST_MARK }
    }

    /// The names as they were when the running statement began.
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn names_mut(&mut self) -> &mut Names {
        &mut self.names
    }

    /// The variable of that name as Rhai uses it, if there is one.
    pub(crate) fn variable(&mut self, name: &str) -> Option<Result<Dynamic, Busy>> {
        let live = self.live(name)?;
        Some(if live.cell.try_read().is_ok() { Ok(live.share()) } else { Err(Busy) })
    }

    fn live(&mut self, name: &str) -> Option<&Live> {
        if !self.live.contains_key(name) {
            let origin = self.names.variable(name)?.clone();
            // What function values share they go on sharing: all that hold cells of their own come to life together.
            if origin.captures() == Captures::Cells {
                let names = self.names.clone();
                for (name, value) in names.variables().filter(|(_, value)| value.captures() == Captures::Cells) {
                    self.enliven(name.into(), value);
                }
            } else {
                self.enliven(name.into(), &origin);
            }
        }
        self.live.get(name)
    }

    fn enliven(&mut self, name: ImmutableString, origin: &Value) {
        if self.live.contains_key(&name) {
            return;
        }
        let cell = Cell::default();
        let mark = self.next_mark;
        self.next_mark += 1;
        self.live.insert(name, Live { cell: Shared::clone(&cell), mark, origin: origin.clone() });
        // Only now, for a function value may have captured the variable that holds it.
        let data = self.wake(origin);
        *cell.write().expect("nobody else has the cell yet") = data;
    }

    /// A value that was at rest, as Rhai uses it in this evaluation.
    pub(crate) fn wake(&mut self, value: &Value) -> Dynamic {
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
            // A variable that is gone leaves nothing.
            Link::Name(name) => self.live(&name).map_or(Dynamic::UNIT, Live::share),
            Link::Cell(value) => {
                if let Some((_, cell)) = self.captured.iter().find(|(origin, _)| origin.is(&value)) {
                    return shared(cell, 0);
                }
                let cell = Cell::default();
                self.captured.push((value.clone(), Shared::clone(&cell)));
                let data = self.wake(&value);
                *cell.write().expect("nobody else has the cell yet") = data;
                shared(&cell, 0)
            }
        }
    }

    /// Ends a statement: what it changed becomes part of the names, and its value comes to rest.
    pub(crate) fn settle(&mut self, value: Dynamic) -> Value {
        let live = std::mem::take(&mut self.live);
        self.captured.clear();
        let mut rest = Rest::new(&live);
        let value = rest.value(value).unwrap_or_else(|Busy| Value::plain(()));
        let changed = rest.all_changed(Dynamic::take);
        drop(rest);
        for (name, value) in changed {
            self.names.set(name, value);
        }
        value
    }

    /// The names as they are in the middle of a statement, for a job.
    ///
    /// A variable of which a method is running is as it was when the statement began.
    pub(crate) fn snapshot(&mut self) -> Names {
        let mut rest = Rest::new(&self.live);
        let changed = rest.all_changed(|data| data.clone());
        drop(rest);
        let mut names = self.names.clone();
        for (name, value) in changed {
            names.set(name.clone(), value.clone());
            // The next job is given the same copy, unless it has changed again.
            self.names.set(name.clone(), value.clone());
            if let Some(live) = self.live.get_mut(&name) {
                live.origin = value;
            }
        }
        names
    }

    /// Puts a value to rest in the middle of a statement, for a job.
    pub(crate) fn rest(&mut self, value: Dynamic) -> Result<Value, Busy> {
        Rest::new(&self.live).value(value)
    }
}

/// Calls `visit` for each function value in a value.
fn each_function(value: &mut Dynamic, visit: &mut dyn FnMut(&mut FnPtr)) {
    if let Some(mut array) = value.write_lock::<Array>() {
        array.iter_mut().for_each(|item| each_function(item, visit));
    } else if let Some(mut map) = value.write_lock::<Map>() {
        map.values_mut().for_each(|item| each_function(item, visit));
    } else if let Some(mut function) = value.write_lock::<FnPtr>() {
        visit(&mut function);
    }
}
