//! Waiting for a job, and following its log.
//!
//! Knows nothing of how a job ends.

use std::time::Duration;

use crate::{
    engine::waiting::WaitRequest,
    error::WaitError,
    job::AnyJob,
    record::log::cursor::{LogCursor, Reading},
};

impl AnyJob {
    /// Waits until the job has ended, whatever its outcome.
    ///
    /// # Errors
    ///
    /// [`WaitError::Itself`] and [`WaitError::Ring`] if the wait would never end.
    pub fn wait(&self) -> Result<(), WaitError> {
        self.wait_unless_stopped(None, None)
    }

    /// Waits until the job has ended, for `timeout` at most.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`] if it has not ended; [`WaitError::Itself`] at once if the job waits for itself.
    pub fn wait_timeout(&self, timeout: Duration) -> Result<(), WaitError> {
        self.wait_unless_stopped(Some(timeout), None)
    }

    /// Waits until the job has ended, for `timeout` at most (`None` waits forever), or until `own` is asked to stop.
    pub(crate) fn wait_unless_stopped(&self, timeout: Option<Duration>, own: Option<&Self>) -> Result<(), WaitError> {
        let waiter = own.map(|own| (own.core(), &*own.engine));
        self.engine.wait(&WaitRequest { timeout, waiter, ..WaitRequest::end_of(self.core()) })
    }

    /// Reads the log from `cursor` on, and moves the cursor; if there is nothing new, waits for it.
    /// `None` once the job has ended and all is read.
    ///
    /// A change of an [unfinished](crate::Log::pending) line is new too, so a reading may have no lines.
    ///
    /// # Errors
    ///
    /// [`WaitError::Itself`] and [`WaitError::Ring`] if the wait would never end.
    ///
    /// ```
    /// use bgjobs::{JobManager, LogCursor};
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("count", |job| Ok((1..=3).for_each(|n| job.print(n))))?;
    /// let (mut cursor, mut seen) = (LogCursor::default(), String::new());
    /// while let Some(new) = job.follow(&mut cursor)? {
    ///     seen.extend(new.lines.into_iter().map(|line| line.text));
    /// }
    /// assert_eq!(seen, "123");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn follow(&self, cursor: &mut LogCursor) -> Result<Option<Reading>, WaitError> {
        self.follow_unless_stopped(cursor, None, None)
    }

    /// Reads as [`follow`](Self::follow) does, and waits for something new for `timeout` at most.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`] if there was nothing new; [`WaitError::Itself`] at once if the job waits for itself.
    pub fn follow_timeout(&self, cursor: &mut LogCursor, timeout: Duration) -> Result<Option<Reading>, WaitError> {
        self.follow_unless_stopped(cursor, Some(timeout), None)
    }

    /// Reads as [`follow`](Self::follow) does; a request to stop `own` ends the wait.
    pub(crate) fn follow_unless_stopped(
        &self,
        cursor: &mut LogCursor,
        timeout: Option<Duration>,
        own: Option<&Self>,
    ) -> Result<Option<Reading>, WaitError> {
        // Checked first, because a job that follows one that never stops printing never sleeps.
        own.map_or(Ok(()), |own| own.core().check()).map_err(WaitError::Stopped)?;
        let log = self.log();
        let waiter = own.map(|own| (own.core(), &*own.engine));
        self.engine.wait(&WaitRequest { target: self.core(), timeout, waiter, log: Some((&log, *cursor)) })?;
        // In this order, because all that a job printed is in its log before its end is visible.
        let is_over = self.is_finished();
        let reading = log.read(cursor);
        Ok((!is_over || !reading.is_empty()).then_some(reading))
    }
}
