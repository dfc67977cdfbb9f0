//! What the manager, its handles and its workers share, and the life of a job in it.
//!
//! Knows nothing of what a body is: it is handed a closure.
//!
//! # The order at a finish
//!
//! 1. The worker counts itself idle, so that whoever reacts to the result finds a free worker.
//! 2. Under the ledger's lock the job moves to its list, the end is posted for the readers of notices, and the state is
//!    published.
//! 3. Without the lock, threads that wait are woken. If there is code of the user's to call (wakers of futures, alarms,
//!    the destructor of a result that nobody else holds), the worker is busy again meanwhile.
//!
//! Two promises follow from step 2. Whoever has joined a job finds it in the next report: the report waits for the
//! lock, behind the posting. Whoever was told of a job finds it finished: the telling waits for the lock, behind the
//! publishing.

pub(crate) mod clock;
pub(crate) mod dispatch;
pub(crate) mod guests;
pub(crate) mod trace;
pub(crate) mod waiting;

use std::{
    cell::Cell,
    cmp::Reverse,
    sync::{Arc, Weak},
    time::Instant,
};

use crossbeam_utils::CachePadded;

use crate::{
    board::Board,
    config::{Config, Options},
    engine::{dispatch::Deferred, guests::Guests},
    error::SpawnError,
    failure::Failure,
    id::JobId,
    joins::{Joiner, Joins},
    log::Log,
    name::Name,
    panic::{self, Quietly},
    platform::{monotonic, own_cpu_time},
    pool::workers::{Worker, Workers},
    record::{AnyRecord, Core, Key, Record, Shared},
    schedule::Schedule,
    state::{Outcome, State},
    sync::{AtomicU64, Condvar, Mutex, Ordering, lock, thread_local},
    table::{List, Table},
    wait::{Signal, Waits},
};

/// Why a job is stopped when its manager goes.
pub(crate) const SHUT_DOWN: &str = "the manager was shut down";

pub(crate) struct Engine {
    pub(crate) config: Config,
    /// The zero of the clock that stamps the jobs.
    pub(crate) epoch: Instant,
    /// The same moment as the system's clock tells it.
    zero: u64,
    /// The table, the lists and the notices; user code and destructors never run while it is held.
    pub(crate) ledger: CachePadded<Mutex<Ledger>>,
    /// Tells sleeping readers of notices that something was posted.
    pub(crate) news: Condvar,
    /// How many ends were ever posted, readable without the lock.
    posted: AtomicU64,
    /// How many jobs were started that are in no list.
    unlisted: AtomicU64,
    /// Tells the thread that tells the time that there is something else to wait for.
    pub(crate) clock: Condvar,
    pub(crate) workers: Arc<Workers<Self>>,
    pub(crate) waits: Waits,
}

pub(crate) struct Ledger {
    pub(crate) table: Table<Shared>,
    pub(crate) board: Board<Shared>,
    pub(crate) schedule: Schedule<Deferred>,
    pub(crate) joins: Joins,
    /// Whether jobs may be started.
    pub(crate) open: bool,
    /// Whether a thread tells the schedule the time.
    pub(crate) has_clock: bool,
}

impl Ledger {
    /// Gives a job its number and its place in the table.
    pub(crate) fn add(&mut self, record: Shared) -> JobId {
        let id = JobId::from(self.table.next_number());
        record.core().set_id(id);
        self.table.insert(record);
        id
    }
}

thread_local! {
    /// The job whose body runs on this thread.
    #[cfg_attr(not(bgjobs_loom), expect(clippy::missing_const_for_thread_local, reason = "loom's macro takes no `const`"))]
    static CURRENT: Cell<Option<Current>> = Cell::new(None);
}

/// A job whose body runs, and its engine, by its address.
#[derive(Clone, Copy)]
struct Current {
    engine: usize,
    job: Key,
    /// As it was when the body began.
    id: JobId,
    /// Whether the schedule knew it then.
    watched: bool,
}

