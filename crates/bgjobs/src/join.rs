//! The ways to wait for jobs besides [`AnyJob::wait`]: as a future, for all of several, for any of them.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::{
    error::{JoinError, WaitError},
    job::{AnyJob, Job},
    sync::{Parker, deadline_after},
    wait::{Signal, Ticket},
};

impl<'a, T: Send + Sync + 'static> IntoFuture for &'a Job<T> {
    type Output = Result<&'a T, JoinError>;
    type IntoFuture = Joining<'a, T>;

    fn into_future(self) -> Joining<'a, T> {
        Joining { job: self, ended: Ended::of(self) }
    }
}

impl<T: Clone + Send + Sync + 'static> IntoFuture for Job<T> {
    type Output = Result<T, JoinError>;
    type IntoFuture = JoiningOwned<T>;

    fn into_future(self) -> JoiningOwned<T> {
        JoiningOwned { ended: Ended::of(&self), job: self }
    }
}

/// The future of `(&job).await`.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Joining<'a, T> {
    job: &'a Job<T>,
    ended: Ended,
}

/// The future of `job.await`.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct JoiningOwned<T> {
    job: Job<T>,
    ended: Ended,
}

impl<'a, T: Send + Sync + 'static> Future for Joining<'a, T> {
    type Output = Result<&'a T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.ended.poll(context).map(|()| self.job.ended())
    }
}

impl<T: Clone + Send + Sync + 'static> Future for JoiningOwned<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.ended.poll(context).map(|()| self.job.ended().cloned())
    }
}

/// Waits for the end of a job without a thread.
#[derive(Debug)]
struct Ended {
    job: AnyJob,
    ticket: Option<Ticket>,
}

impl Ended {
    fn of(job: &AnyJob) -> Self {
        Self { job: job.clone(), ticket: None }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (core, waits) = (self.job.core(), &self.job.engine().waits);
        if core.life.state().is_finished() {
            return Poll::Ready(());
        }
        let ticket = waits.register(core.id, Signal::End, context.waker().clone());
        self.ticket.replace(ticket).into_iter().for_each(|old| waits.unregister(old));
        if core.life.await_end() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.ticket.take().into_iter().for_each(|ticket| self.job.engine().waits.unregister(ticket));
    }
}

/// Waits until all of `jobs` have ended, `timeout` at most; none waits for ever.
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
/// [`WaitError::TimedOut`] with the numbers of the jobs that have not ended, and those of [`AnyJob::wait`].
pub fn wait_all(jobs: &[AnyJob], timeout: Option<Duration>) -> Result<(), WaitError> {
    let began = Instant::now();
    for job in jobs {
        let left = timeout.map(|timeout| timeout.saturating_sub(began.elapsed()));
        match job.wait_at_most(left) {
            Err(WaitError::TimedOut { .. }) => return Err(timed_out(jobs, began)),
            result => result?,
        }
    }
    Ok(())
}

/// Waits until one of `jobs` has ended, `timeout` at most; none waits for ever. Returns the first of `jobs` that has.
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
/// [`WaitError::TimedOut`] with the numbers of all, [`WaitError::NoJobs`] if there are none to wait for, and
/// [`WaitError::Itself`] if a job waits for nothing but itself.
pub fn wait_any(jobs: &[AnyJob], timeout: Option<Duration>) -> Result<AnyJob, WaitError> {
    match jobs {
        [] => return Err(WaitError::NoJobs),
        [job] => {
            job.wait_at_most(timeout)?;
            return Ok(job.clone());
        }
        _ => {}
    }
    let began = Instant::now();
    let deadline = deadline_after(timeout);
    let ended = || jobs.iter().find(|job| job.is_finished()).cloned();
    let parker = Parker::new();
    let register = |job: &AnyJob| job.engine().waits.register(job.id(), Signal::End, parker.waker());
    let tickets: Vec<_> = jobs.iter().map(register).collect();
    if jobs.iter().all(|job| job.core().life.await_end()) {
        while ended().is_none() && parker.park(deadline) {}
    }
    for (job, ticket) in jobs.iter().zip(tickets) {
        job.engine().waits.unregister(ticket);
    }
    ended().ok_or_else(|| timed_out(jobs, began))
}

fn timed_out(jobs: &[AnyJob], began: Instant) -> WaitError {
    let running = jobs.iter().filter(|job| !job.is_finished()).map(AnyJob::id).collect();
    WaitError::TimedOut { after: began.elapsed(), running }
}
