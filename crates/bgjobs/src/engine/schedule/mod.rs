//! Who may start when: groups and their limits, delays, jobs that follow others, limits of time.
//!
//! Knows nothing of threads, locks and clocks: it is told what happened, and returns as [`Action`]s what follows; its
//! owner's lock guards it.
//! What it holds of a job until that may start is a `T`, which it hands back in a step and never drops while it is
//! itself held.
//!
//! A job of a group has a place in it from its start to its end, except while it waits for another job: then it lends
//! its place, and those who want theirs back come before all who have not started. So whoever has a place is
//! not waiting for one who needs it, and jobs that wait for each other inside a group go on.

pub(crate) mod groups;
pub(crate) mod lend;
#[cfg(all(test, not(bgjobs_loom)))]
mod model;
pub(crate) mod slots;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    mem,
};

use crate::{
    engine::schedule::slots::{GroupId, Slots},
    record::{Key, after::After, name::Name, state::Outcome},
};

/// What follows from what happened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action<T> {
    /// The job starts.
    Start(T),
    /// The job never starts, because that one did not end as it should.
    Fail(T, After, Outcome),
    /// The job ended before it started: nothing is to be done with it.
    Drop(T),
    /// The job that lent its place has it back.
    Resume(Key),
    /// The job has run for as long as it may, in nanoseconds.
    TimeUp(Key, u64),
}

/// What a job must have before it starts, and how long it may run; times are in nanoseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) group: Option<GroupId>,
    /// The higher, the sooner, among those of a group.
    pub(crate) priority: i32,
    /// When it may start at the earliest.
    pub(crate) not_before: Option<u64>,
    /// Jobs that have not ended.
    pub(crate) after: Vec<(Key, After)>,
    pub(crate) time_limit: Option<u64>,
}

/// What keeps a job.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// It is too early; until then.
    Time(u64),
    /// It follows a job.
    Job(After),
    /// Its group is paused.
    Paused(GroupId),
    /// Its group is full, and so many come before it.
    Full(GroupId, usize),
    /// It has lent its place, its group is full, and so many come before it.
    Lent(GroupId, usize),
}

pub(crate) struct Schedule<T> {
    groups: Vec<Slots>,
    /// The groups by name, in the order in which they are listed.
    named: BTreeMap<Name, GroupId>,
    entries: HashMap<Key, Entry<T>>,
    /// Who looks at the end of a job: those that follow it, and those that lent their slots to wait for it.
    watchers: HashMap<Key, Vec<Key>>,
    /// When something is due for which job.
    times: BTreeSet<(u64, Key)>,
    /// How many need the time to be told: jobs here, and some that are about to come.
    timed: usize,
    /// Whether groups are paused no more, because all must come to an end.
    leaving: bool,
}

struct Entry<T> {
    group: Option<GroupId>,
    priority: i32,
    time_limit: Option<u64>,
    /// Its place in `times`.
    time: Option<u64>,
    /// Whether it counts in `timed`.
    timed: bool,
    stage: Stage<T>,
}

enum Stage<T> {
    /// It waits for a time, or for jobs.
    Early { task: T, after: Vec<(Key, After)> },
    /// It needs nothing but a place.
    Ready { task: T },
    /// It has a place, or needs none.
    Admitted,
    /// It lent its place until so many of these have ended.
    Lent { targets: Vec<Key>, needed: usize },
    /// It wants its place back.
    Returning,
}

impl<T> Schedule<T> {
    pub(crate) fn new() -> Self {
        Self {
            groups: Vec::new(),
            named: BTreeMap::new(),
            entries: HashMap::new(),
            watchers: HashMap::new(),
            times: BTreeSet::new(),
            timed: 0,
            leaving: false,
        }
    }
}

/// Jobs come, begin and end.
impl<T> Schedule<T> {
    /// Takes a job in; one that needs the time was announced by [`need_time`](Self::need_time).
    pub(crate) fn enter(&mut self, id: Key, terms: Terms, task: T) -> Vec<Action<T>> {
        let Terms { group, priority, not_before, after, time_limit } = terms;
        for (other, _) in &after {
            self.watchers.entry(*other).or_default().push(id);
        }
        self.times.extend(not_before.map(|time| (time, id)));
        if let Some(group) = group {
            self.slots(group).waiting += 1;
        }
        let timed = not_before.is_some() || time_limit.is_some();
        let stage = Stage::Early { task, after };
        self.entries.insert(id, Entry { group, priority, time_limit, time: not_before, timed, stage });
        let mut actions = Vec::new();
        let group = self.promote(id, &mut actions);
        self.fill_all(group, &mut actions);
        actions
    }

