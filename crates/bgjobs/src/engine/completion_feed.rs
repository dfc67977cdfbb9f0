//! The ends of jobs that not every subscriber has been told of.
//!
//! Knows nothing of jobs; its owner's lock guards it.
//! An end is kept until every subscriber has been told of it, and with no subscriber nothing is kept.

use std::{collections::VecDeque, sync::Arc};

/// A wake-up of a host, called without any lock.
pub(crate) type Alarm = Arc<dyn Fn() + Send + Sync>;

/// The ends that not every subscriber has been told of; the ledger's lock guards it.
pub(crate) struct CompletionFeed<E> {
    ends: VecDeque<E>,
    /// The number of the first of `ends`, counted from the first end ever posted.
    first: u64,
    subscribers: Vec<Subscriber>,
    next_subscriber: u64,
    /// How many subscribers sleep until something is posted.
    pub(crate) sleeping: usize,
}

pub(crate) struct Subscriber {
    id: u64,
    /// The number of the first end it has not been told of.
    next: u64,
    /// The numbers of ends after that which it is not to be told of.
    skipped: Vec<u64>,
    alarm: Option<Alarm>,
    /// Whether the alarm rings at the next end: once between two looks.
    armed: bool,
}

impl<E: Clone> CompletionFeed<E> {
    pub(crate) fn new() -> Self {
        Self { ends: VecDeque::new(), first: 0, subscribers: Vec::new(), next_subscriber: 0, sleeping: 0 }
    }

    /// The number after the last end posted.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.ends.len() as u64
    }

    pub(crate) fn has_subscribers(&self) -> bool {
        !self.subscribers.is_empty()
    }

    /// Adds an end; returns the alarms to ring.
    pub(crate) fn post(&mut self, entry: E) -> Vec<Alarm> {
        self.ends.push_back(entry);
        let ring = |subscriber: &mut Subscriber| {
            std::mem::take(&mut subscriber.armed).then(|| subscriber.alarm.clone()).flatten()
        };
        self.subscribers.iter_mut().filter_map(ring).collect()
    }

    /// Adds a subscriber that is told of what ends from now on.
    pub(crate) fn subscribe(&mut self) -> u64 {
        let id = self.next_subscriber;
        self.next_subscriber += 1;
        let next = self.end();
        self.subscribers.push(Subscriber { id, next, skipped: Vec::new(), alarm: None, armed: false });
        id
    }

    /// Gives a subscriber its alarm, and says whether it rings at the next end; returns the alarm it had.
    pub(crate) fn set_alarm(&mut self, id: u64, alarm: Alarm, armed: bool) -> Option<Alarm> {
        let subscriber = self.subscriber(id);
        subscriber.armed = armed;
        subscriber.alarm.replace(alarm)
    }

    fn subscriber(&mut self, id: u64) -> &mut Subscriber {
        self.subscribers
            .iter_mut()
            .find(|subscriber| subscriber.id == id)
            .expect("a subscriber stands here until it is dropped")
    }

    /// What the subscriber has not been told of; it is told now. The second part is to be dropped without the lock.
    pub(crate) fn drain(&mut self, id: u64) -> (Vec<E>, Vec<E>) {
        let (first, end) = (self.first, self.end());
        let subscriber = self.subscriber(id);
        subscriber.armed = true;
        let next = std::mem::replace(&mut subscriber.next, end);
        let skipped = std::mem::take(&mut subscriber.skipped);
        let numbered = (first..).zip(&self.ends);
        let untold = numbered.filter(|(number, _)| *number >= next && !skipped.contains(number));
        let ends = untold.map(|(_, entry)| entry.clone()).collect();
        (ends, self.forget_drained())
    }

    /// Leaves an end out of what the subscriber is told; returns where the subscriber stands now, and what is to be dropped
    /// without the lock.
    pub(crate) fn skip(&mut self, id: u64, is_meant: impl Fn(&E) -> bool) -> (u64, Vec<E>) {
        let next = self.subscriber(id).next;
        let mut untold = (self.first..).zip(&self.ends).filter(|(number, _)| *number >= next);
        let meant = untold.find(|(_, entry)| is_meant(entry)).map(|(number, _)| number);
        let subscriber = self.subscriber(id);
        subscriber.skipped.extend(meant);
        while let Some(index) = subscriber.skipped.iter().position(|&number| number == subscriber.next) {
            subscriber.skipped.swap_remove(index);
            subscriber.next += 1;
        }
        (subscriber.next, self.forget_drained())
    }

    /// Removes a subscriber; returns what is to be dropped without the lock.
    pub(crate) fn unsubscribe(&mut self, id: u64) -> (Option<Subscriber>, Vec<E>) {
        let index = self.subscribers.iter().position(|subscriber| subscriber.id == id);
        let subscriber = index.map(|index| self.subscribers.remove(index));
        (subscriber, self.forget_drained())
    }

    /// Lets go of the ends that every subscriber has been told of.
    fn forget_drained(&mut self) -> Vec<E> {
        let told = self.subscribers.iter().map(|subscriber| subscriber.next).min().unwrap_or(self.end());
        let count = usize::try_from(told - self.first).expect("a part of what is in memory");
        self.first = told;
        self.ends.drain(..count).collect()
    }
}