impl Engine {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        panic::install_hook();
        Arc::new_cyclic(|engine| Self {
            workers: Workers::new(&config, Weak::clone(engine)),
            config,
            epoch: Instant::now(),
            zero: monotonic(),
            ledger: CachePadded::new(Mutex::new(Ledger {
                table: Table::new(),
                board: Board::new(),
                schedule: Schedule::new(),
                joins: Joins::default(),
                open: true,
                has_clock: false,
            })),
            news: Condvar::new(),
            posted: AtomicU64::new(0),
            unlisted: AtomicU64::new(0),
            clock: Condvar::new(),
            waits: Waits::new(),
        })
    }

    pub(crate) fn now(&self) -> u64 {
        monotonic().saturating_sub(self.zero)
    }

    pub(crate) fn posted(&self) -> u64 {
        self.posted.load(Ordering::Acquire)
    }

    /// The job whose body runs on this thread, if it is one of this engine.
    pub(crate) fn current(&self) -> Option<Joiner> {
        let current = self.here()?;
        let listed_since = || {
            let ledger = lock(&self.ledger);
            let mut running = ledger.table.list(List::Running);
            running.find(|record| record.core().key() == current.job).map(|record| record.core().id())
        };
        let id = if current.id == JobId::NONE { listed_since().unwrap_or(JobId::NONE) } else { current.id };
        Some(Joiner { key: current.job, id })
    }

    /// The job whose body runs on this thread, if it may have a place in a group.
    pub(crate) fn current_with_place(&self) -> Option<Key> {
        self.here().filter(|current| current.watched).map(|current| current.job)
    }

    fn here(&self) -> Option<Current> {
        CURRENT.with(Cell::get).filter(|current| current.engine == self.address())
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

/// Starting.
impl Engine {
    /// Starts a job whose body is `body`; it is called with the job's record and the engine.
    pub(crate) fn launch<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        name: Name,
        options: &Options,
        body: impl FnOnce(&Arc<Record<T>>, &Arc<Self>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Shared, SpawnError> {
        if options.is_scheduled() {
            return self.defer(name, options, body);
        }
        if options.fresh_thread || options.stack_size.is_some() {
            return self.launch_alone(name, options, body);
        }
        let body = Quietly::new(body);
        let queued = self.workers.admit()?;
        let Some(record) = self.enter(name, options) else {
            self.workers.retract();
            return Err(SpawnError::ShutDown);
        };
        if queued {
            record.core().life.queue();
        }
        let job = Arc::clone(&record) as Shared;
        let unlisted =
            options.unlisted.then(|| Box::new(Unstarted { engine: Arc::clone(self), job: Some(Arc::clone(&job)) }));
        // If a shutdown has come between, it has settled the job, and the task is dropped.
        self.workers.push(Box::new(move |engine, worker| {
            if let Some(unlisted) = unlisted {
                unlisted.starts();
            }
            engine.run(record, body, worker);
        }));
        tell_start(&job);
        Ok(job)
    }

    /// Gives a job its number and its place in the table, unless it is not to be listed; none after a shutdown.
    pub(crate) fn enter<T: Send + Sync + 'static>(&self, name: Name, options: &Options) -> Option<Arc<Record<T>>> {
        let unlisted = options.unlisted.then(|| self.unlisted.fetch_add(1, Ordering::Relaxed));
        // All that can be done before the lock is.
        let record = self.new_record(unlisted, name, options, self.now());
        let entry = Arc::clone(&record) as Shared;
        let mut ledger = lock(&self.ledger);
        if !ledger.open {
            return None;
        }
        if unlisted.is_none() {
            ledger.add(entry);
        }
        drop(ledger);
        if options.log_file.is_some() {
            record.core().open_log_file();
        }
        Some(record)
    }

    /// The record of a job that is about to be known; `unlisted` tells one that is in no list from others.
    pub(crate) fn new_record<T>(
        &self,
        unlisted: Option<u64>,
        name: Name,
        options: &Options,
        created: u64,
    ) -> Arc<Record<T>> {
        let core = Core::new(unlisted, name, options.daemon, created);
        if let Some(path) = &options.log_file {
            core.keep_log(Log::with_file(self.config.log_bytes, path, self.config.log_file_bytes));
        }
        Arc::new(Record::new(core))
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
        tell_start(record);
        Some(id)
    }

    /// Starts a job on a thread of its own, which is there before the job has its number.
    fn launch_alone<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        name: Name,
        options: &Options,
        body: impl FnOnce(&Arc<Record<T>>, &Arc<Self>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Shared, SpawnError> {
        let (hand_over, take_over) = std::sync::mpsc::sync_channel::<Arc<Record<T>>>(1);
        let body = Quietly::new(body);
        let alone = move |engine: &Arc<Self>, worker: &mut Worker| {
            if let Ok(record) = take_over.recv() {
                engine.run(record, body, worker);
            }
        };
        self.workers.run_alone(&name, options.stack_size, alone).map_err(SpawnError::NoThread)?;
        let record = self.enter(name, options).ok_or(SpawnError::ShutDown)?;
        let job = Arc::clone(&record) as Shared;
        hand_over.send(record).expect("the thread waits for its job");
        tell_start(&job);
        Ok(job)
    }
}

/// A job that no shutdown finds in the table: if its task is dropped it is settled.
struct Unstarted {
    engine: Arc<Engine>,
    job: Option<Shared>,
}

impl Unstarted {
    fn starts(mut self) {
        self.job = None;
    }
}

impl Drop for Unstarted {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.engine.stop_unstarted(&job, SHUT_DOWN);
        }
    }
}

