//! The schedule: which job may start when, by groups and their limits, delays, jobs that follow others, and time
//! limits.
//!
//! Knows nothing of threads, locks and clocks: it is told what happened, and returns what follows as [`Action`]s. Its
//! owner's lock guards it.
//! Until a job may start, the schedule holds a `T` for it, which it hands back in an action and never drops itself.
//!
//! A job of a group holds a slot from its start to its end, except while it waits for another job: then it lends the
//! slot, and jobs that want theirs back come before all that have not started. So no job holds a slot while it waits
//! for one that needs a slot, and jobs of one group can wait for each other.

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
    record::{Key, after::Predecessor, name::Name, state::Outcome},
};

/// What the schedule decided.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action<T> {
    /// The job starts.
    Start(T),
    /// The job never starts, because a job that it follows did not end as required.
    Fail(T, Predecessor, Outcome),
    /// The job ended before it started; its `T` is no longer needed.
    Drop(T),
    /// The job has back the slot that it lent.
    Resume(Key),
    /// The job has used up its time limit, which is in nanoseconds.
    TimeUp(Key, u64),
}

/// What a job needs before it starts, and how long it may run; times are in nanoseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) group: Option<GroupId>,
    /// Among the jobs of a group, a higher one starts sooner.
    pub(crate) priority: i32,
    /// The earliest time at which it may start.
    pub(crate) not_before: Option<u64>,
    /// The jobs to follow that have not ended.
    pub(crate) after: Vec<(Key, Predecessor)>,
    pub(crate) time_limit: Option<u64>,
}

/// What keeps a job.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// It may not start before this time.
    Time(u64),
    /// It follows a job that has not ended.
    Job(Predecessor),
    /// Its group is paused.
    Paused(GroupId),
    /// Its group is full, and this many jobs come before it.
    Full(GroupId, usize),
    /// It wants back the slot that it lent, and this many jobs come before it.
    Lent(GroupId, usize),
}

pub(crate) struct Schedule<T> {
    groups: Vec<Slots>,
    /// The groups by name, in which order they are listed.
    named: BTreeMap<Name, GroupId>,
    entries: HashMap<Key, Entry<T>>,
    /// For each awaited job, the jobs that follow it and those that lent their slots to wait for it.
    watchers: HashMap<Key, Vec<Key>>,
    /// When something is due, and for which job.
    times: BTreeSet<(u64, Key)>,
    /// How many jobs depend on the time; those that are announced but have not entered count too.
    timed: usize,
    /// Whether pauses no longer count, because the manager is shutting down.
    leaving: bool,
}

struct Entry<T> {
    group: Option<GroupId>,
    priority: i32,
    time_limit: Option<u64>,
    /// Its time in `times`.
    time: Option<u64>,
    /// Whether it counts in `timed`.
    timed: bool,
    stage: Stage<T>,
}

enum Stage<T> {
    /// It waits for a time, or for jobs.
    Early { task: T, after: Vec<(Key, Predecessor)> },
    /// It needs only a slot.
    Ready { task: T },
    /// It holds a slot, or needs none.
    Admitted,
    /// It lent its slot until `needed` of `targets` have ended.
    Lent { targets: Vec<Key>, needed: usize },
    /// It wants its slot back.
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
    /// Adds a job; one that depends on the time was announced by [`need_time`](Self::need_time).
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

    /// Records that a job's body begins; true if that changes the next time at which something is due.
    pub(crate) fn begin(&mut self, id: Key, now: u64) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        let Some(limit) = entry.time_limit else { return false };
        let end = now.saturating_add(limit);
        entry.time = Some(end);
        self.times.insert((end, id));
        self.next_time() == Some(end)
    }

    /// Records that a job has ended: one that is here, or one that a job here watches.
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
        // Only now, when all stand in their lines.
        self.fill_all(freed, &mut actions);
        actions
    }

    /// Starts a job that no longer waits for a time or jobs, or puts it into the line of its group, which is returned
    /// to be filled.
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

    /// Gives out the free slots of a group, first to jobs that lent theirs.
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
            let entry = self.entries.get_mut(&id).expect("a job in a group's line is here");
            actions.push(match mem::replace(&mut entry.stage, Stage::Admitted) {
                Stage::Ready { task } => Action::Start(task),
                _ => Action::Resume(id),
            });
        }
    }

    /// Removes a job and frees its slot.
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

    /// Ends a job's watch on `targets`.
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
    /// Announces a job that depends on the time, or withdraws that; once it has entered, the schedule itself knows when
    /// the job no longer does.
    pub(crate) fn need_time(&mut self, needs: bool) {
        if needs { self.timed += 1 } else { self.timed -= 1 }
    }

    /// Whether the clock must run.
    pub(crate) fn needs_time(&self) -> bool {
        self.timed > 0
    }

    /// The next time at which something is due.
    pub(crate) fn next_time(&self) -> Option<u64> {
        self.times.first().map(|&(time, _)| time)
    }

    /// Tells the schedule the time; returns what is due.
    pub(crate) fn tell_time(&mut self, now: u64) -> Vec<Action<T>> {
        let (mut actions, mut ready) = (Vec::new(), Vec::new());
        while let Some(&(time, id)) = self.times.first().filter(|&&(time, _)| time <= now) {
            self.times.remove(&(time, id));
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            entry.time = None;
            let has_limit_ahead = matches!(entry.stage, Stage::Early { .. }) && entry.time_limit.is_some();
            if entry.timed && !has_limit_ahead {
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
