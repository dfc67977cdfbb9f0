//! Asking jobs to stop, and the verdict.
//!
//! Knows nothing of how a body notices the request.

use std::time::{Duration, Instant};

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
        let finished = self.times().finished;
        let after = finished.map_or_else(|| asked.elapsed(), |finished| finished.saturating_duration_since(asked));
        match self.state() {
            State::Finished(Outcome::Stopped) => {
                Verdict::Stopped { after, place: self.core().place_of_stop(self.record.failure(), finished) }
            }
            State::Finished(outcome) if self.core().life.has_heard_stop() => Verdict::Ended { outcome, after },
            State::Finished(outcome) => Verdict::FinishedFirst { outcome, asked: true },
            _ => Verdict::StillRunning { after, place: self.place() },
        }
    }
}

/// Asks several jobs to stop, all at once, and returns each one's verdict within `deadline`, as [`AnyJob::stop`] does.
///
/// Those that have not started are asked first, so none of them starts in the place of another.
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
    let (asked, reason) = (Instant::now(), reason.into());
    let jobs: Vec<_> = jobs.into_iter().collect();
    let ended = begin_stops(&jobs, &reason);
    let end = |(job, ended): (&J, Option<Verdict>)| ended.unwrap_or_else(|| job.as_ref().end_stop(asked, deadline));
    jobs.iter().zip(ended).map(end).collect()
}

/// Asks all to stop, those that have not started first; the verdicts on those that have ended already.
fn begin_stops<J: AsRef<AnyJob>>(jobs: &[J], reason: &StopReason) -> Vec<Option<Verdict>> {
    let mut order: Vec<_> = (0..jobs.len()).collect();
    order.sort_by_key(|&index| jobs[index].as_ref().state().is_running());
    let mut ended = vec![None; jobs.len()];
    for index in order {
        ended[index] = jobs[index].as_ref().begin_stop(reason);
    }
    ended
}
