//! What the user is told when a job ends: each reader is told of each end once.
//!
//! Knows nothing of printing; a face shows the notices where its user looks.
//! An end is kept until every reader has been told of it, and with no reader nothing is kept.

use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};

use crate::{
    engine::Engine,
    job::AnyJob,
    sync::{deadline_after, has_passed, lock, wait_until},
    text::Report,
};

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

struct Reader {
    id: u64,
    /// The number of the first end it has not been told of.
    next: u64,
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
    fn add_reader(&mut self) -> u64 {
        let id = self.next_reader;
        self.next_reader += 1;
        let next = self.end();
        self.readers.push(Reader { id, next, alarm: None, armed: false });
        id
    }

    fn reader(&mut self, id: u64) -> &mut Reader {
        self.readers.iter_mut().find(|reader| reader.id == id).expect("a reader stands here until it is dropped")
    }

    /// What the reader has not been told of; it is told now.
    fn tell(&mut self, id: u64) -> Vec<E> {
        let (first, end) = (self.first, self.end());
        let reader = self.reader(id);
        reader.armed = true;
        let next = std::mem::replace(&mut reader.next, end);
        let told = usize::try_from(next - first).expect("a part of what is in memory");
        let news = self.news.iter().skip(told).cloned().collect();
        // The entries are among those just told, so they live on.
        drop(self.forget_told());
        news
    }

    /// Removes a reader; returns what is to be dropped without the lock.
    fn remove_reader(&mut self, id: u64) -> (Option<Reader>, Vec<E>) {
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

/// A reader of the ends of jobs, with a cursor of its own.
///
/// It is told of each job that ends after it was made, once, flushed or removed jobs too; what it has been told of it
/// does not keep alive.
/// A reader that nobody reads keeps every job that ends: drop it instead.
///
/// ```
/// use bgjobs::JobManager;
///
/// let jobs = JobManager::new();
/// let mut notices = jobs.notices();
/// jobs.spawn("fit", || 42)?.join()?;
///
/// assert!(notices.has_news());
/// assert_eq!(notices.report().to_string(), "Completed jobs:\n0 : fit\n\n");
/// assert!(notices.report().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Notices {
    engine: Arc<Engine>,
    id: u64,
    /// The number of the first end it has not been told of, as the board knows it too.
    next: u64,
}

impl Notices {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        let mut ledger = lock(&engine.ledger);
        let (id, next) = (ledger.board.add_reader(), ledger.board.end());
        drop(ledger);
        Self { engine, id, next }
    }

    /// Whether a job has ended that this reader has not been told of.
    ///
    /// It costs some nanoseconds, however many jobs run: it is meant for every prompt.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.engine.posted() > self.next
    }

    /// Takes the jobs that ended since the last look, in the order in which they ended.
    pub fn look(&mut self) -> Vec<AnyJob> {
        if !self.has_news() {
            return Vec::new();
        }
        let mut ledger = lock(&self.engine.ledger);
        let news = ledger.board.tell(self.id);
        self.next = ledger.board.end();
        drop(ledger);
        news.into_iter().map(|record| AnyJob::new(record, Arc::clone(&self.engine))).collect()
    }

    /// Takes the jobs that ended since the last look, as the original shows them.
    pub fn report(&mut self) -> Report {
        Report::new(self.look())
    }

    /// Waits until there is news (true), or until `timeout` has passed (false); none waits for ever.
    #[must_use]
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        let deadline = deadline_after(timeout);
        let mut ledger = lock(&self.engine.ledger);
        ledger.board.sleeping += 1;
        while !self.has_news() && !has_passed(deadline) {
            ledger = wait_until(&self.engine.news, ledger, deadline);
        }
        ledger.board.sleeping -= 1;
        self.has_news()
    }

    /// Calls `alarm` when a job ends, once between two looks, on the thread of that job.
    ///
    /// It is a wake-up for a host and tells nothing by itself.
    /// It must be quick, because its thread could take up other jobs meanwhile; if it panics, the panic is swallowed.
    /// If there is news already it is called at once.
    pub fn wake(&self, alarm: impl Fn() + Send + Sync + 'static) {
        let alarm: Alarm = Arc::new(alarm);
        let mut ledger = lock(&self.engine.ledger);
        let news = self.has_news();
        let reader = ledger.board.reader(self.id);
        let old = reader.alarm.replace(Arc::clone(&alarm));
        reader.armed = !news;
        drop(ledger);
        drop(old);
        if news {
            alarm();
        }
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        let removed = lock(&self.engine.ledger).board.remove_reader(self.id);
        // What was kept for this reader holds the user's values, so it is dropped without the lock.
        drop(removed);
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").field("has_news", &self.has_news()).finish()
    }
}
