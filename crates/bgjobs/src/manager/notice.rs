//! Notices of ended jobs: each subscriber gets each end once.
//!
//! Knows nothing of printing; a face shows the notices where its user looks.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use futures_core::Stream;

use crate::{
    engine::{Engine, completion_feed::Alarm},
    job::{AnyJob, text::Report},
    record::job_ref::JobRef,
    system::{
        panic,
        sync::{deadline_after, has_passed, lock, wait_until},
    },
};

/// A subscriber to the ends of jobs, with its own cursor.
///
/// It gets each job that ends after it was made, once, even if the job is flushed or removed; it does not keep alive
/// the jobs that it has returned.
/// A subscriber that is never read keeps every ended job alive: drop it instead.
///
/// It is also a [`Stream`] of the jobs that end, for any async runtime.
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
    /// The number of the first end that it has neither returned nor skipped, as the completion feed has it too.
    next: u64,
}

impl Notices {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        let mut ledger = lock(&engine.ledger);
        let (id, next) = (ledger.completions.subscribe(), ledger.completions.end());
        drop(ledger);
        Self { engine, id, next }
    }

    /// Whether jobs have ended since the last look.
    ///
    /// This costs a few nanoseconds, however many jobs run, so it can be called at every prompt.
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
        let (ended, forgotten) = ledger.completions.drain(self.id);
        self.next = ledger.completions.end();
        drop(ledger);
        drop(forgotten);
        ended.into_iter().map(|record| AnyJob::new(record, Arc::clone(&self.engine))).collect()
    }

    /// Takes the jobs that ended since the last look, as the original shows them.
    pub fn report(&mut self) -> Report {
        if self.has_news() { Report::new(self.look()) } else { Report::default() }
    }

    /// Leaves a job out of the next look, because the user has already seen how it ended; true if it did.
    ///
    /// Other subscribers still get it. It does nothing for a job that has not ended, that was returned before, or that
    /// belongs to another manager.
    ///
    /// ```
    /// use bgjobs::JobManager;
    ///
    /// let jobs = JobManager::new();
    /// let mut notices = jobs.notices();
    /// let fit = jobs.spawn("fit", || 42)?;
    /// println!("fit found {}", fit.join()?);
    ///
    /// assert!(notices.mark_seen(&fit));
    /// assert!(!notices.has_news());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mark_seen(&mut self, job: impl Into<JobRef>) -> bool {
        let job = job.into();
        if job.is_foreign(self.engine.address()) {
            return false;
        }
        let mut ledger = lock(&self.engine.ledger);
        let (skipped, next, forgotten) = ledger.completions.skip(self.id, |record| record.core().id() == job.id());
        self.next = next;
        drop(ledger);
        drop(forgotten);
        skipped
    }

    /// Waits until a job has ended since the last look (true), or the manager has shut down (false); a thread may loop
    /// on it.
    ///
    /// In the child of a fork, where no job ends, it does not wait.
    #[must_use]
    pub fn wait(&self) -> bool {
        self.wait_until(None)
    }

    /// Waits as [`wait`](Self::wait) does, for `timeout` at most; false also when that has passed.
    #[must_use]
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.wait_until(deadline_after(Some(timeout)))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> bool {
        if self.has_news() || self.engine.is_forked() {
            return self.has_news();
        }
        let mut ledger = lock(&self.engine.ledger);
        ledger.completions.sleeping += 1;
        while ledger.open && !self.has_news() && !has_passed(deadline) {
            ledger = wait_until(&self.engine.end_posted, ledger, deadline);
        }
        ledger.completions.sleeping -= 1;
        self.has_news()
    }

    /// Waits as [`wait`](Self::wait) does, without blocking the thread, in any async runtime.
    ///
    /// For a time limit, put the runtime's own around it; dropping the future ends the wait, and no notice is lost.
    ///
    /// ```
    /// use bgjobs::JobManager;
    /// use futures_lite::future::block_on;
    ///
    /// let jobs = JobManager::new();
    /// let mut notices = jobs.notices();
    /// jobs.spawn("fit", || 42)?;
    /// assert!(block_on(notices.wait_async()));
    /// assert_eq!(notices.look()[0].name(), &"fit");
    ///
    /// jobs.shutdown()?;
    /// assert!(!block_on(notices.wait_async()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn wait_async(&mut self) -> bool {
        let waiting = Waiting(self);
        poll_fn(|context| waiting.0.poll_news(context)).await
    }

    /// Whether there is news; pending while there is none and the manager is open.
    fn poll_news(&mut self, context: &Context<'_>) -> Poll<bool> {
        if self.has_news() {
            return Poll::Ready(true);
        }
        // Cloned and dropped without the lock, because wakers are user code.
        let waker = context.waker().clone();
        let mut ledger = lock(&self.engine.ledger);
        let is_over = self.has_news() || !ledger.open;
        let unused = if is_over { Some(waker) } else { ledger.completions.set_waker(self.id, Some(waker)) };
        drop(ledger);
        drop(unused);
        if is_over { Poll::Ready(self.has_news()) } else { Poll::Pending }
    }

    /// Calls `alarm` when a job ends, once until the next look or until there is nothing to look at, on the thread that
    /// ended the job: the job's thread, or the thread that stops a job before its start.
    ///
    /// It only wakes a host, such as the loop of a window, and carries no data; if it panics, the panic is swallowed.
    /// If a job has ended since the last look, it is called at once.
    ///
    /// ```
    /// use bgjobs::JobManager;
    /// use std::sync::mpsc;
    ///
    /// let jobs = JobManager::new();
    /// let mut notices = jobs.notices();
    /// let (events, next) = mpsc::channel();
    /// notices.wake(move || _ = events.send("a job has ended"));
    ///
    /// jobs.spawn("render", || 42)?;
    /// assert_eq!(next.recv()?, "a job has ended");
    /// assert_eq!(notices.look()[0].name(), &"render");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wake(&self, alarm: impl Fn() + Send + Sync + 'static) {
        let alarm: Alarm = Arc::new(alarm);
        let mut ledger = lock(&self.engine.ledger);
        let is_due = self.has_news();
        let old = ledger.completions.set_alarm(self.id, Arc::clone(&alarm), !is_due);
        drop(ledger);
        // Both hold values of the user's.
        panic::drop_quietly(old);
        if is_due {
            self.engine.swallow(move || alarm());
        }
    }
}

