//! A job with the type of its result.
//!
//! Knows nothing of how it was started.

use std::{
    any::type_name,
    fmt,
    future::{Future, IntoFuture},
    hash::{Hash, Hasher},
    marker::PhantomData,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use crate::{
    error::JoinError,
    job::{AnyJob, future::EndFuture},
    record::{Record, failure::Failure, job_ref::JobRef},
};

/// A job whose result is a `T`.
///
/// It can do all that an [`AnyJob`] can.
/// Dropping it detaches the job, which goes on and stays in its manager's lists.
///
/// It can be awaited in any async runtime: `(&job).await` borrows the result. If that is `Clone`, the job is itself a
/// [`Future`], whose output is a clone of the result; so `join_all` and the like take jobs as they are.
///
/// ```
/// use bgjobs::JobManager;
/// use futures_lite::future::{block_on, zip};
///
/// let jobs = JobManager::new();
/// let (fit, load) = (jobs.spawn("fit", || vec![1, 2])?, jobs.spawn("load", || "rows".to_owned())?);
/// block_on(async {
///     assert_eq!((&fit).await?, &[1, 2]);
///     let (fitted, loaded) = zip(fit, load).await;
///     assert_eq!((fitted?, loaded?), (vec![1, 2], "rows".to_owned()));
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Job<T> {
    /// The job, and the waker of the task that polls it.
    end: EndFuture,
    /// The record was checked to hold a `T` when this was made.
    result: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> Job<T> {
    /// Gives a job the type of its result, which the caller knows.
    pub(crate) fn of(job: AnyJob) -> Self {
        debug_assert!(job.is::<T>(), "the result of {job:?} is not a {}", type_name::<T>());
        Self { end: EndFuture::of(job), result: PhantomData }
    }

    /// Waits until the job has ended, and borrows its result; it can be called any number of times.
    ///
    /// # Errors
    ///
    /// [`JoinError::Failed`] if the job failed or was stopped; [`JoinError::Wait`] if the wait would never end.
    pub fn join(&self) -> Result<&T, JoinError> {
        self.wait()?;
        self.ended()
    }

    /// Waits until the job has ended, for `timeout` at most, and borrows its result.
    ///
    /// # Errors
    ///
    /// As [`join`](Self::join), and [`TimedOut`](crate::WaitError::TimedOut) in [`JoinError::Wait`] if the job has not
    /// ended.
    ///
    /// ```
    /// use bgjobs::{JobManager, JoinError, WaitError};
    /// use std::time::Duration;
    ///
    /// let jobs = JobManager::new();
    /// let (go, gate) = std::sync::mpsc::channel::<()>();
    /// let job = jobs.spawn("blocked", move || gate.recv().is_ok())?;
    /// let error = job.join_timeout(Duration::ZERO).unwrap_err();
    /// assert!(matches!(error, JoinError::Wait(WaitError::TimedOut { .. })));
    /// go.send(())?;
    /// assert!(*job.join()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn join_timeout(&self, timeout: Duration) -> Result<&T, JoinError> {
        self.wait_timeout(timeout)?;
        self.ended()
    }

    /// The outcome, if the job has ended; never blocks.
    #[must_use]
    pub fn outcome(&self) -> Option<Result<&T, &Failure>> {
        // The type was checked when the handle was made.
        self.typed::<T>().and_then(Record::result)
    }

    /// The outcome of a job that is known to have ended.
    pub(crate) fn ended(&self) -> Result<&T, JoinError> {
        let outcome = self.outcome().expect("the job has ended");
        outcome.map_err(|failure| JoinError::Failed {
            job: self.id(),
            name: self.name().clone(),
            failure: failure.clone(),
        })
    }
}

impl<T> Clone for Job<T> {
    fn clone(&self) -> Self {
        Self { end: EndFuture::of(AnyJob::clone(self)), result: PhantomData }
    }
}

impl<T> Deref for Job<T> {
    type Target = AnyJob;

    fn deref(&self) -> &AnyJob {
        &self.end.job
    }
}

impl<T> AsRef<AnyJob> for Job<T> {
    fn as_ref(&self) -> &AnyJob {
        self
    }
}

impl<T> PartialEq for Job<T> {
    /// Whether both are the same job.
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T> Eq for Job<T> {}

impl<T> Hash for Job<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T> From<&Job<T>> for AnyJob {
    fn from(job: &Job<T>) -> Self {
        Self::clone(job)
    }
}

impl<T> From<Job<T>> for AnyJob {
    fn from(job: Job<T>) -> Self {
        Self::clone(&job)
    }
}

impl<T> fmt::Display for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T> From<&Job<T>> for JobRef {
    fn from(job: &Job<T>) -> Self {
        (&**job).into()
    }
}

impl<T> From<Job<T>> for JobRef {
    fn from(job: Job<T>) -> Self {
        (&*job).into()
    }
}

/// The output is a clone of the result, or why there is none, as from [`join`](Job::join).
///
/// Polling registers one waker, the last one; dropping the job unregisters it. Once ready, it is ready again whenever
/// it is polled.
impl<T: Clone + Send + Sync + 'static> Future for Job<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.end.check_fork()?;
        Pin::new(&mut self.end).poll(context).map(|()| self.ended().cloned())
    }
}

/// Waits for the end, and borrows the result.
impl<'a, T: Send + Sync + 'static> IntoFuture for &'a Job<T> {
    type Output = Result<&'a T, JoinError>;
    type IntoFuture = JoinFuture<'a, T>;

    fn into_future(self) -> JoinFuture<'a, T> {
        JoinFuture { job: self, end: EndFuture::of(AnyJob::clone(self)) }
    }
}

/// The future of `(&job).await`.
///
/// Dropping it ends the wait and does not affect the job.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct JoinFuture<'a, T> {
    job: &'a Job<T>,
    end: EndFuture,
}

impl<'a, T: Send + Sync + 'static> Future for JoinFuture<'a, T> {
    type Output = Result<&'a T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.end.check_fork()?;
        Pin::new(&mut self.end).poll(context).map(|()| self.job.ended())
    }
}

/// The type of the result.
impl AnyJob {
    /// The job with the type of its result.
    ///
    /// # Errors
    ///
    /// The job itself, if its result is not a `T`.
    pub fn downcast<T: Send + Sync + 'static>(self) -> Result<Job<T>, Self> {
        if self.is::<T>() { Ok(Job::of(self)) } else { Err(self) }
    }

    /// Whether the job's result is, or will be, a `T`.
    #[must_use]
    pub fn is<T: Send + Sync + 'static>(&self) -> bool {
        self.typed::<T>().is_some()
    }
}
