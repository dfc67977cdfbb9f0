//! Waiting for jobs as futures, and for all or any of several jobs.
//!
//! Knows nothing of how a job ends.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::{
    engine::waiters::{Signal, Ticket, Waiter},
    error::{JoinError, WaitError},
    job::{AnyJob, typed::Job},
    system::sync::{Parker, deadline_after},
};

impl IntoFuture for &AnyJob {
    type Output = ();
    type IntoFuture = EndFuture;

    fn into_future(self) -> EndFuture {
        EndFuture::of(self)
    }
}

impl<'a, T: Send + Sync + 'static> IntoFuture for &'a Job<T> {
    type Output = Result<&'a T, JoinError>;
    type IntoFuture = JoinFuture<'a, T>;

    fn into_future(self) -> JoinFuture<'a, T> {
        JoinFuture { job: self, end: EndFuture::of(self) }
    }
}

impl<T: Clone + Send + Sync + 'static> IntoFuture for Job<T> {
    type Output = Result<T, JoinError>;
    type IntoFuture = OwnedJoinFuture<T>;

    fn into_future(self) -> OwnedJoinFuture<T> {
        OwnedJoinFuture { end: EndFuture::of(&self), job: self }
    }
}

/// The future of `(&any_job).await`, ready when the job has ended, whatever its outcome.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct EndFuture {
    job: AnyJob,
    ticket: Option<Ticket>,
}

/// The future of `(&job).await`.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct JoinFuture<'a, T> {
    job: &'a Job<T>,
    end: EndFuture,
}

/// The future of `job.await`.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct OwnedJoinFuture<T> {
    job: Job<T>,
    end: EndFuture,
}

impl EndFuture {
    fn of(job: &AnyJob) -> Self {
        Self { job: job.clone(), ticket: None }
    }
}

impl Future for EndFuture {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let job = self.job.clone();
        let (core, waiters) = (job.core(), &job.engine().waiters);
        if core.life.state().is_finished() {
            return Poll::Ready(());
        }
        let ticket = waiters.register(core, Signal::End, Waiter::Future(context.waker().clone()));
        if let Some(old) = self.ticket.replace(ticket) {
            waiters.unregister(old);
        }
        if core.life.await_end() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for EndFuture {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.job.engine().waiters.unregister(ticket);
        }
    }
}

impl<'a, T: Send + Sync + 'static> Future for JoinFuture<'a, T> {
    type Output = Result<&'a T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.end).poll(context).map(|()| self.job.ended())
    }
}

impl<T: Clone + Send + Sync + 'static> Future for OwnedJoinFuture<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.end).poll(context).map(|()| self.job.ended().cloned())
    }
}

/// Waits until all of `jobs` have ended, for `timeout` at most; `None` waits forever.
///
/// ```
/// use bgjobs::{JobManager, wait_all};
///
/// let jobs = JobManager::new();
/// jobs.spawn("one", || 1)?;
/// jobs.spawn("two", || 2)?;
/// wait_all(&jobs.running(), None)?;
/// assert_eq!(jobs.completed().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`WaitError::TimedOut`] with the numbers of the jobs that have not ended, and the errors of [`AnyJob::wait`].
pub fn wait_all(jobs: &[AnyJob], timeout: Option<Duration>) -> Result<(), WaitError> {
    let began = Instant::now();
    let wait_for_each = || {
        for job in jobs {
            let remaining = timeout.map(|timeout| timeout.saturating_sub(began.elapsed()));
            match job.wait_unless_stopped(remaining, None) {
                Err(WaitError::TimedOut { .. }) => break,
                result => result?,
            }
        }
        let running: Vec<_> = jobs.iter().filter(|job| !job.is_finished()).map(AnyJob::id).collect();
        if running.is_empty() { Ok(()) } else { Err(WaitError::TimedOut { after: began.elapsed(), running }) }
    };
    lending(jobs, jobs.len(), wait_for_each)
}

/// Calls `wait`, which waits until `needed` of `jobs` have ended; meanwhile the waiting job lends its slot in its
/// group.
fn lending<T>(jobs: &[AnyJob], needed: usize, wait: impl FnOnce() -> Result<T, WaitError>) -> Result<T, WaitError> {
    let Some(engine) = jobs.iter().map(AnyJob::engine).find(|engine| engine.current().is_some()) else { return wait() };
    // The schedule knows only its own manager's jobs.
    let own = jobs.iter().filter(|job| Arc::ptr_eq(job.engine(), engine)).map(AnyJob::core);
    let lender = engine.lend(own, needed);
    let result = wait();
    if let Some(lender) = lender {
        engine.take_back(lender, result.is_err());
    }
    result
}

/// Waits until one of `jobs` has ended, for `timeout` at most, and returns the first of `jobs` that has; `None` waits
/// forever.
///
/// ```
/// use bgjobs::{JobManager, wait_any};
///
/// let jobs = JobManager::new();
/// let (go, gate) = std::sync::mpsc::channel::<()>();
/// jobs.spawn("blocked", move || gate.recv().is_ok())?;
/// jobs.spawn("quick", || 2)?;
/// assert_eq!(wait_any(&jobs.all(), None)?.name(), &"quick");
/// go.send(())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`WaitError::TimedOut`] with the numbers of all jobs, [`WaitError::NoJobs`] if `jobs` is empty, and
/// [`WaitError::Itself`] if a job waits only for itself.
pub fn wait_any(jobs: &[AnyJob], timeout: Option<Duration>) -> Result<AnyJob, WaitError> {
    match jobs {
        [] => return Err(WaitError::NoJobs),
        // The same job several times is one job.
        [job, others @ ..] if others.iter().all(|other| other == job) => {
            return job.wait_unless_stopped(timeout, None).map(|()| job.clone());
        }
        _ => {}
    }
    let began = Instant::now();
    let deadline = deadline_after(timeout);
    let ended = || jobs.iter().find(|job| job.is_finished()).cloned();
    let parker = Parker::new();
    let wait_for_one = || {
        let _listeners: Vec<_> =
            jobs.iter().map(|job| job.engine().waiters.listen(job.core(), Signal::End, &parker)).collect();
        if jobs.iter().all(|job| job.core().life.await_end()) {
            while ended().is_none() && parker.park(deadline) {}
        }
        let running = || jobs.iter().map(AnyJob::id).collect();
        ended().ok_or_else(|| WaitError::TimedOut { after: began.elapsed(), running: running() })
    };
    lending(jobs, 1, wait_for_one)
}
