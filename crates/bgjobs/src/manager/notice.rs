//! What the user is told when a job ends: each reader is told of each end once.
//!
//! Knows nothing of printing; a face shows the notices where its user looks.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    engine::{Engine, completion_feed::Alarm},
    job::{AnyJob, text::Report},
    record::id::JobId,
    system::sync::{deadline_after, has_passed, lock, wait_until},
};

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
    /// The number of the first end it has not been told of, as the completions knows it too.
    next: u64,
}

impl Notices {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        let mut ledger = lock(&engine.ledger);
        let (id, next) = (ledger.completions.subscribe(), ledger.completions.end());
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
        let (news, forgotten) = ledger.completions.drain(self.id);
        self.next = ledger.completions.end();
        drop(ledger);
        drop(forgotten);
        news.into_iter().map(|record| AnyJob::new(record, Arc::clone(&self.engine))).collect()
    }

    /// Takes the jobs that ended since the last look, as the original shows them.
    pub fn report(&mut self) -> Report {
        if self.has_news() { Report::new(self.look()) } else { Report::default() }
    }

    /// Leaves a job out of the next look, because the user has just seen how it ended in another way.
    ///
    /// Other readers are told of it. A job that has not ended, or was told, is not left out later.
    ///
    /// ```
    /// use bgjobs::JobManager;
    ///
    /// let jobs = JobManager::new();
    /// let mut notices = jobs.notices();
    /// let fit = jobs.spawn("fit", || 42)?;
    /// println!("fit found {}", fit.join()?);
    ///
    /// notices.skip(fit.id());
    /// assert!(!notices.has_news());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn skip(&mut self, job: impl Into<JobId>) {
        let job = job.into();
        let mut ledger = lock(&self.engine.ledger);
        let (next, forgotten) = ledger.completions.skip(self.id, |record| record.core().id() == job);
        self.next = next;
        drop(ledger);
        drop(forgotten);
    }

    /// Waits until there is news (true), or until `timeout` has passed or the manager is gone (false); without a
    /// timeout a thread may loop on it.
    #[must_use]
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        let deadline = deadline_after(timeout);
        let mut ledger = lock(&self.engine.ledger);
        ledger.completions.sleeping += 1;
        while ledger.open && !self.has_news() && !has_passed(deadline) {
            ledger = wait_until(&self.engine.end_posted, ledger, deadline);
        }
        ledger.completions.sleeping -= 1;
        self.has_news()
    }

    /// Calls `alarm` when a job ends, once between two looks, on the thread that ended it: the job's own, or that of whoever
    /// stops a job before it has started.
    ///
    /// It is a wake-up for a host and tells nothing by itself; if it panics, the panic is swallowed.
    /// If there is news already it is called at once.
    pub fn wake(&self, alarm: impl Fn() + Send + Sync + 'static) {
        let alarm: Alarm = Arc::new(alarm);
        let mut ledger = lock(&self.engine.ledger);
        let news = self.has_news();
        let old = ledger.completions.set_alarm(self.id, Arc::clone(&alarm), !news);
        drop(ledger);
        drop(old);
        if news {
            alarm();
        }
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        let removed = lock(&self.engine.ledger).completions.unsubscribe(self.id);
        // What was kept for this reader holds the user's values, so it is dropped without the lock.
        drop(removed);
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").field("has_news", &self.has_news()).finish()
    }
}