/// Yields each job when it ends, once and in order; ends when the manager has shut down and all is yielded.
///
/// It shares the cursor with the methods: what it yields is in no later look or report, and what they took it does not
/// yield. A daemon job that ends after the shutdown comes after the end of the stream: poll or look again for it.
///
/// ```
/// use bgjobs::JobManager;
/// use futures_lite::{future::block_on, stream::StreamExt};
///
/// let jobs = JobManager::new();
/// let notices = jobs.notices();
/// for n in 0..3 {
///     jobs.spawn(format!("square {n}"), move || n * n)?;
/// }
/// jobs.shutdown()?;
/// let mut names: Vec<_> = block_on(notices.map(|job| job.name().to_string()).collect());
/// names.sort();
/// assert_eq!(names, ["square 0", "square 1", "square 2"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Stream for Notices {
    type Item = AnyJob;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<AnyJob>> {
        if !ready!(self.poll_news(context)) {
            return Poll::Ready(None);
        }
        let (ended, next, forgotten) = lock(&self.engine.ledger).completions.take_one(self.id);
        self.next = next;
        drop(forgotten);
        Poll::Ready(ended.map(|record| AnyJob::new(record, Arc::clone(&self.engine))))
    }
}

/// A task that waits for news; dropping this forgets the task.
struct Waiting<'a>(&'a mut Notices);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let waker = lock(&self.0.engine.ledger).completions.set_waker(self.0.id, None);
        panic::drop_quietly(waker);
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        let removed = lock(&self.engine.ledger).completions.unsubscribe(self.id);
        // The alarm, and the ends that only this subscriber still needed, hold user values, so they are dropped without
        // the lock.
        panic::drop_quietly(removed);
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").field("has_news", &self.has_news()).finish()
    }
}
