//! Entries by number, and three lists through them: running, completed, dead.
//!
//! Knows nothing of jobs, threads or time; its owner's lock guards it.
//! Numbers are given in order and never come back, so the table is a queue of chunks: a look-up is two steps, and
//! a chunk whose entries are all gone is freed.
//! The lists are links between the entries: each change costs the same however many there are.

use std::collections::VecDeque;

/// How many entries a chunk holds.
const CHUNK: usize = 256;

/// The number that ends a list.
const NONE: u64 = u64::MAX;

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// Not finished: created, queued or running.
    Running,
    /// Finished with a value.
    Completed,
    /// Failed or stopped.
    Dead,
}

/// Entries by number.
pub(crate) struct Table<E> {
    /// The chunks from the first that holds an entry on; a freed one leaves a hole.
    chunks: VecDeque<Option<Chunk<E>>>,
    /// The number of the first chunk of `chunks`.
    first_chunk: u64,
    /// The next number.
    next: u64,
    ends: [Ends; 3],
}

struct Chunk<E> {
    slots: Box<[Option<Slot<E>>]>,
    used: usize,
}

struct Slot<E> {
    entry: E,
    list: List,
    previous: u64,
    next: u64,
}

#[derive(Clone, Copy)]
struct Ends {
    head: u64,
    tail: u64,
    len: usize,
}

/// The ends of a list without entries.
const EMPTY: Ends = Ends { head: NONE, tail: NONE, len: 0 };

impl<E> Table<E> {
    pub(crate) fn new() -> Self {
        Self { chunks: VecDeque::new(), first_chunk: 0, next: 0, ends: [EMPTY; 3] }
    }

    /// Takes all entries out; the numbers go on.
    pub(crate) fn take_all(&mut self) -> Self {
        let next = self.next;
        std::mem::replace(self, Self { next, ..Self::new() })
    }

    /// The number that the next [`insert`](Self::insert) gives.
    pub(crate) fn next_number(&self) -> u64 {
        self.next
    }

    /// Adds an entry to the running ones; its number is [`next_number`](Self::next_number).
    pub(crate) fn insert(&mut self, entry: E) {
        let number = self.next;
        self.next += 1;
        let (chunk, slot) = place(number);
        if self.chunks.is_empty() {
            self.first_chunk = chunk;
        }
        if self.first_chunk + self.chunks.len() as u64 == chunk {
            self.chunks.push_back(None);
        }
        let previous = self.append(number, List::Running);
        let chunk = self.chunks.back_mut().expect("the chunk of the newest number was just made");
        let chunk = chunk.get_or_insert_with(|| Chunk { slots: (0..CHUNK).map(|_| None).collect(), used: 0 });
        chunk.slots[slot] = Some(Slot { entry, list: List::Running, previous, next: NONE });
        chunk.used += 1;
    }

    pub(crate) fn get(&self, number: u64) -> Option<&E> {
        self.slot(number).map(|slot| &slot.entry)
    }

    /// Where the entry stands.
    pub(crate) fn list_of(&self, number: u64) -> Option<List> {
        self.slot(number).map(|slot| slot.list)
    }

    /// Moves an entry to the end of `list`; false if there is no such entry.
    pub(crate) fn move_to(&mut self, number: u64, list: List) -> bool {
        if !self.unlink(number) {
            return false;
        }
        let end = self.append(number, list);
        if let Some(slot) = self.slot_mut(number) {
            (slot.list, slot.previous, slot.next) = (list, end, NONE);
        }
        true
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, number: u64) -> Option<E> {
        if self.unlink(number) { self.take(number).map(|slot| slot.entry) } else { None }
    }

    /// Takes all entries of `list` out, in the list's order.
    pub(crate) fn drain(&mut self, list: List) -> Vec<E> {
        let Ends { head, len, .. } = std::mem::replace(&mut self.ends[list as usize], EMPTY);
        let mut entries = Vec::with_capacity(len);
        let mut number = head;
        while let Some(slot) = self.take(number) {
            number = slot.next;
            entries.push(slot.entry);
        }
        entries
    }

    /// Empties the slot of an entry that is in no list any more.
    fn take(&mut self, number: u64) -> Option<Slot<E>> {
        let (chunk_number, slot) = place(number);
        let place = self.chunk_place(chunk_number);
        let chunk = self.chunks.get_mut(place)?.as_mut()?;
        let slot = chunk.slots[slot].take()?;
        chunk.used -= 1;
        // The newest chunk is still being filled.
        if chunk.used == 0 && (chunk_number + 1) * CHUNK as u64 <= self.next {
            self.chunks[place] = None;
            while let Some(None) = self.chunks.front() {
                self.chunks.pop_front();
                self.first_chunk += 1;
            }
        }
        Some(slot)
    }

    /// The entries of `list`, in the order in which they came into it.
    pub(crate) fn list(&self, list: List) -> impl Iterator<Item = &E> {
        let mut number = self.ends[list as usize].head;
        std::iter::from_fn(move || {
            let slot = self.slot(number)?;
            number = slot.next;
            Some(&slot.entry)
        })
    }

