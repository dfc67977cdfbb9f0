//! Entries by number, each in one of three lists: running, completed, dead.
//!
//! Knows nothing of jobs, threads or time; its owner's lock guards it.
//! Numbers are assigned in order and never reused, so the table is a queue of chunks: a lookup takes two steps, and a
//! chunk without entries is freed.
//! A list is one bit for each entry, so moving an entry costs the same however many there are, and a list reads in the
//! order of the numbers, as it is shown.

use std::collections::VecDeque;

/// How many entries a chunk holds.
const CHUNK: usize = 256;

/// How many entries a word has bits for.
const WORD: usize = u64::BITS as usize;

/// The list that an entry is in.
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
    /// The chunks, starting with the first that holds an entry; a freed one leaves a hole.
    chunks: VecDeque<Option<Box<Chunk<E>>>>,
    /// The number of the first chunk of `chunks`.
    first_chunk: u64,
    /// The number of the next entry.
    next: u64,
}

struct Chunk<E> {
    entries: [Option<E>; CHUNK],
    /// For each list, one bit for each entry.
    lists: [[u64; CHUNK / WORD]; 3],
}

impl<E> Table<E> {
    pub(crate) fn new() -> Self {
        Self { chunks: VecDeque::new(), first_chunk: 0, next: 0 }
    }

    /// Takes all entries out; numbering continues.
    pub(crate) fn take_all(&mut self) -> Self {
        let next = self.next;
        std::mem::replace(self, Self { next, ..Self::new() })
    }

    /// The number that the next [`insert`](Self::insert) assigns.
    pub(crate) fn next_number(&self) -> u64 {
        self.next
    }

    /// Adds an entry to the running ones; its number is [`next_number`](Self::next_number).
    pub(crate) fn insert(&mut self, entry: E) {
        let (chunk, slot) = split(self.next);
        self.next += 1;
        if self.chunks.is_empty() {
            self.first_chunk = chunk;
        }
        if self.first_chunk + self.chunks.len() as u64 == chunk {
            self.chunks.push_back(None);
        }
        let chunk = self.chunks.back_mut().expect("the newest number has its chunk");
        let chunk = chunk.get_or_insert_with(|| Box::new(Chunk::new()));
        chunk.entries[slot] = Some(entry);
        chunk.set(List::Running, slot);
    }

    pub(crate) fn get(&self, number: u64) -> Option<&E> {
        let (chunk, slot) = self.locate(number);
        self.chunks.get(chunk)?.as_ref()?.entries[slot].as_ref()
    }

    /// The list that the entry is in.
    pub(crate) fn list_of(&self, number: u64) -> Option<List> {
        let (chunk, slot) = self.locate(number);
        self.chunks.get(chunk)?.as_ref()?.list_of(slot)
    }

    /// Moves an entry to `list`; false if there is no such entry.
    pub(crate) fn move_to(&mut self, number: u64, list: List) -> bool {
        let (chunk, slot) = self.locate(number);
        let Some(Some(chunk)) = self.chunks.get_mut(chunk) else { return false };
        let is_here = chunk.entries[slot].is_some();
        if is_here {
            chunk.clear(slot);
            chunk.set(list, slot);
        }
        is_here
    }

    /// Removes an entry and returns it.
    pub(crate) fn remove(&mut self, number: u64) -> Option<E> {
        let (index, slot) = self.locate(number);
        let chunk = self.chunks.get_mut(index)?.as_mut()?;
        let entry = chunk.entries[slot].take()?;
        chunk.clear(slot);
        self.free_if_empty(index);
        self.drop_holes();
        Some(entry)
    }

    /// Removes all entries of `list` and returns them, by number.
    pub(crate) fn drain(&mut self, list: List) -> Vec<E> {
        let mut entries = Vec::new();
        for index in 0..self.chunks.len() {
            let Some(chunk) = &mut self.chunks[index] else { continue };
            let slots = std::mem::take(&mut chunk.lists[list as usize]);
            entries.extend(slots_of(&slots).filter_map(|slot| chunk.entries[slot].take()));
            self.free_if_empty(index);
        }
        self.drop_holes();
        entries
    }

    /// All entries, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &E> {
        self.chunks.iter().flatten().flat_map(|chunk| chunk.entries.iter().flatten())
    }

    /// The entries of `list`, by number.
    pub(crate) fn list(&self, list: List) -> impl Iterator<Item = &E> {
        self.chunks.iter().flatten().flat_map(move |chunk| {
            slots_of(&chunk.lists[list as usize]).filter_map(|slot| chunk.entries[slot].as_ref())
        })
    }

    /// Frees a chunk without entries, unless it is the newest, which is still filling up.
    fn free_if_empty(&mut self, index: usize) {
        let end = (self.first_chunk + index as u64 + 1) * CHUNK as u64;
        if end <= self.next && self.chunks[index].as_ref().is_some_and(|chunk| chunk.is_empty()) {
            self.chunks[index] = None;
        }
    }

    /// Removes the holes before the first chunk.
    fn drop_holes(&mut self) {
        while self.chunks.front().is_some_and(Option::is_none) {
            self.chunks.pop_front();
            self.first_chunk += 1;
        }
    }

    /// The index of a number's chunk, and its slot there; for a freed chunk the index is far beyond the end.
    fn locate(&self, number: u64) -> (usize, usize) {
        let (chunk, slot) = split(number);
        (usize::try_from(chunk.wrapping_sub(self.first_chunk)).unwrap_or(usize::MAX), slot)
    }
}

