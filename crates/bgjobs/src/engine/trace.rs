//! Jobs as spans, and their starts, stops and ends as events, of the crate `tracing`; without that feature, nothing.
//!
//! Knows nothing of the engine; a listener is user code, so it is called without locks, and its panics are swallowed.

pub(crate) use events::{Origin, asked_to_stop, ended, enter, started};

#[cfg(feature = "tracing")]
mod events {
    use std::time::{Duration, Instant};

    use tracing::{Span, debug, info_span, span::EnteredSpan, warn};

    use crate::{
        record::{
            Core,
            failure::{Failure, FailureKind},
            stop::StopReason,
        },
        system::panic::{drop_quietly, swallow},
    };

    /// The span that was current where a job was started; it stays open until this is dropped.
    pub(crate) struct Origin(Span);

    impl Origin {
        pub(crate) fn here() -> Self {
            let mut span = Span::none();
            swallow(|| span = Span::current());
            Self(span)
        }
    }

    impl Drop for Origin {
        fn drop(&mut self) {
            drop_quietly(std::mem::replace(&mut self.0, Span::none()));
        }
    }

    /// Leaves the span of a job when it is dropped.
    pub(crate) struct Inside(Option<EnteredSpan>);

    impl Drop for Inside {
        fn drop(&mut self) {
            drop_quietly(self.0.take());
        }
    }

    /// Enters the span of a job whose body is about to run on this thread, so the body's events belong to the job.
    pub(crate) fn enter(core: &Core, origin: &Origin) -> Inside {
        let mut inside = Inside(None);
        swallow(|| {
            let span = info_span!(target: "bgjobs", parent: &origin.0, "job", id = %core.id(), name = %core.name);
            inside.0 = Some(span.entered());
        });
        inside
    }

    /// A job's body is about to run.
    pub(crate) fn started(core: &Core, origin: &Origin) {
        let (id, name) = (core.id(), &core.name);
        swallow(|| debug!(target: "bgjobs", parent: &origin.0, %id, %name, "job started"));
    }

    /// A job is asked to stop.
    pub(crate) fn asked_to_stop(core: &Core, reason: &StopReason) {
        swallow(|| debug!(target: "bgjobs", id = %core.id(), name = %core.name, %reason, "job asked to stop"));
    }

    /// A job is about to end, at `now` by its manager's clock, and leaves its origin; one that never started has none.
    pub(crate) fn ended(core: &Core, origin: Option<Origin>, failure: Option<&Failure>, now: impl FnOnce() -> u64) {
        let (id, name, now) = (core.id(), &core.name, now());
        let started = core.life.started().unwrap_or(now);
        let seconds = |from: u64, to: u64| Duration::from_nanos(to.saturating_sub(from)).as_secs_f64();
        let waited = seconds(core.life.created(), started);
        let followed = core.followed().map(|work| {
            work.finished.unwrap_or_else(Instant::now).saturating_duration_since(work.started).as_secs_f64()
        });
        let ran = followed.unwrap_or_else(|| seconds(started, now));
        swallow(move || {
            let span = origin.as_ref().map_or_else(Span::current, |origin| origin.0.clone());
            match failure {
                None => debug!(target: "bgjobs", parent: &span, %id, %name, outcome = "done", waited, ran, "job ended"),
                Some(why) if why.kind() == FailureKind::Stop => {
                    debug!(target: "bgjobs", parent: &span, %id, %name, outcome = "stopped", waited, ran, %why, "job ended");
                }
                Some(why) => {
                    warn!(target: "bgjobs", parent: &span, %id, %name, outcome = "failed", waited, ran, %why, "job ended");
                }
            }
            drop(origin);
        });
    }
}

#[cfg(not(feature = "tracing"))]
mod events {
    use crate::record::{Core, failure::Failure, stop::StopReason};

    /// Stands for a span.
    pub(crate) struct Origin;

    impl Origin {
        pub(crate) fn here() -> Self {
            Self
        }
    }

    /// Stands for a span that is entered.
    pub(crate) fn enter(_: &Core, _: &Origin) -> impl Sized {}

    pub(crate) fn started(_: &Core, _: &Origin) {}

    pub(crate) fn asked_to_stop(_: &Core, _: &StopReason) {}

    pub(crate) fn ended(_: &Core, _: Option<Origin>, _: Option<&Failure>, _: impl FnOnce() -> u64) {}
}
