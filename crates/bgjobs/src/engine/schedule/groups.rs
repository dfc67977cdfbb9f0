//! Groups: limits, pauses, and what keeps a job of a group.
//!
//! Knows nothing of what a group's jobs wait for.

use std::{cmp::Reverse, mem};

use crate::{
    engine::schedule::{
        Action, Hold, Schedule, Stage,
        slots::{GroupId, Slots},
    },
    record::{Key, name::Name},
};

impl<T> Schedule<T> {
    /// The group named `name`, created if it does not exist.
    pub(crate) fn group(&mut self, name: &Name) -> GroupId {
        if let Some(&group) = self.named.get(name) {
            return group;
        }
        let group = GroupId(self.groups.len());
        self.groups.push(Slots::new(name.clone()));
        self.named.insert(name.clone(), group);
        group
    }

    /// All groups, by name.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&Name, GroupId)> {
        self.named.iter().map(|(name, &group)| (name, group))
    }

    /// The slots of a group.
    pub(crate) fn slots_of(&self, group: GroupId) -> &Slots {
        &self.groups[group.0]
    }

    pub(super) fn slots(&mut self, group: GroupId) -> &mut Slots {
        &mut self.groups[group.0]
    }

    /// Changes how many jobs of a group may run at once; running jobs continue.
    pub(crate) fn set_limit(&mut self, group: GroupId, limit: Option<usize>) -> Vec<Action<T>> {
        self.slots(group).limit = limit;
        self.filled([group])
    }

    /// Pauses or resumes the starts of a group's jobs; true if that is a change.
    pub(crate) fn set_paused(&mut self, group: GroupId, paused: bool) -> (bool, Vec<Action<T>>) {
        let changes = mem::replace(&mut self.slots(group).paused, paused) != paused;
        (changes, self.filled([group]))
    }

    /// Resumes all paused groups for good.
    pub(crate) fn leave(&mut self) -> Vec<Action<T>> {
        self.leaving = true;
        self.filled((0..self.groups.len()).map(GroupId))
    }

    /// Gives out the free slots of `groups`; returns what follows.
    pub(super) fn filled(&mut self, groups: impl IntoIterator<Item = GroupId>) -> Vec<Action<T>> {
        let mut actions = Vec::new();
        self.fill_all(groups, &mut actions);
        actions
    }

    /// What keeps a job from starting or from going on; empty for a job that is not here.
    pub(crate) fn holds(&self, id: Key) -> Vec<Hold> {
        let Some(entry) = self.entries.get(&id) else { return Vec::new() };
        let group = entry.group.map(|group| (group, self.slots_of(group)));
        let paused = group.filter(|(_, slots)| slots.paused && !self.leaving).map(|(group, _)| Hold::Paused(group));
        match (&entry.stage, group) {
            (Stage::Early { after, .. }, _) => {
                let after = after.iter().map(|(_, after)| Hold::Job(*after));
                entry.time.map(Hold::Time).into_iter().chain(after).chain(paused).collect()
            }
            (Stage::Ready { .. }, Some((group, slots))) => {
                let key = (Reverse(entry.priority), id);
                let before = slots.returning.len() + slots.ready.range(..key).count();
                let full = (!slots.is_free()).then_some(Hold::Full(group, before));
                paused.into_iter().chain(full).collect()
            }
            (Stage::Returning, Some((group, slots))) => {
                vec![Hold::Lent(group, slots.returning.iter().take_while(|&&other| other != id).count())]
            }
            _ => Vec::new(),
        }
    }
}
