//! Waiting for all or any of several jobs.
//!
//! Knows nothing of how a job ends.

use std::{
    future::{Future, IntoFuture, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use crate::{
    engine::waiters::Signal,
    error::WaitError,
    job::{AnyJob, future::EndFuture},
    system::sync::{Parker, deadline_after},
};

/// Waits until all of `jobs` have ended.
///
/// # Errors
///
/// Those of [`AnyJob::wait`].
///
/// ```
/// use bgjobs::{JobManager, wait_all};
///
/// let jobs = JobManager::new();
/// let squares = (0..3).map(|n| jobs.spawn("square", move || n * n)).collect::<Result<Vec<_>, _>>()?;
/// wait_all(&squares)?;
/// assert!(squares.iter().all(|job| job.is_finished()));
///
/// // Jobs of different types are all in the lists.
/// jobs.spawn("text", || "four")?;
/// wait_all(jobs.running())?;
/// assert_eq!(jobs.completed().len(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wait_all<J: AsRef<AnyJob>>(jobs: impl IntoIterator<Item = J>) -> Result<(), WaitError> {
    all(jobs, None)
}

/// Waits until all of `jobs` have ended, for `timeout` at most.
///
/// # Errors
///
/// [`WaitError::TimedOut`] with the numbers of the jobs that have not ended, and those of [`AnyJob::wait_timeout`].
///
/// ```
/// use bgjobs::{JobManager, WaitError, wait_all_timeout};
/// use std::time::Duration;
///
/// let jobs = JobManager::new();
/// let (go, gate) = std::sync::mpsc::channel::<()>();
/// let blocked = jobs.spawn("blocked", move || gate.recv().is_ok())?;
/// let error = wait_all_timeout([&blocked], Duration::ZERO).unwrap_err();
/// assert!(matches!(error, WaitError::TimedOut { running, .. } if running == [blocked.id()]));
/// go.send(())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wait_all_timeout<J: AsRef<AnyJob>>(
    jobs: impl IntoIterator<Item = J>,
    timeout: Duration,
) -> Result<(), WaitError> {
    all(jobs, Some(timeout))
}

/// Waits until one of `jobs` has ended, and returns the first of `jobs` that has.
///
/// # Errors
///
/// [`WaitError::NoJobs`] if `jobs` is empty, and [`WaitError::Itself`] if a job waits only for itself.
///
/// ```
/// use bgjobs::{JobManager, wait_any};
///
/// let jobs = JobManager::new();
/// let (go, gate) = std::sync::mpsc::channel::<()>();
/// let both = [jobs.spawn("blocked", move || gate.recv().map_or(0, |()| 1))?, jobs.spawn("quick", || 2)?];
/// assert_eq!(wait_any(&both)?.join()?, &2);
/// go.send(())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wait_any<J: AsRef<AnyJob>>(jobs: impl IntoIterator<Item = J>) -> Result<J, WaitError> {
    any(jobs, None)
}

/// Waits until one of `jobs` has ended, for `timeout` at most, and returns the first of `jobs` that has.
///
/// # Errors
///
/// Those of [`wait_any`], and [`WaitError::TimedOut`] with the numbers of all jobs.
///
/// ```
/// use bgjobs::{JobManager, WaitError, wait_any_timeout};
/// use std::time::Duration;
///
/// let jobs = JobManager::new();
/// let (go, gate) = std::sync::mpsc::channel::<()>();
/// let blocked = jobs.spawn("blocked", move || gate.recv().is_ok())?;
/// let error = wait_any_timeout([&blocked], Duration::ZERO).unwrap_err();
/// assert!(matches!(error, WaitError::TimedOut { .. }));
/// go.send(())?;
/// assert_eq!(wait_any_timeout([&blocked], Duration::from_secs(60))?, &blocked);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wait_any_timeout<J: AsRef<AnyJob>>(
    jobs: impl IntoIterator<Item = J>,
    timeout: Duration,
) -> Result<J, WaitError> {
    any(jobs, Some(timeout))
}

/// Waits until all of `jobs` have ended, without blocking the thread, in any async runtime.
///
/// For a time limit, put the runtime's own around it; dropping the future ends the wait.
/// Unlike [`wait_all`], it never ends for a job that waits for itself.
///
/// ```
/// use bgjobs::{JobManager, wait_all_async};
/// use futures_lite::future::block_on;
///
/// let jobs = JobManager::new();
/// let squares = (0..3).map(|n| jobs.spawn("square", move || n * n)).collect::<Result<Vec<_>, _>>()?;
/// block_on(wait_all_async(&squares));
/// assert!(squares.iter().all(|job| job.is_finished()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn wait_all_async<J: AsRef<AnyJob>>(jobs: impl IntoIterator<Item = J>) {
    for end in ends(jobs) {
        end.await;
    }
}

