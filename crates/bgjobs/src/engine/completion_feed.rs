//! The completion feed: the ends of jobs, queued for each subscriber until it drains them.
//!
//! Knows nothing of jobs; its owner's lock guards it.
//! An end stays here until every subscriber has drained it; without subscribers none is stored.

use std::{
    collections::{BTreeSet, VecDeque},
    mem,
    sync::Arc,
    task::Waker,
};

/// Wakes a host; called with no lock held.
pub(crate) type Alarm = Arc<dyn Fn() + Send + Sync>;

/// The ends that some subscriber has not drained.
pub(crate) struct CompletionFeed<E> {
    ends: VecDeque<E>,
    /// The number of the first of `ends`; the first end ever posted has number 0.
    first: u64,
    subscribers: Vec<Subscriber>,
    next_subscriber: u64,
    /// How many subscribers sleep until the next end.
    pub(crate) sleeping: usize,
}

pub(crate) struct Subscriber {
    id: u64,
    /// The number of the first end it has neither drained nor skipped.
    next: u64,
    /// The numbers of later ends that it skips.
    skipped: BTreeSet<u64>,
    alarm: Option<Alarm>,
    /// Whether the next end raises the alarm, which happens once between two looks.
    armed: bool,
    /// Wakes the task that waits for the next end.
    waker: Option<Waker>,
}

impl Subscriber {
    /// Moves the cursor by one end, and over those that it skips then.
    fn advance(&mut self) {
        self.next += 1;
        self.pass_skipped();
    }

    fn pass_skipped(&mut self) {
        while self.skipped.remove(&self.next) {
            self.next += 1;
        }
    }
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

    /// Adds an end; returns the alarms to raise and the tasks to wake.
    pub(crate) fn post(&mut self, entry: E) -> (Vec<Alarm>, Vec<Waker>) {
        self.ends.push_back(entry);
        let alarm =
            |subscriber: &mut Subscriber| mem::take(&mut subscriber.armed).then(|| subscriber.alarm.clone()).flatten();
        (self.subscribers.iter_mut().filter_map(alarm).collect(), self.take_wakers())
    }

    /// The tasks of all subscribers, which the caller must wake without the lock.
    #[must_use]
    pub(crate) fn take_wakers(&mut self) -> Vec<Waker> {
        self.subscribers.iter_mut().filter_map(|subscriber| subscriber.waker.take()).collect()
    }

    /// Adds a subscriber to the ends from now on; returns its number.
    pub(crate) fn subscribe(&mut self) -> u64 {
        let id = self.next_subscriber;
        self.next_subscriber += 1;
        let next = self.end();
        self.subscribers.push(Subscriber {
            id,
            next,
            skipped: BTreeSet::new(),
            alarm: None,
            armed: false,
            waker: None,
        });
        id
    }

    /// Sets a subscriber's alarm and whether the next end raises it; returns the previous alarm.
    pub(crate) fn set_alarm(&mut self, id: u64, alarm: Alarm, armed: bool) -> Option<Alarm> {
        let subscriber = self.subscriber(id);
        subscriber.armed = armed;
        subscriber.alarm.replace(alarm)
    }

    /// Sets or removes the task that the next end wakes; returns the previous one, to be dropped without the lock.
    pub(crate) fn set_waker(&mut self, id: u64, waker: Option<Waker>) -> Option<Waker> {
        mem::replace(&mut self.subscriber(id).waker, waker)
    }

    fn subscriber(&mut self, id: u64) -> &mut Subscriber {
        let subscriber = self.subscribers.iter_mut().find(|subscriber| subscriber.id == id);
        subscriber.expect("a subscriber stays here until it is dropped")
    }

    /// Drains the subscriber's ends; the second list must be dropped without the lock.
    pub(crate) fn drain(&mut self, id: u64) -> (Vec<E>, Vec<E>) {
        let (first, end) = (self.first, self.end());
        let subscriber = self.subscriber(id);
        subscriber.armed = true;
        let next = mem::replace(&mut subscriber.next, end);
        let skipped = mem::take(&mut subscriber.skipped);
        let numbered = (first..).zip(&self.ends);
        let pending = numbered.filter(|(number, _)| *number >= next && !skipped.contains(number));
        let ends = pending.map(|(_, entry)| entry.clone()).collect();
        (ends, self.forget_drained())
    }

    /// Takes the subscriber's next end; also returns the subscriber's new cursor, and ends to be dropped without the
    /// lock.
    pub(crate) fn take_one(&mut self, id: u64) -> (Option<E>, u64, Vec<E>) {
        let index = self.subscriber(id).next - self.first;
        let end = self.ends.get(usize::try_from(index).expect("a part of what is in memory")).cloned();
        let subscriber = self.subscriber(id);
        subscriber.armed = true;
        if end.is_some() {
            subscriber.advance();
        }
        (end, subscriber.next, self.forget_drained())
    }

    /// Leaves an end out of the subscriber's next drain; returns whether it was there, the subscriber's new cursor, and
    /// ends to be dropped without the lock.
    pub(crate) fn skip(&mut self, id: u64, is_meant: impl Fn(&E) -> bool) -> (bool, u64, Vec<E>) {
        let (first, end) = (self.first, self.end());
        let ends = mem::take(&mut self.ends);
        let subscriber = self.subscriber(id);
        let is_pending = |number: u64| number >= subscriber.next && !subscriber.skipped.contains(&number);
        let mut numbered = (first..).zip(&ends);
        let meant = numbered.find(|(number, entry)| is_pending(*number) && is_meant(entry)).map(|(number, _)| number);
        subscriber.skipped.extend(meant);
        subscriber.pass_skipped();
        let next = subscriber.next;
        // A host that finds no news does not drain.
        subscriber.armed |= next == end;
        self.ends = ends;
        (meant.is_some(), next, self.forget_drained())
    }

    /// Removes a subscriber; what it returns must be dropped without the lock.
    pub(crate) fn unsubscribe(&mut self, id: u64) -> (Vec<Subscriber>, Vec<E>) {
        let removed = self.subscribers.extract_if(.., |subscriber| subscriber.id == id).collect();
        (removed, self.forget_drained())
    }

    /// Removes the ends that every subscriber has drained.
    fn forget_drained(&mut self) -> Vec<E> {
        let told = self.subscribers.iter().map(|subscriber| subscriber.next).min().unwrap_or(self.end());
        let count = usize::try_from(told - self.first).expect("a part of what is in memory");
        self.first = told;
        self.ends.drain(..count).collect()
    }
}
