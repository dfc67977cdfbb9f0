//! Retrying: a body that is called again when it fails.
//!
//! Knows nothing of threads: all attempts are one job, on one thread.

use std::time::{Duration, Instant};

use crate::{
    body::context::Context,
    error::SpawnError,
    job::typed::Job,
    manager::spawner::Spawner,
    record::{
        attempt::Pause,
        failure::{BoxedError, Failure, FailureKind},
    },
    system::panic,
};

/// How often [`Spawner::retry`] calls a body that fails, and how long it waits between attempts.
///
/// ```
/// use bgjobs::Retry;
/// use std::time::Duration;
///
/// let retry = Retry { attempts: 5, backoff: Duration::from_secs(2), ..Retry::default() };
/// assert_eq!([1, 2, 3, 10].map(|failed| retry.pause_after(failed).as_secs()), [2, 4, 8, 60]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The greatest number of attempts; there is always one. Default: 3.
    pub attempts: u32,
    /// The pause after the first failed attempt; it doubles after each further one. Default: 1 second.
    pub backoff: Duration,
    /// The longest pause. Default: 1 minute.
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 3, backoff: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

impl Retry {
    /// The pause after `failed` failed attempts.
    #[must_use]
    pub fn pause_after(&self, failed: u32) -> Duration {
        let factor = 2_u32.saturating_pow(failed.saturating_sub(1));
        self.backoff.saturating_mul(factor).min(self.longest)
    }
}

impl From<u32> for Retry {
    /// That many attempts, with the default pauses.
    fn from(attempts: u32) -> Self {
        Self { attempts, ..Self::default() }
    }
}

impl<'a> Spawner<'a> {
    /// Calls the body again when it fails or panics, until it succeeds or was called [`attempts`](Retry::attempts)
    /// times; then the job fails with the last failure. A number alone is a number of attempts.
    ///
    /// [`AnyJob::attempts`](crate::AnyJob::attempts) lists the attempts.
    /// A stop ends the job at once, even between two attempts; a [time limit](crate::Options::time_limit) covers all
    /// attempts together.
    /// Between two attempts the job lends its slot in its [`Group`](crate::Group), and
    /// [`AnyJob::why`](crate::AnyJob::why) says for how long.
    ///
    /// ```
    /// use bgjobs::{JobManager, Retry};
    /// use std::time::Duration;
    ///
    /// let jobs = JobManager::new();
    /// let mut answers = ["no route", "no answer"].into_iter();
    /// let retry = Retry { backoff: Duration::from_millis(1), ..Retry::default() };
    /// let fetch = jobs.named("fetch").retry(retry).spawn_with(move |job| {
    ///     job.checkpoint("asking")?;
    ///     match answers.next() {
    ///         Some(error) => Err(bgjobs::Failure::new(error)),
    ///         None => Ok(200),
    ///     }
    /// })?;
    /// assert_eq!(fetch.join()?, &200);
    /// let failures = fetch.attempts().into_iter().map(|attempt| attempt.failure.map(|why| why.to_string()));
    /// assert_eq!(failures.collect::<Vec<_>>(), [Some("no route".into()), Some("no answer".into()), None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retry(self, retry: impl Into<Retry>) -> RetrySpawner<'a> {
        RetrySpawner { spawner: self, retry: retry.into() }
    }
}

/// A job whose body is called again when it fails, before its start; made by [`Spawner::retry`].
#[derive(Debug)]
#[must_use = "it starts no job until a body is given to `spawn` or one of its siblings"]
pub struct RetrySpawner<'a> {
    spawner: Spawner<'a>,
    retry: Retry,
}

impl RetrySpawner<'_> {
    /// Starts a job whose body can't fail, except by a panic.
    ///
    /// # Errors
    ///
    /// As [`Spawner::spawn`].
    pub fn spawn<T, F>(self, mut body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnMut() -> T + Send + 'static,
        T: Send + Sync + 'static,
    {
        self.spawn_with(move |_| Ok(body()))
    }

    /// Starts a job whose body may return an error.
    ///
    /// # Errors
    ///
    /// As [`Spawner::spawn`].
    pub fn try_spawn<T, E, F>(self, mut body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnMut() -> Result<T, E> + Send + 'static,
        T: Send + Sync + 'static,
        E: Into<BoxedError>,
    {
        self.spawn_with(move |_| body().map_err(Failure::from_error))
    }

    /// Starts a job whose body gets its [`Context`].
    ///
    /// # Errors
    ///
    /// As [`Spawner::spawn`].
    pub fn spawn_with<T, F>(self, mut body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnMut(&Context) -> Result<T, Failure> + Send + 'static,
        T: Send + Sync + 'static,
    {
        let Self { spawner, retry } = self;
        spawner.spawn_with(move |job| {
            let mut number = 1;
            loop {
                let (core, engine) = (job.job().core(), job.job().engine());
                core.begin_attempt(number);
                let result = panic::catch(|| body(job)).unwrap_or_else(|panic| Err(Failure::panicked(panic)));
                core.end_attempt(result.as_ref().err());
                match result {
                    Err(failure) if failure.kind() != FailureKind::Stop && number < retry.attempts => {
                        let time = retry.pause_after(number);
                        number += 1;
                        core.begin_pause(Pause { began: Instant::now(), time, number, of: retry.attempts });
                        let lender = engine.lend(std::iter::empty(), 1);
                        let slept = job.sleep(time);
                        core.end_pause();
                        if let Some(lender) = lender {
                            engine.take_back(lender, false);
                        }
                        // A plain `?` would record this file as the place of the stop.
                        slept.map_err(Failure::from_error)?;
                    }
                    result => return result,
                }
            }
        })
    }
}
