//! Jobs that do not start at once: takes them in, and carries out what the schedule decides.
//!
//! Knows nothing of who is next; that is in `schedule.rs`.

use std::{sync::Arc, time::Duration};

use crate::{
    config::Options,
    engine::{Engine, Ledger, SHUT_DOWN, guests::Due, tell_start},
    error::{SpawnError, UnknownJob},
    failure::Failure,
    id::JobId,
    joins::Joiner,
    name::Name,
    panic::Quietly,
    platform::nanos,
    pool::workers::Task,
    record::{AnyRecord, Core, Key, Record, Shared},
    schedule::{
        Hold, Step, Terms,
        after::{After, AfterError},
        why::Waiting,
    },
    state::{Outcome, State},
    sync::lock,
    wait::Signal,
};

/// A job that has not started, as the schedule holds it.
pub(crate) struct Deferred {
    record: Shared,
    task: Task<Engine>,
    thread: Thread,
}

/// What a job runs on.
enum Thread {
    Pooled,
    /// One of its own, with a stack of so many bytes.
    Alone(Option<usize>),
}

impl Options {
    /// Whether the job goes through the schedule.
    #[inline]
    pub(crate) fn is_scheduled(&self) -> bool {
        self.group.is_some() || self.delay.is_some() || !self.after.is_empty() || self.time_limit.is_some()
    }

    /// The name of an option for which the job goes through the schedule.
    pub(crate) fn scheduled(&self) -> Option<&'static str> {
        let options = [
            ("group", self.group.is_some()),
            ("delay", self.delay.is_some()),
            ("after", !self.after.is_empty()),
            ("time_limit", self.time_limit.is_some()),
        ];
        options.into_iter().find_map(|(name, is_set)| is_set.then_some(name))
    }
}

/// Coming.
impl Engine {
    /// Takes in a job that starts when its group, its delay and the jobs before it let it.
    pub(crate) fn defer<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        name: Name,
        options: &Options,
        body: impl FnOnce(&Arc<Record<T>>, &Arc<Self>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Shared, SpawnError> {
        let body = Quietly::new(body);
        let needs_time = options.delay.is_some() || options.time_limit.is_some();
        if needs_time {
            self.wind_clock()?;
        }
        let created = self.now();
        let mut guard = lock(&self.ledger);
        let ledger = &mut *guard;
        let conditions = if ledger.open { ledger.conditions(&options.after) } else { Err(SpawnError::ShutDown) };
        let (after, unmet) = match conditions {
            Ok(conditions) => conditions,
            Err(error) => {
                if needs_time {
                    ledger.schedule.need_time(false);
                    self.wake_clock();
                }
                return Err(error);
            }
        };
        let record = self.new_record(None, name, options, created);
        let job = Arc::clone(&record) as Shared;
        let id = ledger.add(Arc::clone(&job));
        let core = record.core();
        let key = core.key();
        core.life.queue();
        core.life.watch();
        let group = options.group.as_ref().map(|name| {
            core.set_group(name.clone());
            ledger.schedule.group(name)
        });
        let waits_for = after.iter().map(|&(key, after)| Joiner { key, id: after.job() }).collect();
        // No job can wait for one that was not there.
        ledger.joins.begin(Joiner { key, id }, waits_for).expect("a new job closes no ring");
        let deferred = Deferred {
            record: Arc::clone(&job),
            task: Box::new(move |engine, worker| engine.run(record, body, worker)),
            thread: match options.stack_size {
                None if !options.fresh_thread => Thread::Pooled,
                size => Thread::Alone(size),
            },
        };
        let terms = Terms {
            group,
            priority: options.priority,
            not_before: options.delay.map(|delay| created.saturating_add(nanos(delay))),
            after,
            time_limit: options.time_limit.map(nanos),
        };
        let steps = if let Some((after, outcome)) = unmet {
            if needs_time {
                ledger.schedule.need_time(false);
            }
            vec![Step::Fail(deferred, after, outcome)]
        } else {
            ledger.schedule.enter(key, terms, deferred)
        };
        drop(guard);
        if options.log_file.is_some() {
            job.core().open_log_file();
        }
        if needs_time {
            self.wake_clock();
        }
        self.carry_out(steps);
        tell_start(&job);
        Ok(job)
    }

    /// Notes that the body of a scheduled job begins.
    pub(crate) fn note_begin(&self, job: Key, now: u64) {
        if lock(&self.ledger).schedule.begin(job, now) {
            self.wake_clock();
        }
    }
}

/// The jobs to be followed that have not ended, and the first that ended otherwise than it should.
type Conditions = (Vec<(Key, After)>, Option<(After, Outcome)>);

impl Ledger {
    /// Looks at the jobs to be followed, and wants to hear of the ends of those that have not ended.
    fn conditions(&self, after: &[After]) -> Result<Conditions, SpawnError> {
        let (mut open, mut unmet) = (Vec::new(), None);
        for &after in after {
            let id = after.job();
            let Some(record) = self.table.get(id.get()) else {
                return Err(SpawnError::Unknown(UnknownJob { id, started: self.table.next_number() }));
            };
            match record.core().life.state() {
                State::Finished(outcome) if after.is_met_by(outcome) => {}
                State::Finished(outcome) => unmet = unmet.or(Some((after, outcome))),
                _ => {
                    record.core().life.watch();
                    open.push((record.core().key(), after));
                }
            }
        }
        Ok((open, unmet))
    }

