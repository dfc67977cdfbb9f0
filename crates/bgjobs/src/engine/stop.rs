//! Asking a job to stop, and the end of a job that never started.
//!
//! Knows nothing of how a body notices the request.

use std::sync::Arc;

use crate::{
    engine::{Engine, callbacks::Callbacks, trace, waiters::Signal},
    record::{Shared, failure::Failure, stop::StopReason},
};

impl Engine {
    /// Asks a job to stop; true for the first request. A job that has not started ends at once.
    pub(crate) fn ask_stop(&self, record: &Shared, reason: &StopReason) -> bool {
        let core = record.core();
        let first = core.ask_stop(reason.clone());
        if first {
            trace::asked_to_stop(core, reason);
            if self.check_wait(core).is_err() {
                // Only a body that has forked itself is here, and it hears the request.
                return true;
            }
            for waker in self.waiters.wake(core.key(), Signal::Stop) {
                self.swallow(|| waker.wake());
            }
            self.stop_unstarted(record, reason.clone());
        }
        first
    }

    /// Ends a job that has not started, unless a worker or a stop has claimed it; returns what is due at its end.
    #[must_use]
    pub(crate) fn settle_unstarted(&self, record: &Shared, why: impl FnOnce() -> Failure) -> Option<Box<Callbacks>> {
        if !record.core().life.claim() {
            return None;
        }
        let failure = why();
        trace::ended(record.core(), None, Some(&failure), || self.now());
        let outcome = record.fail(failure);
        self.finish(Arc::clone(record), outcome)
    }

    /// Stops a job that has not started, unless a worker or a stop has claimed it.
    pub(crate) fn stop_unstarted(&self, record: &Shared, reason: StopReason) {
        self.call(self.settle_unstarted(record, || Failure::stopped(reason)), None);
    }
}
