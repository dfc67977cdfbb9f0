//! Jobs that borrow from the function that starts them, which does not return before they have ended.
//!
//! Knows nothing of how that is safe: it is the scope of [`std::thread::scope`].

use std::{fmt, sync::Arc, thread};

use crate::{
    body::context::Context,
    engine::Engine,
    error::SpawnError,
    job::{AnyJob, typed::Job},
    manager::handle::Handle,
    record::{
        Shared,
        failure::{BoxedError, Failure},
        name::Name,
    },
};

/// Starts jobs whose bodies borrow; made by [`Handle::scope`].
pub struct Scope<'scope, 'env> {
    threads: &'scope thread::Scope<'scope, 'env>,
    engine: Arc<Engine>,
}

impl Handle {
    /// Calls `start` with a [`Scope`] for jobs that borrow what lives longer than this call, and returns its value when
    /// all of these jobs have ended.
    ///
    /// A scoped job is listed, watched and stopped like any other, and its result may be read afterwards. It starts at
    /// once, on a new thread of its own, so no group, delay or other job holds it back.
    ///
    /// The call waits as [`std::thread::scope`] does: also if `start` panics, and without asking a job to stop or lending
    /// a slot. The bodies borrow, but the results are kept by the manager and don't.
    ///
    /// # Panics
    ///
    /// If `start` panics. A job that panics fails, and nothing else.
    ///
    /// ```
    /// let jobs = bgjobs::JobManager::new();
    /// let rows = vec![3, 4, 5];
    /// let (sum, product) = jobs.scope(|scope| {
    ///     let sum = scope.spawn("sum", || rows.iter().sum::<u64>())?;
    ///     let product = scope.spawn("product", || rows.iter().product::<u64>())?;
    ///     Ok::<_, bgjobs::SpawnError>((sum, product))
    /// })?;
    /// // All have ended, and `rows` is free again.
    /// drop(rows);
    /// assert_eq!((sum.join()?, product.join()?), (&12, &60));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scope<'env, R>(&self, start: impl for<'scope> FnOnce(&Scope<'scope, 'env>) -> R) -> R {
        thread::scope(|threads| start(&Scope { threads, engine: Arc::clone(&self.engine) }))
    }
}

impl<'scope> Scope<'scope, '_> {
    /// As [`Handle::spawn`], for a body that borrows.
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the manager was shut down or a thread could not be created.
    pub fn spawn<T, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + Sync + 'static,
    {
        self.spawn_with(name, |_| Ok(body()))
    }

    /// As [`Handle::try_spawn`], for a body that borrows.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn try_spawn<T, E, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce() -> Result<T, E> + Send + 'scope,
        T: Send + Sync + 'static,
        E: Into<BoxedError>,
    {
        self.spawn_with(name, |_| body().map_err(Failure::from_error))
    }

    /// As [`Handle::spawn_with`], for a body that borrows.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    pub fn spawn_with<T, F>(&self, name: impl Into<Name>, body: F) -> Result<Job<T>, SpawnError>
    where
        F: FnOnce(&Context) -> Result<T, Failure> + Send + 'scope,
        T: Send + Sync + 'static,
    {
        let record = self.engine.launch_scoped(self.threads, name.into(), |record, engine| {
            body(&Context::new(AnyJob::new(Arc::clone(record) as Shared, Arc::clone(engine))))
        })?;
        Ok(Job::of(AnyJob::new(record, Arc::clone(&self.engine))))
    }
}

/// A clone starts jobs in the same scope, from a job of that scope for instance.
impl Clone for Scope<'_, '_> {
    fn clone(&self) -> Self {
        Self { threads: self.threads, engine: Arc::clone(&self.engine) }
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}
