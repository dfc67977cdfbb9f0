//! Starting a job: one preparation, then one of three ways to a thread.
//!
//! Knows nothing of what a body is: it gets a closure.

use std::{
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use ::log::LevelFilter;

use crate::{
    config::Options,
    engine::{
        Deferred, Engine, Ledger, Start,
        pool::workers::{Task, Worker},
        schedule::{Action, Terms},
        trace::Origin,
        wait_graph::Node,
    },
    error::SpawnError,
    record::{
        Core, Key, Record, Shared,
        after::{After, Predecessor},
        failure::Failure,
        id::JobId,
        log::Log,
        name::Name,
        state::{Outcome, State},
        stop::StopReason,
    },
    system::{
        panic::{self, Quietly},
        platform::nanos,
        sync::{Ordering, lock},
    },
};

impl Engine {
    /// Starts a job with the body `body`, which is called with the job's record and the engine.
    pub(crate) fn launch<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        name: Name,
        options: &Options,
        body: impl FnOnce(&Arc<Record<T>>, &Arc<Self>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Shared, SpawnError> {
        let record = self.new_record(name, options)?;
        let job = Arc::clone(&record) as Shared;
        self.launch_record(record, options, body).inspect_err(|_| job.core().remove_log_file())?;
        log_start(&job);
        Ok(job)
    }

    fn launch_record<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        record: Arc<Record<T>>,
        options: &Options,
        body: impl FnOnce(&Arc<Record<T>>, &Arc<Self>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<(), SpawnError> {
        let body = Quietly::new(body);
        let job = Arc::clone(&record) as Shared;
        self.check_start(job.core().life.created())?;
        let origin = Origin::here();
        let task: Task<Self> = Box::new(move |engine, worker| engine.run(record, body, origin, worker));
        if options.is_scheduled() {
            let alone = options.fresh_thread || options.stack_size.is_some();
            let start = if alone { Start::Alone(task, options.stack_size) } else { Start::Pooled(task) };
            self.launch_scheduled(&job, options, start)
        } else if options.fresh_thread || options.stack_size.is_some() {
            self.launch_alone(&job, options, task)
        } else {
            self.launch_pooled(&job, options, task)
        }
    }

    /// Makes the record of a new job, which nothing else knows yet, and the file of its log.
    ///
    /// # Errors
    ///
    /// [`SpawnError::LogFile`] if the file can't be created.
    pub(crate) fn new_record<T>(&self, name: Name, options: &Options) -> Result<Arc<Record<T>>, SpawnError> {
        let is_unlisted = options.unlisted && !options.is_scheduled();
        let unlisted = is_unlisted.then(|| self.unlisted.fetch_add(1, Ordering::Relaxed));
        let core = Core::new(unlisted, name, options.daemon, self.now());
        let log_bytes = options.log_bytes.unwrap_or(self.config.log_bytes);
        if let Some(path) = &options.log_file {
            let log = Log::with_file(log_bytes, path, self.config.log_file_bytes);
            core.set_log(log.map_err(|error| SpawnError::LogFile { path: path.clone(), error })?);
        } else if options.log_bytes.is_some() {
            core.set_log(Log::new(log_bytes));
        }
        Ok(Arc::new(Record::new(core)))
    }

    /// Assigns a job its number and adds it to the table, unless it is unlisted.
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
        Ok(())
    }

    /// Lists a job that was started unlisted, if it is not listed yet, and returns its number; `None` if it ended
    /// unlisted or the manager was shut down.
    pub(crate) fn list(&self, record: &Shared) -> Option<JobId> {
        let core = record.core();
        let mut ledger = lock(&self.ledger);
        if core.id() != JobId::NONE {
            return Some(core.id());
        }
        // Ends are published under the same lock.
        if !ledger.open || core.life.state().is_finished() {
            return None;
        }
        let id = ledger.add(Arc::clone(record));
        drop(ledger);
        log_start(record);
        Some(id)
    }
}

/// Jobs whose bodies borrow.
impl Engine {
    /// Starts a job on a new thread of `scope`; `body` is called with the job's record and the engine.
    pub(crate) fn launch_scoped<'scope, T: Send + Sync + 'static>(
        self: &Arc<Self>,
        scope: &'scope thread::Scope<'scope, '_>,
        name: Name,
        body: impl FnOnce(&Arc<Record<T>>, &Arc<Self>) -> Result<T, Failure> + Send + 'scope,
    ) -> Result<Shared, SpawnError> {
        let body = Quietly::new(body);
        let record = self.new_record(name, &Options::PLAIN)?;
        let job = Arc::clone(&record) as Shared;
        self.check_start(job.core().life.created())?;
        let origin = Origin::here();
        let (go, task) = held(move |engine: &Arc<Self>, worker: &mut Worker| engine.run(record, body, origin, worker));
        self.workers.run_scoped(scope, &job.core().name, task).map_err(SpawnError::NoThread)?;
        self.enter(&job, &Options::PLAIN)?;
        go.send(()).expect("the thread waits for its job");
        log_start(&job);
        Ok(job)
    }
}

/// Holds a task back on its thread until a message is sent; if the sender is dropped instead, the task never runs.
fn held<'a>(
    task: impl FnOnce(&Arc<Engine>, &mut Worker) + Send + 'a,
) -> (SyncSender<()>, impl FnOnce(&Arc<Engine>, &mut Worker) + Send + 'a) {
    let (go, gate) = sync_channel(1);
    let held = move |engine: &Arc<Engine>, worker: &mut Worker| {
        if gate.recv().is_ok() {
            task(engine, worker);
        }
    };
    (go, held)
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
        // A shutdown in between has settled the job, and the task is dropped.
        self.workers.push(if options.unlisted { self.guard_unlisted(job, task) } else { task });
        Ok(())
    }

    /// Runs the task on a new thread, which exists before the job gets its number.
    fn launch_alone(self: &Arc<Self>, job: &Shared, options: &Options, task: Task<Self>) -> Result<(), SpawnError> {
        let (go, task) = held(task);
        self.workers.run_alone(&job.core().name, options.stack_size, task).map_err(SpawnError::NoThread)?;
        self.enter(job, options)?;
        go.send(()).expect("the thread waits for its job");
        Ok(())
    }

    /// Leaves the start to the schedule until the job's group, its delay and the jobs it follows allow it.
    pub(crate) fn launch_scheduled(
        self: &Arc<Self>,
        job: &Shared,
        options: &Options,
        start: Start,
    ) -> Result<(), SpawnError> {
        let needs_time = options.delay.is_some() || options.time_limit.is_some();
        if needs_time && matches!(start, Start::Hosted) {
            // The host tells the time.
            lock(&self.ledger).schedule.need_time(true);
        } else if needs_time {
            self.wind_clock()?;
        }
        let mut guard = lock(&self.ledger);
        let ledger = &mut *guard;
        let conditions =
            if ledger.open { ledger.conditions(&options.after, self.address()) } else { Err(SpawnError::ShutDown) };
        let (after, unmet) = conditions.inspect_err(|_| {
            if needs_time {
                ledger.schedule.need_time(false);
                self.wake_clock();
            }
        })?;
        ledger.add(Arc::clone(job));
        let core = job.core();
        let key = core.key();
        core.life.queue();
        core.life.watch();
        let group = options.group.as_ref().map(|name| {
            core.set_group(name.clone());
            ledger.schedule.group(name)
        });
        ledger.wait_graph.add(key, after.iter().map(|&(key, after)| Node { key, id: after.job }).collect());
        let deferred = Deferred { record: Arc::clone(job), start };
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
        if needs_time {
            self.wake_clock();
        }
        self.carry_out(actions);
        Ok(())
    }
}

