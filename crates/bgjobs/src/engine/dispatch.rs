//! Carries out what the schedule decides, and says what keeps a job.
//!
//! Knows nothing of who is next; `schedule/` decides that.

use std::{sync::Arc, time::Duration};

use crate::{
    engine::{
        Deferred, Engine, Start,
        callbacks::Cascade,
        due::Event,
        schedule::{Action, Hold},
        waiters::Signal,
    },
    error::SpawnError,
    record::{
        Core, Key, Shared,
        after::{AfterError, Predecessor},
        failure::Failure,
        id::JobId,
        state::{Outcome, State},
        stop::StopReason,
        why::WaitReason,
    },
    system::sync::lock,
};

/// Actions.
impl Engine {
    /// Tells the schedule that the body of one of its jobs begins.
    pub(crate) fn note_begin(&self, job: Key, now: u64) {
        if lock(&self.ledger).schedule.begin(job, now) {
            self.wake_clock();
        }
    }

    /// Carries out what the schedule decided and all that follows from it; user code is left to the caller.
    pub(crate) fn run_actions(&self, cascade: &mut Cascade) {
        while let Some(action) = cascade.actions.pop_front() {
            match action {
                Action::Start(deferred) => self.start_deferred(deferred, cascade),
                Action::Fail(deferred, after, outcome) => {
                    let failure = if outcome == Outcome::Stopped {
                        let reason = StopReason::After(after.job);
                        deferred.record.core().ask_stop(reason.clone());
                        Failure::stopped(reason)
                    } else {
                        let ledger = lock(&self.ledger);
                        let cause = ledger.table.get(after.job.get()).and_then(|record| record.failure().cloned());
                        drop(ledger);
                        Failure::from_error(AfterError::new(after.job, cause))
                    };
                    self.give_up(&deferred.record, failure, cascade);
                    self.drop_unstarted(deferred, cascade);
                }
                Action::Drop(deferred) => self.drop_unstarted(deferred, cascade),
                Action::Resume(job) => {
                    // Only threads wait for a slot.
                    drop(self.waiters.wake(job, Signal::Slot));
                    self.tell_host(job, Event::Resume);
                }
                Action::TimeUp(job, limit) => {
                    let record = lock(&self.ledger).record(job);
                    if let Some(record) = record {
                        self.ask_stop(&record, &StopReason::TimeLimit(Duration::from_nanos(limit)));
                    }
                    self.tell_host(job, Event::TimeUp);
                }
            }
        }
    }

    /// Lets go of a job that never starts.
    fn drop_unstarted(&self, deferred: Deferred, cascade: &mut Cascade) {
        if matches!(deferred.start, Start::Hosted) {
            self.due.push(Event::Ended, Arc::clone(&deferred.record));
        }
        cascade.unstarted.push(deferred);
    }

    /// Tells the host what is due for a job, if it is hosted.
    fn tell_host(&self, job: Key, event: Event) {
        let record = lock(&self.ledger).record(job);
        if let Some(record) = record.filter(|record| record.core().is_hosted()) {
            self.due.push(event, record);
        }
    }

    /// Hands a job to a thread or to its host, or ends it if it can't get a thread.
    fn start_deferred(&self, deferred: Deferred, cascade: &mut Cascade) {
        let Deferred { record, start } = deferred;
        // It no longer waits for the jobs that it follows.
        lock(&self.ledger).wait_graph.end(record.core().key());
        let error = match start {
            Start::Hosted => {
                record.core().life.admit();
                return self.due.push(Event::Begin, record);
            }
            Start::Pooled(task) => match self.workers.admit() {
                Ok(is_queued) => {
                    if !is_queued {
                        record.core().life.admit();
                    }
                    return self.workers.push(task);
                }
                Err(error) => {
                    cascade.unstarted.push(Deferred { record: Arc::clone(&record), start: Start::Pooled(task) });
                    error
                }
            },
            Start::Alone(task, stack_size) => match self.workers.run_alone(&record.core().name, stack_size, task) {
                Ok(()) => return record.core().life.admit(),
                Err(error) => SpawnError::NoThread(error),
            },
        };
        let failure = match error {
            SpawnError::ShutDown => Failure::stopped(StopReason::ShutDown),
            error => Failure::from_error(error),
        };
        self.give_up(&record, failure, cascade);
    }

    /// Ends a job that never starts, unless it was settled already.
    fn give_up(&self, record: &Shared, failure: Failure, cascade: &mut Cascade) {
        if let Some(callbacks) = self.settle_unstarted(record, || failure) {
            cascade.add(*callbacks);
        }
    }
}

/// Questions.
impl Engine {
    /// What keeps a job.
    pub(crate) fn why(&self, core: &Core) -> Vec<WaitReason> {
        let ledger = lock(&self.ledger);
        let other = |job: JobId| {
            let core = ledger.table.get(job.get()).map(|record| record.core());
            (core.map(|core| core.name.clone()), core.map_or(State::Running, |core| core.life.state()))
        };
        let state = core.life.state();
        if state.is_finished() {
            return Vec::new();
        }
        let reason = |hold| match hold {
            Hold::Time(until) => WaitReason::Delay { left: Duration::from_nanos(until.saturating_sub(self.now())) },
            Hold::Job(after) => {
                let Predecessor { job, must_be_done } = after;
                let (name, state) = other(job);
                WaitReason::After { job, must_be_done, name, state }
            }
            Hold::Paused(group) => WaitReason::Paused { group: ledger.schedule.slots_of(group).name.clone() },
            Hold::Full(group, before) | Hold::Lent(group, before) => {
                let slots = ledger.schedule.slots_of(group);
                let limit = slots.limit.unwrap_or(usize::MAX);
                WaitReason::Full { group: slots.name.clone(), running: slots.taken, limit, before }
            }
        };
        let mut why: Vec<_> = ledger.schedule.holds(core.key()).into_iter().map(reason).collect();
        match state {
            State::Queued if why.is_empty() => why.push(WaitReason::Thread),
            State::Running | State::Stopping => {
                why.extend(ledger.wait_graph.of(core.key()).iter().map(|joined| {
                    let (name, state) = other(joined.id);
                    WaitReason::Job { job: joined.id, name, state }
                }));
                why.extend(core.pause().map(|pause| pause.waiting()));
            }
            _ => {}
        }
        why
    }
}