    /// The record of a job that was listed when it started.
    pub(crate) fn record(&self, job: Key) -> Option<Shared> {
        let Key::Listed(id) = job else { return None };
        self.table.get(id.get()).cloned()
    }
}

/// Going.
impl Engine {
    /// Does what the schedule decided, and what follows from that; what is the user's is left.
    pub(crate) fn take_steps(&self, due: &mut Due) {
        while let Some(step) = due.steps.pop_front() {
            match step {
                Step::Start(deferred) => self.start_deferred(deferred, due),
                Step::Fail(deferred, after, outcome) => {
                    let unmet = AfterError { job: after.job(), outcome };
                    self.give_up(&deferred.record, Failure::from_boxed(Box::new(unmet)), due);
                    due.unstarted.push(deferred);
                }
                Step::Drop(deferred) => due.unstarted.push(deferred),
                // Only threads wait for a place.
                Step::GoOn(job) => drop(self.waits.wake(job, Signal::Place)),
                Step::TimeUp(job, limit) => {
                    let record = lock(&self.ledger).record(job);
                    if let Some(record) = record {
                        self.ask_stop(&record, &Name::from(format!("time limit of {:?}", Duration::from_nanos(limit))));
                    }
                }
            }
        }
    }

    /// Hands a job to a thread, or ends it if there is none for it.
    fn start_deferred(&self, deferred: Deferred, due: &mut Due) {
        let Deferred { record, task, thread } = deferred;
        let error = match thread {
            Thread::Pooled => match self.workers.admit() {
                Ok(is_queued) => {
                    if !is_queued {
                        record.core().life.admit();
                    }
                    return self.workers.push(task);
                }
                Err(error) => {
                    due.unstarted.push(Deferred { record: Arc::clone(&record), task, thread });
                    error
                }
            },
            Thread::Alone(stack_size) => match self.workers.run_alone(&record.core().name, stack_size, task) {
                Ok(()) => return record.core().life.admit(),
                Err(error) => SpawnError::NoThread(error),
            },
        };
        let failure = match error {
            SpawnError::ShutDown => Failure::stopped(SHUT_DOWN),
            error => Failure::new(error.to_string()),
        };
        self.give_up(&record, failure, due);
    }

    /// Ends a job that never starts, if it is still to be had.
    fn give_up(&self, record: &Shared, failure: Failure, due: &mut Due) {
        if let Some(guests) = self.settle_unstarted(record, || failure) {
            due.add(*guests);
        }
    }
}

/// Asking.
impl Engine {
    /// What keeps a job.
    pub(crate) fn why(&self, core: &Core) -> Vec<Waiting> {
        let ledger = lock(&self.ledger);
        let other = |job: JobId| {
            let core = ledger.table.get(job.get()).map(|record| record.core())?;
            Some((core.name.clone(), core.life.state()))
        };
        let state = core.life.state();
        if state.is_finished() {
            return Vec::new();
        }
        let full = |group, before| {
            let places = ledger.schedule.places_of(group);
            let limit = places.limit.unwrap_or(usize::MAX);
            Waiting::Full { group: places.name.clone(), running: places.taken, limit, before }
        };
        let told = |hold| match hold {
            Hold::Time(until) => Waiting::Delay { left: Duration::from_nanos(until.saturating_sub(self.now())) },
            Hold::Job(after) => {
                let (name, state) = other(after.job()).unzip();
                Waiting::After { after, name, state: state.unwrap_or(State::Running) }
            }
            Hold::Paused(group) => Waiting::Paused { group: ledger.schedule.places_of(group).name.clone() },
            Hold::Full(group, before) | Hold::Lent(group, before) => full(group, before),
        };
        let mut why: Vec<_> = ledger.schedule.holds(core.key()).into_iter().map(told).collect();
        match state {
            State::Queued if why.is_empty() => why.push(Waiting::Thread),
            State::Running | State::Stopping => {
                why.extend(ledger.joins.of(core.key()).iter().map(|joined| {
                    let (name, state) = other(joined.id).unzip();
                    Waiting::Job { job: joined.id, name, state: state.unwrap_or(State::Running) }
                }));
                why.extend(core.pause().map(|pause| pause.waiting()));
            }
            _ => {}
        }
        why
    }
}