    /// Notes that the body of a job begins; true if the next time that matters has become another.
    pub(crate) fn begin(&mut self, id: Key, now: u64) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        let Some(limit) = entry.time_limit else { return false };
        let end = now.saturating_add(limit);
        entry.time = Some(end);
        self.times.insert((end, id));
        self.next_time() == Some(end)
    }

    /// Notes that a job has ended, whether it is one of those here or one that these look at.
    pub(crate) fn end(&mut self, id: Key, outcome: Outcome) -> Vec<Action<T>> {
        let mut actions = Vec::new();
        let mut freed = Vec::new();
        if let Some(entry) = self.remove(id) {
            freed.extend(entry.group);
            if let Stage::Early { task, .. } | Stage::Ready { task } = entry.stage {
                actions.push(Action::Drop(task));
            }
        }
        for watcher in self.watchers.remove(&id).unwrap_or_default() {
            let Some(entry) = self.entries.get_mut(&watcher) else { continue };
            match &mut entry.stage {
                Stage::Early { after, .. } => {
                    let unmet =
                        after.extract_if(.., |(other, _)| *other == id).find(|(_, after)| !after.is_met_by(outcome));
                    if let Some((_, unmet)) = unmet {
                        if let Some(Stage::Early { task, .. }) = self.remove(watcher).map(|entry| entry.stage) {
                            actions.push(Action::Fail(task, unmet, outcome));
                        }
                    } else {
                        freed.extend(self.promote(watcher, &mut actions));
                    }
                }
                Stage::Lent { targets, needed } if targets.contains(&id) => {
                    *needed = needed.saturating_sub(1);
                    if *needed == 0 {
                        freed.extend(entry.group);
                        self.ask_back(watcher);
                    }
                }
                _ => {}
            }
        }
        // Not before all stand in their lines.
        self.fill_all(freed, &mut actions);
        actions
    }

    /// Starts a job that waits for nothing any more, or puts it into the line of its group, which is returned to be filled.
    fn promote(&mut self, id: Key, actions: &mut Vec<Action<T>>) -> Option<GroupId> {
        let entry = self.entries.get_mut(&id)?;
        if !matches!(&entry.stage, Stage::Early { after, .. } if after.is_empty() && entry.time.is_none()) {
            return None;
        }
        let Stage::Early { task, .. } = mem::replace(&mut entry.stage, Stage::Admitted) else { return None };
        let Some(group) = entry.group else {
            actions.push(Action::Start(task));
            return None;
        };
        entry.stage = Stage::Ready { task };
        let key = (Reverse(entry.priority), id);
        self.slots(group).ready.insert(key);
        Some(group)
    }

    fn fill_all(&mut self, groups: impl IntoIterator<Item = GroupId>, actions: &mut Vec<Action<T>>) {
        for group in groups {
            self.fill(group, actions);
        }
    }

    /// Gives the slots of a group that are free: first to those who lent theirs.
    fn fill(&mut self, group: GroupId, actions: &mut Vec<Action<T>>) {
        let leaving = self.leaving;
        loop {
            let slots = self.slots(group);
            if !slots.is_free() {
                return;
            }
            let id = if let Some(id) = slots.returning.pop_front() {
                id
            } else if let Some((_, id)) = (leaving || !slots.paused).then(|| slots.ready.pop_first()).flatten() {
                slots.waiting -= 1;
                id
            } else {
                return;
            };
            slots.taken += 1;
            let entry = self.entries.get_mut(&id).expect("who stands in a group's lines is here");
            actions.push(match mem::replace(&mut entry.stage, Stage::Admitted) {
                Stage::Ready { task } => Action::Start(task),
                _ => Action::Resume(id),
            });
        }
    }

    /// Forgets a job, which gives its place back.
    fn remove(&mut self, id: Key) -> Option<Entry<T>> {
        let entry = self.entries.remove(&id)?;
        if let Some(time) = entry.time {
            self.times.remove(&(time, id));
        }
        self.timed -= usize::from(entry.timed);
        match &entry.stage {
            Stage::Early { after, .. } => self.unwatch(id, after.iter().map(|(other, _)| *other)),
            Stage::Lent { targets, .. } => self.unwatch(id, targets.iter().copied()),
            _ => {}
        }
        if let Some(group) = entry.group {
            let slots = self.slots(group);
            match &entry.stage {
                Stage::Early { .. } => slots.waiting -= 1,
                Stage::Ready { .. } => {
                    slots.waiting -= 1;
                    slots.ready.remove(&(Reverse(entry.priority), id));
                }
                Stage::Admitted => slots.taken -= 1,
                Stage::Lent { .. } => {}
                Stage::Returning => slots.returning.retain(|other| *other != id),
            }
        }
        Some(entry)
    }

    /// Lets a job look at the ends of `targets` no more.
    fn unwatch(&mut self, id: Key, targets: impl Iterator<Item = Key>) {
        for target in targets {
            if let Some(watchers) = self.watchers.get_mut(&target) {
                watchers.retain(|watcher| *watcher != id);
                if watchers.is_empty() {
                    self.watchers.remove(&target);
                }
            }
        }
    }
}

/// Time passes.
impl<T> Schedule<T> {
    /// Announces a job that needs the time, until it has entered and has the time no more before it; or takes that back.
    pub(crate) fn need_time(&mut self, needs: bool) {
        if needs { self.timed += 1 } else { self.timed -= 1 }
    }

    /// Whether somebody must tell the time.
    pub(crate) fn needs_time(&self) -> bool {
        self.timed > 0
    }

    /// When something is due next.
    pub(crate) fn next_time(&self) -> Option<u64> {
        self.times.first().map(|&(time, _)| time)
    }

    /// What is due at `now`.
    pub(crate) fn tell_time(&mut self, now: u64) -> Vec<Action<T>> {
        let (mut actions, mut ready) = (Vec::new(), Vec::new());
        while let Some(&(time, id)) = self.times.first().filter(|&&(time, _)| time <= now) {
            self.times.remove(&(time, id));
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            entry.time = None;
            let goes_on = matches!(entry.stage, Stage::Early { .. }) && entry.time_limit.is_some();
            if entry.timed && !goes_on {
                entry.timed = false;
                self.timed -= 1;
            }
            match (&entry.stage, entry.time_limit) {
                (Stage::Early { .. }, _) => ready.extend(self.promote(id, &mut actions)),
                (_, limit) => actions.extend(limit.map(|limit| Action::TimeUp(id, limit))),
            }
        }
        self.fill_all(ready, &mut actions);
        actions
    }
}
