//! The code that a job runs, as the user's own type.
//!
//! Knows nothing of how it is run.

pub(crate) mod context;
pub(crate) mod on_stop;

use crate::{
    body::context::Context,
    record::{failure::Failure, name::Name},
};

/// The code that a job runs, and the name that it shows.
///
/// It corresponds to the original's `BackgroundJobBase`: `name` to `strform`, `call` to `call()`.
/// A closure does not need it: see [`Handle::spawn`](crate::Handle::spawn).
///
/// ```
/// use bgjobs::{Body, Context, Failure, JobManager, Name};
///
/// struct Countdown(u32);
///
/// impl Body for Countdown {
///     type Output = &'static str;
///
///     fn name(&self) -> Name {
///         format!("countdown from {}", self.0).into()
///     }
///
///     fn call(self, job: &Context) -> Result<Self::Output, Failure> {
///         for n in (1..=self.0).rev() {
///             job.check()?;
///             job.print(n);
///         }
///         Ok("lift-off")
///     }
/// }
///
/// let jobs = JobManager::new();
/// let job = jobs.start(Countdown(3))?;
/// assert_eq!(job.join()?, &"lift-off");
/// assert_eq!(format!("{job:?}"), "<BackgroundJob #0: countdown from 3>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Body: Send + 'static {
    /// The type of the result; wrap one that is not [`Sync`] in a [`Take`](crate::Take).
    type Output: Send + Sync + 'static;

    /// The name that lists and notices show.
    ///
    /// It is called once, before the job starts. Leave a call's arguments out, because they may be huge.
    fn name(&self) -> Name;

    /// Runs the body, on the job's thread.
    ///
    /// # Errors
    ///
    /// Any error means that the job has failed; [`Stopped`](crate::Stopped) means that it was stopped.
    fn call(self, job: &Context) -> Result<Self::Output, Failure>;
}
