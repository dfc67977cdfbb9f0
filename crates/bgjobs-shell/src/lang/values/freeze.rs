//! Puts values to rest: in place of each cell that a function value captured it puts a link.

use std::{collections::BTreeMap, sync::TryLockError};

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map};

use super::{
    cell::{Busy, FIRST_MARK, Live},
    compare::same,
    value::{Captures, Link, Value},
};

/// Puts values to rest that may share cells with each other.
pub(crate) struct Rest<'a> {
    live: &'a BTreeMap<ImmutableString, Live>,
    /// The cells met so far that have no name, with the tags their contents had before they were marked.
    met: Vec<(Dynamic, i32, Option<Value>)>,
}

impl<'a> Rest<'a> {
    pub(crate) fn new(live: &'a BTreeMap<ImmutableString, Live>) -> Self {
        Self { live, met: Vec::new() }
    }

    /// The variables that hold something else than when the statement began; `get` takes or copies what they hold.
    pub(crate) fn all_changed(&mut self, get: fn(&mut Dynamic) -> Dynamic) -> Vec<(ImmutableString, Value)> {
        let live = self.live.iter();
        live.filter_map(|(name, live)| Some((name.clone(), self.changed(live, get)?))).collect()
    }

    fn changed(&mut self, live: &Live, get: fn(&mut Dynamic) -> Dynamic) -> Option<Value> {
        let data = {
            let mut data = match live.cell.try_write() {
                Ok(data) => data,
                // A panic in Rust code left the mark of poison; what is there is still a value.
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            };
            if live.origin.captures() == Captures::Nothing && same(&data, live.origin.data()) {
                return None;
            }
            get(&mut data)
        };
        self.value(data).ok()
    }

    /// One value.
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

    /// Puts a link in place of a cell that a function value captured.
    fn cell(&mut self, captured: &mut Dynamic) -> Result<Captures, Busy> {
        let mark = captured.tag();
        if let Some((name, _)) = self.live.iter().find(|(_, live)| live.mark == mark) {
            *captured = Dynamic::from(Link::Name(name.clone()));
            return Ok(Captures::Names);
        }
        let value = self.nameless(captured)?;
        *captured = Dynamic::from(Link::Cell(value));
        Ok(Captures::Cells)
    }

    /// The content of a cell without a name, the same value each time the cell is met.
    fn nameless(&mut self, cell: &Dynamic) -> Result<Value, Busy> {
        let place = self.met.len();
        let mark = i32::try_from(place).ok().and_then(|place| FIRST_MARK.checked_add(place)).ok_or(Busy)?;
        let before = {
            let mut cell = cell.clone();
            let mut content = cell.write_lock::<Dynamic>().ok_or(Busy)?;
            let tag = content.tag();
            let met = tag.checked_sub(FIRST_MARK).and_then(|place| self.met.get(usize::try_from(place).ok()?));
            if let Some((_, _, value)) = met {
                // A cell that is met again inside itself comes back empty: values at rest have no rings.
                return Ok(value.clone().unwrap_or_else(|| Value::plain(())));
            }
            content.set_tag(mark);
            tag
        };
        self.met.push((cell.clone(), before, None));
        let mut content = cell.flatten_clone();
        content.set_tag(before);
        let value = self.value(content)?;
        self.met[place].2 = Some(value.clone());
        Ok(value)
    }
}

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        for (cell, before, _) in &mut self.met {
            if let Some(mut content) = cell.write_lock::<Dynamic>() {
                content.set_tag(*before);
            }
        }
    }
}