    /// Where in `chunks` a chunk stands; far beyond their end for one that was freed.
    fn chunk_place(&self, chunk: u64) -> usize {
        usize::try_from(chunk.wrapping_sub(self.first_chunk)).unwrap_or(usize::MAX)
    }

    fn slot(&self, number: u64) -> Option<&Slot<E>> {
        let (chunk, slot) = place(number);
        self.chunks.get(self.chunk_place(chunk))?.as_ref()?.slots[slot].as_ref()
    }

    fn slot_mut(&mut self, number: u64) -> Option<&mut Slot<E>> {
        let (chunk, slot) = place(number);
        let place = self.chunk_place(chunk);
        self.chunks.get_mut(place)?.as_mut()?.slots[slot].as_mut()
    }

    /// Makes an entry the last of `list`; returns the one before it, which its slot is to name.
    fn append(&mut self, number: u64, list: List) -> u64 {
        let ends = &mut self.ends[list as usize];
        let previous = std::mem::replace(&mut ends.tail, number);
        ends.len += 1;
        match self.slot_mut(previous) {
            Some(slot) => slot.next = number,
            None => self.ends[list as usize].head = number,
        }
        previous
    }

    /// Takes an entry out of its list; false if there is no such entry.
    fn unlink(&mut self, number: u64) -> bool {
        let Some(slot) = self.slot(number) else { return false };
        let (list, previous, next) = (slot.list, slot.previous, slot.next);
        match self.slot_mut(previous) {
            Some(slot) => slot.next = next,
            None => self.ends[list as usize].head = next,
        }
        match self.slot_mut(next) {
            Some(slot) => slot.previous = previous,
            None => self.ends[list as usize].tail = previous,
        }
        self.ends[list as usize].len -= 1;
        true
    }
}

/// The chunk of a number and its slot there.
fn place(number: u64) -> (u64, usize) {
    (number / CHUNK as u64, usize::try_from(number % CHUNK as u64).expect("a rest of 256 fits"))
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use proptest::prelude::*;

    use super::{CHUNK, List, Table};

    const LISTS: [List; 3] = [List::Running, List::Completed, List::Dead];

    /// The table as one would write it if speed were no matter: per list, the numbers in order.
    #[derive(Default)]
    struct Model {
        next: u64,
        lists: [Vec<u64>; 3],
    }

    impl Model {
        fn take(&mut self, number: u64) -> bool {
            let len = |lists: &[Vec<u64>; 3]| lists.iter().map(Vec::len).sum::<usize>();
            let before = len(&self.lists);
            self.lists.iter_mut().for_each(|list| list.retain(|&other| other != number));
            len(&self.lists) < before
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert,
        InsertMany,
        Move(u64, usize),
        Remove(u64),
        Drain(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => Just(Step::Insert),
            1 => Just(Step::InsertMany),
            6 => (0..700u64, 0..3usize).prop_map(|(number, list)| Step::Move(number, list)),
            4 => (0..700u64).prop_map(Step::Remove),
            1 => (0..3usize).prop_map(Step::Drain),
        ]
    }

    proptest! {
        #[test]
        fn the_table_does_what_three_plain_lists_do(steps in prop::collection::vec(step(), 1..120)) {
            let (mut table, mut model) = (Table::new(), Model::default());
            for step in steps {
                match step {
                    Step::Insert | Step::InsertMany => {
                        for _ in 0..if matches!(step, Step::Insert) { 1 } else { CHUNK } {
                            prop_assert_eq!(table.next_number(), model.next);
                            table.insert(model.next);
                            model.lists[0].push(model.next);
                            model.next += 1;
                        }
                    }
                    Step::Move(number, list) => {
                        table.move_to(number, LISTS[list]);
                        if model.take(number) {
                            model.lists[list].push(number);
                        }
                    }
                    Step::Remove(number) => {
                        let removed = table.remove(number);
                        prop_assert_eq!(removed, model.take(number).then_some(number));
                    }
                    Step::Drain(list) => {
                        prop_assert_eq!(table.drain(LISTS[list]), std::mem::take(&mut model.lists[list]));
                    }
                }
                for list in LISTS {
                    let expected = &model.lists[list as usize];
                    prop_assert_eq!(&table.list(list).copied().collect::<Vec<_>>(), expected);
                    prop_assert_eq!(table.ends[list as usize].len, expected.len());
                    for &number in expected {
                        prop_assert_eq!(table.get(number), Some(&number));
                        prop_assert_eq!(table.list_of(number), Some(list));
                    }
                }
            }
        }
    }

    #[test]
    fn chunks_are_freed_when_their_entries_are_gone() {
        let mut table = Table::new();
        for _ in 0..100 {
            for _ in 0..CHUNK {
                table.insert(());
            }
            table.drain(List::Running);
        }
        assert!(table.chunks.len() <= 1, "{}", table.chunks.len());
        assert_eq!(table.next_number(), 100 * CHUNK as u64);
    }

    #[test]
    fn one_old_entry_does_not_keep_the_chunks_after_it() {
        let mut table = Table::new();
        for _ in 0..10 * CHUNK {
            table.insert(());
        }
        for number in 1..10 * CHUNK as u64 {
            table.remove(number);
        }
        assert_eq!(table.chunks.iter().flatten().count(), 1);
        assert!(table.get(0).is_some());
    }
}
