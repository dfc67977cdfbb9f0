//! Asking jobs to stop, and the verdict.
//!
//! Knows nothing of how a body notices the request.

use std::{
    cmp::Reverse,
    time::{Duration, Instant},
};

use crate::{
    job::AnyJob,
    record::{
        state::{Outcome, State},
        stop::{StopReason, Verdict},
    },
};

impl AnyJob {
    /// Asks the job to stop, without waiting; true for the first request, which sets the reason.
    ///
    /// A job that has not started ends at once.
    /// A running job goes on until its body notices the request: see [`Context`](crate::Context).
    /// A finished job stays as it is, and the answer is false.
    pub fn ask_stop(&self, reason: impl Into<StopReason>) -> bool {
        self.engine.ask_stop(&self.record, &reason.into())
    }

    /// Asks the job to stop, and returns the verdict within `deadline`.
    ///
    /// A thread can't be ended from outside, so a body that never notices the request goes on, and the verdict says so.
    /// A job that stops itself gets the verdict that it still runs, at once.
    ///
    /// ```
    /// use bgjobs::{JobManager, Verdict};
    /// use std::time::Duration;
    ///
    /// let jobs = JobManager::new();
    /// let job = jobs.spawn_with("watch", |job| {
    ///     loop {
    ///         job.sleep(Duration::from_secs(3600))?;
    ///     }
    ///     #[expect(unreachable_code, reason = "the type of the result")]
    ///     Ok(())
    /// })?;
    ///
    /// let verdict = job.stop("not needed any more", Duration::from_secs(5));
    /// assert!(matches!(verdict, Verdict::Stopped { .. }));
    /// assert_eq!(job.failure().unwrap().message(), "not needed any more");
    /// # Ok::<(), bgjobs::SpawnError>(())
    /// ```
    pub fn stop(&self, reason: impl Into<StopReason>, deadline: Duration) -> Verdict {
        let asked = Instant::now();
        self.begin_stop(&reason.into()).unwrap_or_else(|| self.end_stop(asked, deadline))
    }

    /// Asks the job to stop, and returns the verdict when it has ended, without blocking the thread, in any async
    /// runtime.
    ///
    /// The request is made when the future is first polled, and stays in force if the future is dropped.
    /// It waits as long as the body takes: for a deadline, put the runtime's own around it.
    /// A job that stops itself gets the verdict that it still runs, at once.
    ///
    /// ```
    /// use bgjobs::{JobManager, Verdict};
    /// use std::time::Duration;
    ///
    /// let jobs = JobManager::new();
    /// let sleep = jobs.spawn_with("sleep", |job| Ok(job.sleep(Duration::MAX)?))?;
    /// let ((start, started), (go, gate)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
    /// let deaf = jobs.spawn("deaf", move || start.send(()).is_ok() && gate.recv().is_ok())?;
    /// started.recv()?;
    ///
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    /// runtime.block_on(async {
    ///     assert!(matches!(sleep.stop_async("not needed any more").await, Verdict::Stopped { .. }));
    ///
    ///     let in_vain = tokio::time::timeout(Duration::from_millis(10), deaf.stop_async("not needed any more"));
    ///     assert!(in_vain.await.is_err());
    ///     assert_eq!(deaf.stop_reason(), Some("not needed any more".into()));
    /// });
    /// go.send(())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn stop_async(&self, reason: impl Into<StopReason>) -> Verdict {
        let asked = Instant::now();
        match self.begin_stop(&reason.into()) {
            Some(verdict) => verdict,
            None => self.end_stop_async(asked).await,
        }
    }

    /// Asks the job to stop; the verdict if it has ended already.
    fn begin_stop(&self, reason: &StopReason) -> Option<Verdict> {
        if let State::Finished(outcome) = self.state() {
            return Some(Verdict::FinishedFirst { outcome, asked: false });
        }
        self.ask_stop(reason.clone());
        None
    }

    /// The verdict within `deadline` on a request made at `asked`.
    fn end_stop(&self, asked: Instant, deadline: Duration) -> Verdict {
        // Its state says whether it has ended.
        let _ = self.wait_timeout(deadline.saturating_sub(asked.elapsed()));
        self.verdict(asked)
    }

    /// The verdict on a request made at `asked`, once the job has ended.
    async fn end_stop_async(&self, asked: Instant) -> Verdict {
        let is_own = self.engine.current().is_some_and(|current| current.key == self.core().key());
        if !is_own && self.engine.check_wait(self.core()).is_ok() {
            self.await;
        }
        self.verdict(asked)
    }

    /// The verdict by now on a request made at `asked`.
    fn verdict(&self, asked: Instant) -> Verdict {
        let finished = self.times().finished;
        let after = finished.map_or_else(|| asked.elapsed(), |finished| finished.saturating_duration_since(asked));
        match self.state() {
            State::Finished(Outcome::Stopped) => {
                Verdict::Stopped { after, place: self.core().place_of_stop(self.record.failure(), finished) }
            }
            State::Finished(outcome) if self.core().life.has_heard_stop() => Verdict::Ended { outcome, after },
            State::Finished(outcome) => Verdict::FinishedFirst { outcome, asked: true },
            // What the parent's threads were at is unknown here.
            _ if self.engine.check_wait(self.core()).is_err() => Verdict::StillRunning { after, place: None },
            _ => Verdict::StillRunning { after, place: self.place() },
        }
    }
}

