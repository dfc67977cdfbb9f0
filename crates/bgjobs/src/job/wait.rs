//! Waiting for a job, and reading on in its log.
//!
//! Knows nothing of how a job ends.

use std::time::Duration;

use crate::{
    engine::waiting::WaitRequest,
    error::WaitError,
    job::AnyJob,
    record::log::{LogCursor, Reading},
};

impl AnyJob {
    /// Waits until the job has ended, however it ends.
    ///
    /// # Errors
    ///
    /// [`WaitError::Itself`] and [`WaitError::Ring`], if the wait would never end.
    pub fn wait(&self) -> Result<(), WaitError> {
        self.wait_at_most(None)
    }

    /// Waits until the job has ended, `timeout` at most.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`] if it has not; [`WaitError::Itself`] at once.
    pub fn wait_timeout(&self, timeout: Duration) -> Result<(), WaitError> {
        self.wait_at_most(Some(timeout))
    }

    /// Waits until the job has ended, `timeout` at most; none waits for ever.
    pub(crate) fn wait_at_most(&self, timeout: Option<Duration>) -> Result<(), WaitError> {
        self.engine.wait(&WaitRequest { timeout, ..WaitRequest::end_of(self.core()) })
    }

    /// Waits as [`wait`](Self::wait) does, and hears when `own` is asked to stop.
    pub(crate) fn wait_hearing(&self, timeout: Option<Duration>, own: &Self) -> Result<(), WaitError> {
        let waiter = Some((own.core(), &*own.engine));
        self.engine.wait(&WaitRequest { timeout, waiter, ..WaitRequest::end_of(self.core()) })
    }

    /// Reads on in the log from `cursor`, and moves it; waits for a new line, if there is none, `timeout` at most.
    /// None once the job has ended and all is read.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`] if there was nothing new; [`WaitError::Itself`] and [`WaitError::Ring`], if the wait would
    /// never end.
    ///
    /// ```
    /// use bgjobs::{JobManager, LogCursor};
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("count", |job| Ok((1..=3).for_each(|n| job.print(n))))?;
    /// let (mut cursor, mut seen) = (LogCursor::default(), String::new());
    /// while let Some(new) = job.follow(&mut cursor, None)? {
    ///     seen.extend(new.lines.into_iter().map(|line| line.text));
    /// }
    /// assert_eq!(seen, "123");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn follow(&self, cursor: &mut LogCursor, timeout: Option<Duration>) -> Result<Option<Reading>, WaitError> {
        self.follow_hearing(cursor, timeout, None)
    }

    /// Follows as [`follow`](Self::follow) does, and hears when `own` is asked to stop.
    pub(crate) fn follow_hearing(
        &self,
        cursor: &mut LogCursor,
        timeout: Option<Duration>,
        own: Option<&Self>,
    ) -> Result<Option<Reading>, WaitError> {
        // First of all, because who follows a job that never stops printing never sleeps.
        own.map_or(Ok(()), |own| own.core().check()).map_err(WaitError::Stopped)?;
        let log = self.log();
        let waiter = own.map(|own| (own.core(), &*own.engine));
        self.engine.wait(&WaitRequest { target: self.core(), timeout, waiter, line: Some((&log, *cursor)) })?;
        // In this order, because what a job printed is in its log before its end is seen.
        let is_over = self.is_finished();
        let reading = log.read(cursor);
        Ok((!is_over || !reading.is_empty()).then_some(reading))
    }
}
