//! Groups: how many places they have, who stands in line for one, and what keeps a job.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, VecDeque},
    mem,
};

use super::{Hold, Schedule, Stage, Step};
use crate::{name::Name, record::Key};

/// Which group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GroupId(usize);

/// The places of a group.
pub(crate) struct Places {
    pub(crate) name: Name,
    pub(crate) limit: Option<usize>,
    pub(crate) paused: bool,
    pub(crate) taken: usize,
    /// Jobs that lent their places and want them back, the first that asked first.
    pub(super) returning: VecDeque<Key>,
    /// Jobs that need nothing but a place.
    pub(super) ready: BTreeSet<(Reverse<i32>, Key)>,
    /// Jobs of the group that have not started.
    pub(crate) waiting: usize,
}

impl<T> Schedule<T> {
    /// The group of that name, made if there is none.
    pub(crate) fn group(&mut self, name: &Name) -> GroupId {
        if let Some(&group) = self.named.get(name) {
            return group;
        }
        let group = GroupId(self.groups.len());
        self.groups.push(Places::new(name.clone()));
        self.named.insert(name.clone(), group);
        group
    }

    /// All groups.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (GroupId, &Places)> {
        self.groups.iter().enumerate().map(|(number, places)| (GroupId(number), places))
    }

    /// The places of a group.
    pub(crate) fn places_of(&self, group: GroupId) -> &Places {
        &self.groups[group.0]
    }

    pub(super) fn places(&mut self, group: GroupId) -> &mut Places {
        &mut self.groups[group.0]
    }

    /// Changes how many jobs of a group may run at once; those that run go on.
    pub(crate) fn set_limit(&mut self, group: GroupId, limit: Option<usize>) -> Vec<Step<T>> {
        self.places(group).limit = limit;
        self.filled(group)
    }

    /// Lets no job of a group start, or lets them start again; true if that is a change.
    pub(crate) fn set_paused(&mut self, group: GroupId, paused: bool) -> (bool, Vec<Step<T>>) {
        let changes = mem::replace(&mut self.places(group).paused, paused) != paused;
        (changes, self.filled(group))
    }

    /// Lets all groups run that are paused, for good.
    pub(crate) fn leave(&mut self) -> Vec<Step<T>> {
        self.leaving = true;
        let mut steps = Vec::new();
        self.fill_all((0..self.groups.len()).map(GroupId), &mut steps);
        steps
    }

    fn filled(&mut self, group: GroupId) -> Vec<Step<T>> {
        let mut steps = Vec::new();
        self.fill(group, &mut steps);
        steps
    }

    /// What keeps a job from starting, or from going on; nothing keeps one that is not here.
    pub(crate) fn holds(&self, id: Key) -> Vec<Hold> {
        let Some(entry) = self.entries.get(&id) else { return Vec::new() };
        let group = entry.group.map(|group| (group, self.places_of(group)));
        let paused = group.filter(|(_, places)| places.paused && !self.leaving).map(|(group, _)| Hold::Paused(group));
        match (&entry.stage, group) {
            (Stage::Early { after, .. }, _) => {
                let after = after.iter().map(|(_, after)| Hold::Job(*after));
                entry.time.map(Hold::Time).into_iter().chain(after).chain(paused).collect()
            }
            (Stage::Ready { .. }, Some((group, places))) => {
                let key = (Reverse(entry.priority), id);
                let before = places.returning.len() + places.ready.range(..key).count();
                let full = (!places.is_free()).then_some(Hold::Full(group, before));
                paused.into_iter().chain(full).collect()
            }
            (Stage::Returning, Some((group, places))) => {
                vec![Hold::Lent(group, places.returning.iter().take_while(|&&other| other != id).count())]
            }
            _ => Vec::new(),
        }
    }
}

impl Places {
    fn new(name: Name) -> Self {
        Self {
            name,
            limit: None,
            paused: false,
            taken: 0,
            returning: VecDeque::new(),
            ready: BTreeSet::new(),
            waiting: 0,
        }
    }

    pub(super) fn is_free(&self) -> bool {
        self.limit.is_none_or(|limit| self.taken < limit)
    }
}