impl<E> Chunk<E> {
    fn new() -> Self {
        Self { entries: [const { None }; CHUNK], lists: [[0; CHUNK / WORD]; 3] }
    }

    fn is_empty(&self) -> bool {
        self.lists.as_flattened().iter().all(|&word| word == 0)
    }

    fn list_of(&self, slot: usize) -> Option<List> {
        let lists = [List::Running, List::Completed, List::Dead];
        lists.into_iter().find(|&list| self.lists[list as usize][slot / WORD] & bit(slot) != 0)
    }

    fn set(&mut self, list: List, slot: usize) {
        self.lists[list as usize][slot / WORD] |= bit(slot);
    }

    /// Removes an entry from its list.
    fn clear(&mut self, slot: usize) {
        for list in &mut self.lists {
            list[slot / WORD] &= !bit(slot);
        }
    }
}

/// The chunk of a number, and its slot there.
fn split(number: u64) -> (u64, usize) {
    (number / CHUNK as u64, usize::try_from(number % CHUNK as u64).expect("a remainder below 256 fits"))
}

/// The bit of a slot in its word.
const fn bit(slot: usize) -> u64 {
    1 << (slot % WORD)
}

/// The slots whose bits are set, in order.
fn slots_of(words: &[u64; CHUNK / WORD]) -> impl Iterator<Item = usize> + use<> {
    let mut words = *words;
    let mut index = 0;
    std::iter::from_fn(move || {
        while *words.get(index)? == 0 {
            index += 1;
        }
        let word = &mut words[index];
        let slot = index * WORD + word.trailing_zeros() as usize;
        *word &= *word - 1;
        Some(slot)
    })
}

#[cfg(all(test, not(bgjobs_loom)))]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{CHUNK, List, Table};

    const LISTS: [List; 3] = [List::Running, List::Completed, List::Dead];

    /// The table in its simplest form: a set of numbers for each list.
    #[derive(Default)]
    struct Model {
        next: u64,
        lists: [BTreeSet<u64>; 3],
    }

    impl Model {
        fn take(&mut self, number: u64) -> bool {
            self.lists.iter_mut().any(|list| list.remove(&number))
        }
    }

    #[derive(Clone, Debug)]
    enum Operation {
        Insert,
        InsertMany,
        Move(u64, usize),
        Remove(u64),
        Drain(usize),
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            6 => Just(Operation::Insert),
            1 => Just(Operation::InsertMany),
            6 => (0..700u64, 0..3usize).prop_map(|(number, list)| Operation::Move(number, list)),
            4 => (0..700u64).prop_map(Operation::Remove),
            1 => (0..3usize).prop_map(Operation::Drain),
        ]
    }

    proptest! {
        #[test]
        fn the_table_behaves_like_three_plain_sets(operations in prop::collection::vec(operation(), 1..120)) {
            let (mut table, mut model) = (Table::new(), Model::default());
            for operation in operations {
                match operation {
                    Operation::Insert | Operation::InsertMany => {
                        for _ in 0..if matches!(operation, Operation::Insert) { 1 } else { CHUNK } {
                            prop_assert_eq!(table.next_number(), model.next);
                            table.insert(model.next);
                            model.lists[0].insert(model.next);
                            model.next += 1;
                        }
                    }
                    Operation::Move(number, list) => {
                        table.move_to(number, LISTS[list]);
                        if model.take(number) {
                            model.lists[list].insert(number);
                        }
                    }
                    Operation::Remove(number) => {
                        let removed = table.remove(number);
                        prop_assert_eq!(removed, model.take(number).then_some(number));
                    }
                    Operation::Drain(list) => {
                        let drained: Vec<_> = std::mem::take(&mut model.lists[list]).into_iter().collect();
                        prop_assert_eq!(table.drain(LISTS[list]), drained);
                    }
                }
                for list in LISTS {
                    let expected = &model.lists[list as usize];
                    prop_assert!(table.list(list).eq(expected));
                    for &number in expected {
                        prop_assert_eq!(table.get(number), Some(&number));
                        prop_assert_eq!(table.list_of(number), Some(list));
                    }
                }
                let all: BTreeSet<_> = model.lists.iter().flatten().collect();
                prop_assert!(table.iter().eq(all));
            }
        }
    }

    #[test]
    fn a_chunk_is_freed_when_its_entries_are_gone() {
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
