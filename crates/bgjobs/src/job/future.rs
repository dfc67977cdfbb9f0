//! Waiting for a job as a future.
//!
//! Knows nothing of how a job ends.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    engine::waiters::{Signal, Ticket, Waiter},
    error::JoinError,
    job::{AnyJob, typed::Job},
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