/// Logs what the original logs; last of all, because the logger is the user's and may panic.
pub(crate) fn tell_start(job: &Shared) {
    let id = job.core().id();
    if id != JobId::NONE {
        ::log::debug!(target: "bgjobs", "Starting job # {id} in a separate thread.");
    }
}

/// Running and ending.
impl Engine {
    /// Runs the body of a job from its start to its end, unless the job was settled before it started.
    pub(crate) fn run<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        record: Arc<Record<T>>,
        body: Quietly<impl FnOnce(&Arc<Record<T>>, &Arc<Self>) -> Result<T, Failure>>,
        worker: &mut Worker,
    ) {
        let core = record.core();
        if !core.life.claim() {
            drop((record, body));
            if self.workers.release(worker) {
                self.workers.grow_for_refused();
            }
            return;
        }
        let started = self.now();
        core.seat(worker.thread, worker.cpu_at(started, self.config.measure_cpu));
        core.life.start(started);
        trace::started(core);
        let watched = core.life.is_watched();
        if watched {
            self.note_begin(core.key(), started);
        }

        let current = Current { engine: self.address(), job: core.key(), id: core.id(), watched };
        CURRENT.with(|slot| slot.set(Some(current)));
        let in_job = || {
            let _inside = trace::enter(core);
            body.into_inner()(&record, self)
        };
        let result = panic::catch(in_job).map_err(Failure::panicked).flatten();
        CURRENT.with(|current| current.set(None));

        let used = if self.config.measure_cpu { own_cpu_time() } else { None };
        core.unseat(used);
        core.fall_silent();
        trace::ended(core, result.as_ref().err(), || self.now());
        let outcome = record.settle(result);
        let owes_growth = self.workers.release(worker);
        let guests = self.finish(record, outcome);
        if owes_growth {
            self.workers.grow_for_refused();
        }
        self.call(guests, Some(worker));
    }

    /// Starts a job whose body is run elsewhere, unless it was settled before.
    pub(crate) fn begin(&self, core: &Core) -> bool {
        let claimed = core.life.claim();
        if claimed {
            core.life.start(self.now());
            trace::started(core);
        }
        claimed
    }

    /// Ends a job whose body was run elsewhere.
    pub(crate) fn end(&self, record: Arc<Record<()>>, result: Result<(), Failure>) {
        record.core().fall_silent();
        trace::ended(record.core(), result.as_ref().err(), || self.now());
        let outcome = record.settle(result);
        self.call(self.finish(record, outcome), None);
    }

    /// Publishes the end of a job whose outcome is set; returns what is to be called then.
    #[must_use]
    pub(crate) fn finish(&self, record: Shared, outcome: Outcome) -> Option<Box<Guests>> {
        let now = self.now();
        let list = if outcome == Outcome::Done { List::Completed } else { List::Dead };
        let mut guests: Option<Box<Guests>> = None;
        let mut ledger = lock(&self.ledger);
        let Ledger { table, board, schedule, joins, .. } = &mut *ledger;
        let id = record.core().id();
        let is_listed = table.move_to(id.get(), list);
        if id != JobId::NONE && board.has_readers() {
            guests.get_or_insert_default().alarms = board.post(Arc::clone(&record));
            self.posted.store(board.end(), Ordering::Release);
            if board.sleeping > 0 {
                self.news.notify_all();
            }
        }
        let ended = record.core().life.end(outcome, now);
        let key = record.core().key();
        if ended.watched {
            joins.end(key);
            guests.get_or_insert_default().steps = schedule.end(key, outcome);
            if !schedule.needs_time() {
                self.wake_clock();
            }
        }
        // While the table holds the record this is not the last of it, so the result is not dropped here, but by whoever
        // takes it out of the table. Else it is dropped below.
        if is_listed {
            drop(record);
        } else {
            guests.get_or_insert_default().kept = Some(record);
        }
        drop(ledger);
        if ended.awaited {
            let wakers = self.waits.wake(key, Signal::End);
            if !wakers.is_empty() {
                guests.get_or_insert_default().wakers = wakers;
            }
        }
        guests
    }

    /// Ends a job that has not started, if it is still to be had; returns what is to be called then.
    #[must_use]
    pub(crate) fn settle_unstarted(&self, record: &Shared, why: impl FnOnce() -> Failure) -> Option<Box<Guests>> {
        if !record.core().life.claim() {
            return None;
        }
        let failure = why();
        trace::ended(record.core(), Some(&failure), || self.now());
        let outcome = record.fail(failure);
        self.finish(Arc::clone(record), outcome)
    }

    /// Stops a job that has not started, if it is still to be had.
    fn stop_unstarted(&self, record: &Shared, reason: &str) {
        self.call(self.settle_unstarted(record, || Failure::stopped(reason)), None);
    }
}