/// Waits until one of `jobs` has ended, without blocking the thread, and returns the first of `jobs` that has.
///
/// For a time limit, put the runtime's own around it; dropping the future ends the wait.
/// Unlike [`wait_any`], it never ends for a job that waits only for itself.
///
/// # Errors
///
/// [`WaitError::NoJobs`] if `jobs` is empty.
///
/// ```
/// use bgjobs::{JobManager, wait_any_async};
/// use futures_lite::future::block_on;
///
/// let jobs = JobManager::new();
/// let (go, gate) = std::sync::mpsc::channel::<()>();
/// let both = [jobs.spawn("blocked", move || gate.recv().map_or(0, |()| 1))?, jobs.spawn("quick", || 2)?];
/// assert_eq!(block_on(wait_any_async(&both))?.join()?, &2);
/// go.send(())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn wait_any_async<J: AsRef<AnyJob>>(jobs: impl IntoIterator<Item = J>) -> Result<J, WaitError> {
    let mut jobs: Vec<J> = jobs.into_iter().collect();
    if jobs.is_empty() {
        return Err(WaitError::NoJobs);
    }
    let mut ends = ends(&jobs);
    if !jobs.iter().any(|job| job.as_ref().is_finished()) {
        ends.iter().try_for_each(EndFuture::check_fork)?;
    }
    let ended = poll_fn(|context| {
        let ended = ends.iter_mut().position(|end| Pin::new(end).poll(context).is_ready());
        ended.map_or(Poll::Pending, Poll::Ready)
    });
    let ended = ended.await;
    Ok(jobs.swap_remove(ended))
}

fn ends<J: AsRef<AnyJob>>(jobs: impl IntoIterator<Item = J>) -> Vec<EndFuture> {
    jobs.into_iter().map(|job| job.as_ref().into_future()).collect()
}

fn all<J: AsRef<AnyJob>>(jobs: impl IntoIterator<Item = J>, timeout: Option<Duration>) -> Result<(), WaitError> {
    let jobs: Vec<J> = jobs.into_iter().collect();
    let jobs: Vec<&AnyJob> = jobs.iter().map(AsRef::as_ref).collect();
    until_all(&jobs, timeout)
}

fn any<J: AsRef<AnyJob>>(jobs: impl IntoIterator<Item = J>, timeout: Option<Duration>) -> Result<J, WaitError> {
    let mut jobs: Vec<J> = jobs.into_iter().collect();
    let ended = until_any(&jobs.iter().map(AsRef::as_ref).collect::<Vec<_>>(), timeout)?;
    Ok(jobs.swap_remove(ended))
}

fn until_all(jobs: &[&AnyJob], timeout: Option<Duration>) -> Result<(), WaitError> {
    let began = Instant::now();
    let wait_for_each = || {
        for job in jobs {
            let remaining = timeout.map(|timeout| timeout.saturating_sub(began.elapsed()));
            match job.wait_unless_stopped(remaining, None) {
                Err(WaitError::TimedOut { .. }) => break,
                result => result?,
            }
        }
        let running: Vec<_> = jobs.iter().filter(|job| !job.is_finished()).map(|job| job.id()).collect();
        if running.is_empty() { Ok(()) } else { Err(WaitError::TimedOut { after: began.elapsed(), running }) }
    };
    lending(jobs, jobs.len(), wait_for_each)
}

/// Waits until one of `jobs` has ended; returns the index of the first that has.
fn until_any(jobs: &[&AnyJob], timeout: Option<Duration>) -> Result<usize, WaitError> {
    match jobs {
        [] => return Err(WaitError::NoJobs),
        // The same job several times is one job.
        [job, others @ ..] if others.iter().all(|other| other == job) => {
            return job.wait_unless_stopped(timeout, None).map(|()| 0);
        }
        _ => {}
    }
    let began = Instant::now();
    let deadline = deadline_after(timeout);
    let ended = || jobs.iter().position(|job| job.is_finished());
    let parker = Parker::new();
    let wait_for_one = || {
        if let Some(ended) = ended() {
            return Ok(ended);
        }
        jobs.iter().try_for_each(|job| job.engine().check_wait(job.core()))?;
        let _listeners: Vec<_> =
            jobs.iter().map(|job| job.engine().waiters.listen(job.core(), Signal::End, &parker)).collect();
        if jobs.iter().all(|job| job.core().life.await_end()) {
            while ended().is_none() && parker.park(deadline) {}
        }
        let running = || jobs.iter().map(|job| job.id()).collect();
        ended().ok_or_else(|| WaitError::TimedOut { after: began.elapsed(), running: running() })
    };
    lending(jobs, 1, wait_for_one)
}

/// Calls `wait`, which waits until `needed` of `jobs` have ended; meanwhile the waiting job lends its slot in its
/// group.
fn lending<T>(jobs: &[&AnyJob], needed: usize, wait: impl FnOnce() -> Result<T, WaitError>) -> Result<T, WaitError> {
    let Some(engine) = jobs.iter().map(|job| job.engine()).find(|engine| engine.current().is_some()) else {
        return wait();
    };
    // The schedule knows only its own manager's jobs.
    let own = jobs.iter().filter(|job| Arc::ptr_eq(job.engine(), engine)).map(|job| job.core());
    let lender = engine.lend(own, needed);
    let result = wait();
    if let Some(lender) = lender {
        engine.take_back(lender, result.is_err());
    }
    result
}
