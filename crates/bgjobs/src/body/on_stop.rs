//! A call that a body registers for the moment when its job is asked to stop.
//!
//! Knows nothing of what the call does.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
};

use crate::{
    engine::waiters::{Signal, Ticket, Waiter},
    job::AnyJob,
};

/// A call that is due when a job is asked to stop, made by [`Context::on_stop`](crate::Context::on_stop); dropping it
/// cancels the call.
#[must_use = "dropping it cancels the call"]
pub struct OnStop {
    job: AnyJob,
    ticket: Ticket,
}

/// A function that is called once.
struct Call<F> {
    call: F,
    called: AtomicBool,
}

impl OnStop {
    pub(crate) fn new(job: &AnyJob, call: impl Fn() + Send + Sync + 'static) -> Self {
        let own = job.clone();
        let call = move || {
            // The body has arranged to hear the stop, and does so in this way.
            own.core().life.hear_stop();
            call();
        };
        let waker = Waker::from(Arc::new(Call { call, called: AtomicBool::new(false) }));
        let ticket = job.engine().waiters.register(job.core(), Signal::Stop, Waiter::Future(waker.clone()));
        if job.core().life.is_stopping() {
            job.engine().swallow(|| waker.wake());
        }
        Self { job: job.clone(), ticket }
    }
}

impl<F: Fn() + Send + Sync> Wake for Call<F> {
    fn wake(self: Arc<Self>) {
        if !self.called.swap(true, Ordering::AcqRel) {
            (self.call)();
        }
    }
}

impl Drop for OnStop {
    fn drop(&mut self) {
        self.job.engine().waiters.unregister(self.job.core(), Signal::Stop, self.ticket);
    }
}

impl fmt::Debug for OnStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnStop").field(&self.job).finish()
    }
}
