//! Starting a job: one preparation, and three ways to a thread.
//!
//! Knows nothing of what a body is: it is handed a closure.

use std::sync::{Arc, mpsc::sync_channel};

use crate::{
    config::Options,
    engine::{
        Deferred, Engine, Ledger, SHUT_DOWN, Thread,
        pool::workers::Task,
        schedule::{Action, Terms},
        wait_graph::Node,
    },
    error::{SpawnError, UnknownJob},
    record::{
        Core, Key, Record, Shared,
        after::After,
        failure::Failure,
        id::JobId,
        log::Log,
        name::Name,
        state::{Outcome, State},
    },
    system::{
        panic::Quietly,
        platform::nanos,
        sync::{Ordering, lock},
    },
};

impl Engine {
    /// Starts a job whose body is `body`; it is called with the job's record and the engine.
    pub(crate) fn launch<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        name: Name,
        options: &Options,
        body: impl FnOnce(&Arc<Record<T>>, &Arc<Self>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Shared, SpawnError> {
        let body = Quietly::new(body);
        let record = self.new_record(name, options);
        let job = Arc::clone(&record) as Shared;
        let task: Task<Self> = Box::new(move |engine, worker| engine.run(record, body, worker));
        if options.is_scheduled() {
            self.launch_scheduled(&job, options, task)?;
        } else if options.fresh_thread || options.stack_size.is_some() {
            self.launch_alone(&job, options, task)?;
        } else {
            self.launch_pooled(&job, options, task)?;
        }
        log_start(&job);
        Ok(job)
    }

    /// The record of a job that nobody knows yet.
    pub(crate) fn new_record<T>(&self, name: Name, options: &Options) -> Arc<Record<T>> {
        let is_unlisted = options.unlisted && !options.is_scheduled();
        let unlisted = is_unlisted.then(|| self.unlisted.fetch_add(1, Ordering::Relaxed));
        let core = Core::new(unlisted, name, options.daemon, self.now());
        if let Some(path) = &options.log_file {
            core.set_log(Log::with_file(self.config.log_bytes, path, self.config.log_file_bytes));
        }
        Arc::new(Record::new(core))
    }

    /// Gives a job its number and enters it in the table, unless it is to be unlisted.
    ///
    /// # Errors
    ///
    /// [`SpawnError::ShutDown`] after a shutdown.
    pub(crate) fn enter(&self, job: &Shared, options: &Options) -> Result<(), SpawnError> {
        let entry = Arc::clone(job);
        let mut ledger = lock(&self.ledger);
        if !ledger.open {
            return Err(SpawnError::ShutDown);
        }
        if !options.unlisted {
            ledger.add(entry);
        }
        drop(ledger);
        open_log_file(job, options);
        Ok(())
    }

    /// Gives a job its number and its place in the table now, unless it has them; none if it has ended without, and after a
    /// shutdown.
    pub(crate) fn list(&self, record: &Shared) -> Option<JobId> {
        let core = record.core();
        let mut ledger = lock(&self.ledger);
        if core.id() != JobId::NONE {
            return Some(core.id());
        }
        // An end is published under the same lock.
        if !ledger.open || core.life.state().is_finished() {
            return None;
        }
        let id = ledger.add(Arc::clone(record));
        drop(ledger);
        log_start(record);
        Some(id)
    }
}

/// The three ways to a thread.
impl Engine {
    /// Hands the task to the pool.
    fn launch_pooled(self: &Arc<Self>, job: &Shared, options: &Options, task: Task<Self>) -> Result<(), SpawnError> {
        let queued = self.workers.admit()?;
        if let Err(error) = self.enter(job, options) {
            self.workers.retract();
            return Err(error);
        }
        if queued {
            job.core().life.queue();
        }
        // If a shutdown has come in between, it has settled the job, and the task is dropped.
        self.workers.push(if options.unlisted { self.guard_unlisted(job, task) } else { task });
        Ok(())
    }

