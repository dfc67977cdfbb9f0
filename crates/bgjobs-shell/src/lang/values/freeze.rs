//! Freezes values: replaces each cell that a function value captured by a link.

use std::{collections::BTreeMap, sync::TryLockError};

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};

use super::{
    cell::{Busy, FIRST_TAG, NamedCell},
    compare::same,
    value::{Captures, Link, Value},
};

/// Freezes values that may share cells with each other.
pub(crate) struct Freezer<'a> {
    cells: &'a BTreeMap<ImmutableString, NamedCell>,
    /// The nameless cells met so far, with the tags that their contents had before.
    met: Vec<(Dynamic, i32, Option<Value>)>,
}

impl<'a> Freezer<'a> {
    pub(crate) fn new(cells: &'a BTreeMap<ImmutableString, NamedCell>) -> Self {
        Self { cells, met: Vec::new() }
    }

    /// The variables whose value has changed since the statement began; `get` takes or copies the value.
    pub(crate) fn all_changed(&mut self, get: fn(&mut Dynamic) -> Dynamic) -> Vec<(ImmutableString, Value)> {
        let cells = self.cells.iter();
        cells.filter_map(|(name, cell)| Some((name.clone(), self.changed(cell, get)?))).collect()
    }

    fn changed(&mut self, cell: &NamedCell, get: fn(&mut Dynamic) -> Dynamic) -> Option<Value> {
        let data = {
            let mut data = match cell.cell.try_write() {
                Ok(data) => data,
                // Rust code panicked while it held the lock; what is there is still a value.
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            };
            if cell.before.captures() == Captures::Nothing && same(&data, cell.before.data()) {
                return None;
            }
            get(&mut data)
        };
        self.value(data).ok()
    }

    /// Freezes one value.
    pub(crate) fn value(&mut self, mut data: Dynamic) -> Result<Value, Busy> {
        let captures = self.data(&mut data)?;
        Ok(Value::new(data, captures))
    }

    fn data(&mut self, data: &mut Dynamic) -> Result<Captures, Busy> {
        if data.is_shared() {
            *data = data.flatten_clone();
        }
        if data.is_shared() {
            return Err(Busy);
        }
        let mut captures = Captures::Nothing;
        if let Some(mut array) = data.write_lock::<Array>() {
            for item in &mut *array {
                captures = captures.max(self.data(item)?);
            }
        } else if let Some(mut map) = data.write_lock::<Map>() {
            for item in map.values_mut() {
                captures = captures.max(self.data(item)?);
            }
        } else if let Some(mut function) = data.write_lock::<FnPtr>() {
            for captured in function.iter_curry_mut() {
                captures = captures.max(if captured.is_shared() { self.cell(captured)? } else { self.data(captured)? });
            }
        }
        Ok(captures)
    }

    /// Replaces a cell that a function value captured by a link.
    fn cell(&mut self, captured: &mut Dynamic) -> Result<Captures, Busy> {
        let tag = captured.tag();
        if let Some((name, _)) = self.cells.iter().find(|(_, cell)| cell.tag == tag) {
            *captured = Dynamic::from(Link::Name(name.clone()));
            return Ok(Captures::Names);
        }
        let value = self.nameless(captured)?;
        *captured = Dynamic::from(Link::Cell(value));
        Ok(Captures::Cells)
    }

    /// The content of a nameless cell: the same value each time the cell is met.
    fn nameless(&mut self, cell: &Dynamic) -> Result<Value, Busy> {
        let index = self.met.len();
        let own_tag = i32::try_from(index).ok().and_then(|index| FIRST_TAG.checked_add(index)).ok_or(Busy)?;
        let before = {
            let mut cell = cell.clone();
            let mut content = cell.write_lock::<Dynamic>().ok_or(Busy)?;
            let tag = content.tag();
            let met = tag.checked_sub(FIRST_TAG).and_then(|index| self.met.get(usize::try_from(index).ok()?));
            if let Some((_, _, value)) = met {
                // A cell that contains itself is empty there: frozen values have no cycles.
                return Ok(value.clone().unwrap_or_else(|| Value::plain(())));
            }
            content.set_tag(own_tag);
            tag
        };
        self.met.push((cell.clone(), before, None));
        let mut content = cell.flatten_clone();
        content.set_tag(before);
        let value = self.value(content)?;
        self.met[index].2 = Some(value.clone());
        Ok(value)
    }
}

impl Drop for Freezer<'_> {
    fn drop(&mut self) {
        for (cell, before, _) in &mut self.met {
            if let Some(mut content) = cell.write_lock::<Dynamic>() {
                content.set_tag(*before);
            }
        }
    }
}
