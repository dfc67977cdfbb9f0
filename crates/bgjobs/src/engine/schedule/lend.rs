//! Lending slots: a job that waits lends its slot, and takes it back afterwards.
//!
//! Knows nothing of how the job waits.

use std::mem;

use crate::{
    engine::schedule::{Action, Schedule, Stage},
    record::Key,
};

impl<T> Schedule<T> {
    /// Lends the slot of a job that is about to wait until `needed` of `targets` have ended; `None` if it holds no slot
    /// in a group.
    pub(crate) fn lend(&mut self, id: Key, targets: Vec<Key>, needed: usize) -> Option<Vec<Action<T>>> {
        let entry = self.entries.get_mut(&id)?;
        let group = entry.group?;
        if !matches!(entry.stage, Stage::Admitted) {
            return None;
        }
        for &target in &targets {
            self.watchers.entry(target).or_default().push(id);
        }
        entry.stage = Stage::Lent { targets, needed };
        self.slots(group).taken -= 1;
        Some(self.filled([group]))
    }

    /// Takes back a lent slot; false if the job must wait for it, standing in line from now on. With `at_once` it gets
    /// the slot even if its group is full.
    pub(crate) fn take_back(&mut self, id: Key, at_once: bool) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return true };
        let Some(group) = entry.group else { return true };
        match &mut entry.stage {
            Stage::Lent { targets, .. } => {
                // Its wait may be over although its targets have not ended.
                let targets = mem::take(targets);
                self.unwatch(id, targets.into_iter());
                self.ask_back(id);
            }
            Stage::Returning => {}
            _ => return true,
        }
        let slots = self.slots(group);
        let is_first = slots.returning.front() == Some(&id);
        if !(at_once || is_first && slots.is_free()) {
            return false;
        }
        slots.returning.retain(|other| *other != id);
        slots.taken += 1;
        self.entries.entry(id).and_modify(|entry| entry.stage = Stage::Admitted);
        true
    }

    /// Puts a job that lent its slot into the line of those that want theirs back.
    pub(super) fn ask_back(&mut self, id: Key) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.stage = Stage::Returning;
        if let Some(group) = entry.group {
            self.slots(group).returning.push_back(id);
        }
    }
}
