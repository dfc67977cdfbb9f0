//! The ends of jobs that not every reader has been told of.
//!
//! Knows nothing of jobs; its owner's lock guards it.
//! An end is kept until every reader has been told of it, and with no reader nothing is kept.

use std::{collections::VecDeque, sync::Arc};

/// A wake-up of a host, called without any lock.
pub(crate) type Alarm = Arc<dyn Fn() + Send + Sync>;

/// The ends that not every reader has been told of; the ledger's lock guards it.
pub(crate) struct Board<E> {
    news: VecDeque<E>,
    /// The number of the first of `news`, counted from the first end ever posted.
    first: u64,
    readers: Vec<Reader>,
    next_reader: u64,
    /// How many readers sleep until something is posted.
    pub(crate) sleeping: usize,
}

pub(crate) struct Reader {
    id: u64,
    /// The number of the first end it has not been told of.
    next: u64,
    /// The numbers of ends after that which it is not to be told of.
    skipped: Vec<u64>,
    alarm: Option<Alarm>,
    /// Whether the alarm rings at the next end: once between two looks.
    armed: bool,
}

impl<E: Clone> Board<E> {
    pub(crate) fn new() -> Self {
        Self { news: VecDeque::new(), first: 0, readers: Vec::new(), next_reader: 0, sleeping: 0 }
    }

    /// The number after the last end posted.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.news.len() as u64
    }

    pub(crate) fn has_readers(&self) -> bool {
        !self.readers.is_empty()
    }

    /// Adds an end; returns the alarms to ring.
    pub(crate) fn post(&mut self, entry: E) -> Vec<Alarm> {
        self.news.push_back(entry);
        let ring = |reader: &mut Reader| std::mem::take(&mut reader.armed).then(|| reader.alarm.clone()).flatten();
        self.readers.iter_mut().filter_map(ring).collect()
    }

    /// Adds a reader that is told of what ends from now on.
    pub(crate) fn add_reader(&mut self) -> u64 {
        let id = self.next_reader;
        self.next_reader += 1;
        let next = self.end();
        self.readers.push(Reader { id, next, skipped: Vec::new(), alarm: None, armed: false });
        id
    }

    /// Gives a reader its alarm, and says whether it rings at the next end; returns the alarm it had.
    pub(crate) fn set_alarm(&mut self, id: u64, alarm: Alarm, armed: bool) -> Option<Alarm> {
        let reader = self.reader(id);
        reader.armed = armed;
        reader.alarm.replace(alarm)
    }

    fn reader(&mut self, id: u64) -> &mut Reader {
        self.readers.iter_mut().find(|reader| reader.id == id).expect("a reader stands here until it is dropped")
    }

    /// What the reader has not been told of; it is told now. The second part is to be dropped without the lock.
    pub(crate) fn tell(&mut self, id: u64) -> (Vec<E>, Vec<E>) {
        let (first, end) = (self.first, self.end());
        let reader = self.reader(id);
        reader.armed = true;
        let next = std::mem::replace(&mut reader.next, end);
        let skipped = std::mem::take(&mut reader.skipped);
        let numbered = (first..).zip(&self.news);
        let untold = numbered.filter(|(number, _)| *number >= next && !skipped.contains(number));
        let news = untold.map(|(_, entry)| entry.clone()).collect();
        (news, self.forget_told())
    }

    /// Leaves an end out of what the reader is told; returns where the reader stands now, and what is to be dropped
    /// without the lock.
    pub(crate) fn skip(&mut self, id: u64, is_meant: impl Fn(&E) -> bool) -> (u64, Vec<E>) {
        let next = self.reader(id).next;
        let mut untold = (self.first..).zip(&self.news).filter(|(number, _)| *number >= next);
        let meant = untold.find(|(_, entry)| is_meant(entry)).map(|(number, _)| number);
        let reader = self.reader(id);
        reader.skipped.extend(meant);
        while let Some(place) = reader.skipped.iter().position(|&number| number == reader.next) {
            reader.skipped.swap_remove(place);
            reader.next += 1;
        }
        (reader.next, self.forget_told())
    }

    /// Removes a reader; returns what is to be dropped without the lock.
    pub(crate) fn remove_reader(&mut self, id: u64) -> (Option<Reader>, Vec<E>) {
        let place = self.readers.iter().position(|reader| reader.id == id);
        let reader = place.map(|place| self.readers.remove(place));
        (reader, self.forget_told())
    }

    /// Lets go of the ends that every reader has been told of.
    fn forget_told(&mut self) -> Vec<E> {
        let told = self.readers.iter().map(|reader| reader.next).min().unwrap_or(self.end());
        let count = usize::try_from(told - self.first).expect("a part of what is in memory");
        self.first = told;
        self.news.drain(..count).collect()
    }
}
