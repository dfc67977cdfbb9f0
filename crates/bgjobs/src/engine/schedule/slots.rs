//! The slots of a group, and the jobs that stand in line for one.
//!
//! Knows nothing of when a job joins a line.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, VecDeque},
};

use crate::record::{Key, name::Name};

/// A group, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GroupId(pub(crate) usize);

/// The slots of a group.
pub(crate) struct Slots {
    pub(crate) name: Name,
    pub(crate) limit: Option<usize>,
    pub(crate) paused: bool,
    pub(crate) taken: usize,
    /// Jobs that lent their slots and want them back, in the order in which they asked.
    pub(crate) returning: VecDeque<Key>,
    /// Jobs that need only a slot.
    pub(crate) ready: BTreeSet<(Reverse<i32>, Key)>,
    /// Jobs of the group that have not started.
    pub(crate) waiting: usize,
}

impl Slots {
    pub(crate) fn new(name: Name) -> Self {
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

    pub(crate) fn is_free(&self) -> bool {
        self.limit.is_none_or(|limit| self.taken < limit)
    }
}
