//! Waiting for the end of a job as a future.
//!
//! Knows nothing of how a job ends, nor of its result.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    engine::waiters::{Signal, Ticket, Waiter},
    error::WaitError,
    job::AnyJob,
};

/// Waits for the end, whatever the outcome.
impl IntoFuture for AnyJob {
    type Output = ();
    type IntoFuture = EndFuture;

    fn into_future(self) -> EndFuture {
        EndFuture::of(self)
    }
}

/// Waits for the end, whatever the outcome.
impl IntoFuture for &AnyJob {
    type Output = ();
    type IntoFuture = EndFuture;

    fn into_future(self) -> EndFuture {
        EndFuture::of(self.clone())
    }
}

/// The future of `any_job.await` and `(&any_job).await`, ready when the job has ended, whatever its outcome; in the child
/// of a fork, for a job that stayed in the parent, never.
///
/// Dropping it ends the wait and does not affect the job.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct EndFuture {
    pub(super) job: AnyJob,
    /// The registration of the last poll's waker.
    ticket: Option<Ticket>,
}

impl EndFuture {
    pub(super) fn of(job: AnyJob) -> Self {
        Self { job, ticket: None }
    }

    /// Refuses to wait for a job that stayed in the parent of a fork.
    pub(super) fn check_fork(&self) -> Result<(), WaitError> {
        if self.job.is_finished() { Ok(()) } else { self.job.engine().check_wait(self.job.core()) }
    }
}

impl Future for EndFuture {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { job, ticket } = &mut *self;
        let (core, waiters) = (job.core(), &job.engine().waiters);
        if core.life.state().is_finished() {
            return Poll::Ready(());
        }
        let new = waiters.register(core, Signal::End, Waiter::Future(context.waker().clone()));
        if let Some(old) = ticket.replace(new) {
            waiters.unregister(core, Signal::End, old);
        }
        if core.life.await_end() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for EndFuture {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.job.engine().waiters.unregister(self.job.core(), Signal::End, ticket);
        }
    }
}
