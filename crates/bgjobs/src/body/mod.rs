//! A body of the user's own kind.

pub(crate) mod context;
pub(crate) mod on_stop;

use crate::{
    body::context::Context,
    record::{failure::Failure, name::Name},
};

/// What a job runs, and what it shows.
///
/// It is the counterpart of the original's `BackgroundJobBase`: `name` stands for `strform`, `call` for `call()`.
/// A closure needs none of this: see [`Handle::spawn`](crate::Handle::spawn).
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
    /// The result; one that is not [`Sync`] goes into a [`Take`](crate::Take).
    type Output: Send + Sync + 'static;

    /// What the job shows in lists and notices.
    ///
    /// It is asked once, before the job starts; the arguments of a call are best left out, because they may be huge.
    fn name(&self) -> Name;

    /// Runs, on the job's own thread.
    ///
    /// # Errors
    ///
    /// Any error makes the job a dead one; [`Stopped`](crate::Stopped) makes it a stopped one.
    fn call(self, job: &Context) -> Result<Self::Output, Failure>;
}