    /// Runs the task on a thread of its own, which exists before the job has its number.
    fn launch_alone(self: &Arc<Self>, job: &Shared, options: &Options, task: Task<Self>) -> Result<(), SpawnError> {
        let (go, gate) = sync_channel(1);
        let alone: Task<Self> = Box::new(move |engine, worker| {
            if gate.recv().is_ok() {
                task(engine, worker);
            }
        });
        self.workers.run_alone(&job.core().name, options.stack_size, alone).map_err(SpawnError::NoThread)?;
        self.enter(job, options)?;
        go.send(()).expect("the thread waits for its job");
        Ok(())
    }

    /// Leaves the task to the schedule, until the job's group, its delay and the jobs before it let it start.
    fn launch_scheduled(self: &Arc<Self>, job: &Shared, options: &Options, task: Task<Self>) -> Result<(), SpawnError> {
        let needs_time = options.delay.is_some() || options.time_limit.is_some();
        if needs_time {
            self.wind_clock()?;
        }
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
        let id = ledger.add(Arc::clone(job));
        let core = job.core();
        let key = core.key();
        core.life.queue();
        core.life.watch();
        let group = options.group.as_ref().map(|name| {
            core.set_group(name.clone());
            ledger.schedule.group(name)
        });
        let waits_for = after.iter().map(|&(key, after)| Node { key, id: after.job() }).collect();
        // No job can wait for one that did not exist.
        ledger.wait_graph.begin(Node { key, id }, waits_for).expect("a new job closes no ring");
        let thread = match options.stack_size {
            None if !options.fresh_thread => Thread::Pooled,
            size => Thread::Alone(size),
        };
        let deferred = Deferred { record: Arc::clone(job), task, thread };
        let terms = Terms {
            group,
            priority: options.priority,
            not_before: options.delay.map(|delay| core.life.created().saturating_add(nanos(delay))),
            after,
            time_limit: options.time_limit.map(nanos),
        };
        let actions = if let Some((after, outcome)) = unmet {
            if needs_time {
                ledger.schedule.need_time(false);
            }
            vec![Action::Fail(deferred, after, outcome)]
        } else {
            ledger.schedule.enter(key, terms, deferred)
        };
        drop(guard);
        open_log_file(job, options);
        if needs_time {
            self.wake_clock();
        }
        self.carry_out(actions);
        Ok(())
    }
}

/// The jobs to follow that have not ended, and the first one that did not end as it should.
type Conditions = (Vec<(Key, After)>, Option<(After, Outcome)>);

impl Ledger {
    /// Looks at the jobs to follow, and subscribes to the ends of those that have not ended.
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
}

/// Settles an unlisted job, which no shutdown finds in the table, if its task is dropped.
struct UnlistedGuard {
    engine: Arc<Engine>,
    job: Option<Shared>,
}

impl Engine {
    /// Makes the drop of an unlisted job's task settle the job.
    fn guard_unlisted(self: &Arc<Self>, job: &Shared, task: Task<Self>) -> Task<Self> {
        let mut guard = UnlistedGuard { engine: Arc::clone(self), job: Some(Arc::clone(job)) };
        Box::new(move |engine, worker| {
            guard.job = None;
            drop(guard);
            task(engine, worker);
        })
    }
}

impl Drop for UnlistedGuard {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.engine.stop_unstarted(&job, SHUT_DOWN);
        }
    }
}

/// Creates the file of a job's log; not under a lock, because the disk may be slow.
fn open_log_file(job: &Shared, options: &Options) {
    if options.log_file.is_some() {
        job.core().open_log_file();
    }
}

/// Logs what the original logs; last of all, because the logger is the user's and may panic.
pub(crate) fn log_start(job: &Shared) {
    let id = job.core().id();
    if id != JobId::NONE {
        ::log::debug!(target: "bgjobs", "Starting job # {id} in a separate thread.");
    }
}