/// The jobs to follow that have not ended, and the first that did not end as required.
type Conditions = (Vec<(Key, Predecessor)>, Option<(Predecessor, Outcome)>);

impl Ledger {
    /// Checks the jobs to follow, and marks those that have not ended as watched.
    fn conditions(&self, after: &[After], owner: usize) -> Result<Conditions, SpawnError> {
        let (mut open, mut unmet) = (Vec::new(), None);
        for after in after {
            let job = &after.job;
            let known = job.record().filter(|_| !job.is_foreign(owner));
            let record = known.map_or_else(|| self.find(job, owner), Ok).map_err(SpawnError::Unknown)?;
            let after = after.predecessor();
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

/// Stops an unlisted job if its task is dropped: a shutdown does not find it in the table.
struct UnlistedGuard {
    engine: Arc<Engine>,
    job: Option<Shared>,
}

impl Engine {
    /// Wraps an unlisted job's task so that dropping it stops the job.
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
            self.engine.stop_unstarted(&job, StopReason::ShutDown);
        }
    }
}

/// Logs a start as the original does; the logger is user code, so its panics are swallowed.
pub(crate) fn log_start(job: &Shared) {
    let id = job.core().id();
    if id != JobId::NONE && ::log::max_level() >= LevelFilter::Debug {
        panic::swallow(|| ::log::debug!(target: "bgjobs", "Starting job # {id} in a separate thread."));
    }
}