/// Leaving.
impl Engine {
    /// Waits for the non-daemon jobs but `except`, then admits nothing more, settles what has not started and sends the
    /// idle workers home.
    pub(crate) fn shut_down(&self, except: Option<JobId>) {
        let reason = Name::from(SHUT_DOWN);
        let mut excepted = Vec::from_iter(except);
        // What is paused would be waited for, and nobody be left to resume it.
        let steps = lock(&self.ledger).schedule.leave();
        self.carry_out(steps);
        let mut left: Vec<Shared> = loop {
            let mut ledger = lock(&self.ledger);
            let is_awaited = |core: &Core| !core.daemon && !excepted.contains(&core.id());
            let record = ledger.table.list(List::Running).find(|record| is_awaited(record.core())).cloned();
            let Some(record) = record else {
                ledger.open = false;
                break ledger.table.list(List::Running).cloned().collect();
            };
            drop(ledger);
            if except.is_some() && record.core().life.state() == State::Queued {
                // The thread that it waits for may be that of the job that shuts down.
                self.ask_stop(&record, &reason);
            } else if self.wait(&*record, None, None, None).is_err() {
                // It waits for the job that shuts down: neither would ever end.
                excepted.push(record.core().id());
            }
        };
        self.news.notify_all();
        self.wake_clock();
        left.retain(|record| record.core().daemon);
        // The newest first, because they may be to follow older ones, whose stop would be their failure.
        left.sort_unstable_by_key(|record| Reverse(record.core().id()));
        for record in &left {
            self.ask_stop(record, &reason);
        }
        drop(self.workers.close());
    }

    /// Asks a job to stop; true for the first who asks. One that has not started ends at once.
    pub(crate) fn ask_stop(&self, record: &Shared, reason: &Name) -> bool {
        let core = record.core();
        let first = core.ask_stop(reason.clone());
        if first {
            trace::asked_to_stop(core, reason);
            for waker in self.waits.wake(core.key(), Signal::Stop) {
                panic::swallow(|| waker.wake());
            }
            self.stop_unstarted(record, reason);
        }
        first
    }

    /// Lets go of all jobs.
    pub(crate) fn forget_all(&self) {
        let all = lock(&self.ledger).table.take_all();
        drop(all);
    }
}