/// Asks several jobs to stop, all at once, and returns each one's verdict within `deadline`, as [`AnyJob::stop`] does.
///
/// Those that have not started are asked first, the newest before the older jobs that they may follow: none of them
/// starts in the place of another, and each is stopped for `reason`.
///
/// ```
/// use bgjobs::{JobManager, Verdict, stop_all};
/// use std::time::Duration;
///
/// let jobs = JobManager::new();
/// for name in ["one", "two"] {
///     jobs.spawn_with(name, |job| Ok(job.sleep(Duration::MAX)?))?;
/// }
/// let verdicts = stop_all(jobs.running(), "not needed any more", Duration::from_secs(5));
/// assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Stopped { .. })));
/// # Ok::<(), bgjobs::SpawnError>(())
/// ```
pub fn stop_all<J: AsRef<AnyJob>>(
    jobs: impl IntoIterator<Item = J>,
    reason: impl Into<StopReason>,
    deadline: Duration,
) -> Vec<Verdict> {
    let asked = Instant::now();
    let begun = begin_all(jobs, &reason.into());
    let end = |(job, ended): (J, Option<Verdict>)| ended.unwrap_or_else(|| job.as_ref().end_stop(asked, deadline));
    begun.into_iter().map(end).collect()
}

/// Asks several jobs to stop, all at once, and returns each one's verdict when all have ended, as
/// [`AnyJob::stop_async`] does.
///
/// ```
/// use bgjobs::{JobManager, Verdict, stop_all_async};
/// use futures_lite::future::block_on;
/// use std::time::Duration;
///
/// let jobs = JobManager::new();
/// for name in ["one", "two"] {
///     jobs.spawn_with(name, |job| Ok(job.sleep(Duration::MAX)?))?;
/// }
/// let verdicts = block_on(stop_all_async(jobs.running(), "not needed any more"));
/// assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Stopped { .. })));
/// # Ok::<(), bgjobs::SpawnError>(())
/// ```
pub async fn stop_all_async<J: AsRef<AnyJob>>(
    jobs: impl IntoIterator<Item = J>,
    reason: impl Into<StopReason>,
) -> Vec<Verdict> {
    let asked = Instant::now();
    let begun = begin_all(jobs, &reason.into());
    let mut verdicts = Vec::with_capacity(begun.len());
    for (job, ended) in begun {
        verdicts.push(match ended {
            Some(verdict) => verdict,
            None => job.as_ref().end_stop_async(asked).await,
        });
    }
    verdicts
}

/// Asks each job to stop, in the order that [`stop_all`] promises, and pairs it with its verdict if it has ended already.
fn begin_all<J: AsRef<AnyJob>>(jobs: impl IntoIterator<Item = J>, reason: &StopReason) -> Vec<(J, Option<Verdict>)> {
    let mut begun: Vec<_> = jobs.into_iter().map(|job| (job, None)).collect();
    let mut order: Vec<_> = (0..begun.len()).collect();
    order.sort_by_cached_key(|&index| {
        let job = begun[index].0.as_ref();
        // What follows a job is queued until that one has ended.
        let rank = match job.state() {
            State::Queued => 0,
            State::Created => 1,
            State::Running | State::Stopping | State::Finished(_) => 2,
        };
        (rank, Reverse(job.id()))
    });
    for index in order {
        let (job, ended) = &mut begun[index];
        *ended = job.as_ref().begin_stop(reason);
    }
    begun
}
