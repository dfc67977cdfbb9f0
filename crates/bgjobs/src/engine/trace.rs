//! Starts, stops and ends of jobs as events of the crate `tracing`; without that feature, nothing.
//!
//! Knows nothing of the engine; a listener is user code, so it is called without locks, and its panics are swallowed.

pub(crate) use events::{asked_to_stop, ended, enter, started};

#[cfg(feature = "tracing")]
mod events {
    use std::time::Duration;

    use tracing::{debug, info_span, span::EnteredSpan, warn};

    use crate::{
        record::{
            Core,
            failure::{Failure, FailureKind},
            stop::StopReason,
        },
        system::panic::swallow,
    };

    /// Enters the span of a job whose body is about to run on this thread, so the body's events belong to the job.
    pub(crate) fn enter(core: &Core) -> EnteredSpan {
        info_span!(target: "bgjobs", parent: None, "job", id = %core.id(), name = %core.name).entered()
    }

    /// A job's body is about to run.
    pub(crate) fn started(core: &Core) {
        swallow(|| debug!(target: "bgjobs", id = %core.id(), name = %core.name, "job started"));
    }

    /// A job is asked to stop.
    pub(crate) fn asked_to_stop(core: &Core, reason: &StopReason) {
        swallow(|| debug!(target: "bgjobs", id = %core.id(), name = %core.name, %reason, "job asked to stop"));
    }

    /// A job is about to end, at `now` by its manager's clock.
    pub(crate) fn ended(core: &Core, failure: Option<&Failure>, now: impl FnOnce() -> u64) {
        let (id, name, now) = (core.id(), &core.name, now());
        let started = core.life.started().unwrap_or(now);
        let seconds = |from: u64, to: u64| Duration::from_nanos(to.saturating_sub(from)).as_secs_f64();
        let (waited, ran) = (seconds(core.life.created(), started), seconds(started, now));
        swallow(|| match failure {
            None => debug!(target: "bgjobs", %id, %name, outcome = "done", waited, ran, "job ended"),
            Some(why) if why.kind() == FailureKind::Stop => {
                debug!(target: "bgjobs", %id, %name, outcome = "stopped", waited, ran, %why, "job ended");
            }
            Some(why) => warn!(target: "bgjobs", %id, %name, outcome = "failed", waited, ran, %why, "job ended"),
        });
    }
}

#[cfg(not(feature = "tracing"))]
mod events {
    use crate::record::{Core, failure::Failure, stop::StopReason};

    /// Stands for a span.
    pub(crate) fn enter(_: &Core) -> impl Sized {}

    pub(crate) fn started(_: &Core) {}

    pub(crate) fn asked_to_stop(_: &Core, _: &StopReason) {}

    pub(crate) fn ended(_: &Core, _: Option<&Failure>, _: impl FnOnce() -> u64) {}
}
