//! What the manager, its handles and its workers share, and the life of a job in it.
//!
//! Knows nothing of what a body is: it is handed a closure.
//!
//! # The order at a finish
//!
//! 1. The worker counts itself idle, so that who reacts to the result finds a free worker.
//! 2. Under the ledger's lock the job moves to its list, the end is posted for the readers of notices, and the state is
//!    published.
//! 3. Without the lock, who waits is woken and alarms ring.
//!
//! Two promises follow from step 2. Who has joined a job finds it in the next report: the report waits for the
//! lock, behind the posting. Who was told of a job finds it finished: the telling waits for the lock, behind the
//! publishing.

use std::{
    cell::Cell,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    config::{Config, Options},
    error::{SpawnError, WaitError},
    failure::Failure,
    job::{AnyJob, JobId},
    name::Name,
    notice::Board,
    panic::{self, Quietly},
    platform::{nanos, own_cpu_time, thread_allowance, thread_id},
    policy::Admission,
    pool::{Closed, Pool, Refused, Take},
    record::{AnyRecord, Core, Record, Shared},
    state::Outcome,
    sync::{
        AtomicU64, AtomicUsize, Builder, Condvar, Mutex, Ordering, Parker, has_passed, lock, spin, thread_local,
        yield_now,
    },
    table::{List, Table},
    wait::{Signal, Waits},
};

/// How long a worker that ran dry searches, in rounds of [`spin`].
const WORKER_ROUNDS: u32 = 20;

/// How long a joiner looks before it sleeps, in rounds of [`spin`].
const JOINER_ROUNDS: u32 = 10;

/// How far the clock of a thread may run between two readings while jobs follow each other, in nanoseconds.
const CPU_SLACK: u64 = 1_000_000;

/// What a worker is handed: the job and its body.
type Task = Box<dyn FnOnce(&mut Worker) + Send>;

pub(crate) struct Engine {
    pub(crate) config: Config,
    /// The zero of the clock that stamps the jobs.
    pub(crate) epoch: Instant,
    /// The table, the lists and the notices; user code and destructors never run while it is held.
    pub(crate) ledger: Mutex<Ledger>,
    /// Tells sleeping readers of notices that something was posted.
    pub(crate) news: Condvar,
    /// How many ends were ever posted, readable without the lock.
    posted: AtomicU64,
    pool: Pool<Task>,
    pub(crate) waits: Waits,
    /// Up to how many live threads no limit of the system need be asked.
    allowance: AtomicUsize,
    /// How many threads with one job of their own live.
    lone_threads: AtomicUsize,
}

pub(crate) struct Ledger {
    pub(crate) table: Table<Shared>,
    pub(crate) board: Board<Shared>,
    /// Whether jobs may be started.
    open: bool,
}

/// A thread that runs bodies, seen from inside.
struct Worker {
    parker: Arc<Parker>,
    /// Whether it belongs to the pool; else it runs one job and ends.
    pooled: bool,
    thread: u32,
    /// When, by the manager's clock, the thread's processor time was read last, and what it was.
    cpu: Option<(u64, Duration)>,
}

thread_local! {
    /// The engine, by its address, and the job whose body runs on this thread.
    #[cfg_attr(not(bgjobs_loom), expect(clippy::missing_const_for_thread_local, reason = "loom's macro takes no `const`"))]
    static CURRENT: Cell<Option<(usize, JobId)>> = Cell::new(None);
}

impl Engine {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        panic::install_hook();
        Arc::new(Self {
            config,
            epoch: Instant::now(),
            ledger: Mutex::new(Ledger { table: Table::new(), board: Board::new(), open: true }),
            news: Condvar::new(),
            posted: AtomicU64::new(0),
            pool: Pool::new(),
            waits: Waits::new(),
            allowance: AtomicUsize::new(0),
            lone_threads: AtomicUsize::new(0),
        })
    }

    fn now(&self) -> u64 {
        nanos(self.epoch.elapsed())
    }

    pub(crate) fn posted(&self) -> u64 {
        self.posted.load(Ordering::Acquire)
    }

    /// How many threads the engine has.
    pub(crate) fn threads(&self) -> usize {
        self.pool.live() + self.lone_threads.load(Ordering::Relaxed)
    }

    /// The job whose body runs on this thread, if it is one of this engine.
    pub(crate) fn current(&self) -> Option<JobId> {
        let address = std::ptr::from_ref(self).addr();
        CURRENT.with(Cell::get).filter(|&(engine, _)| engine == address).map(|(_, id)| id)
    }
}

/// Starting.
impl Engine {
    /// Starts a job whose body is `body`; it is called with the job itself.
    pub(crate) fn launch<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        name: Name,
        options: &Options,
        body: impl FnOnce(&AnyJob) -> Result<T, Failure> + Send + 'static,
    ) -> Result<AnyJob, SpawnError> {
        if options.fresh_thread || options.stack_size.is_some() {
            return self.launch_alone(name, options, body);
        }
        let body = Quietly::new(body);
        let queued = self.admit()?;
        let Some(record) = self.enter(name, options.daemon) else {
            self.pool.retract();
            return Err(SpawnError::ShutDown);
        };
        let job = AnyJob::new(Arc::clone(&record) as Shared, Arc::clone(self));
        if queued {
            job.core().life.queue();
        }
        let engine = Arc::clone(self);
        // If a shutdown has come between, it has settled the job, and the task comes back to be dropped.
        if let Ok(Some(sleeper)) = self.pool.push(Box::new(move |worker| engine.run(&record, body, worker))) {
            sleeper.unpark();
        }
        Ok(job)
    }

    /// Finds a thread for a job; true if the job must queue until one is free.
    fn admit(self: &Arc<Self>) -> Result<bool, SpawnError> {
        let mut tries = 0;
        loop {
            match self.pool.admit(tries) {
                Err(Closed) => return Err(SpawnError::ShutDown),
                Ok(Admission::Ready) => return Ok(false),
                Ok(Admission::Yield) => {
                    tries += 1;
                    yield_now();
                }
                Ok(Admission::Grow) => {
                    let Err(error) = self.make_worker() else { return Ok(false) };
                    return match self.pool.refused() {
                        Refused::Ready => Ok(false),
                        Refused::Queue => Ok(true),
                        Refused::Fail => Err(SpawnError::NoThread(error)),
                    };
                }
            }
        }
    }

    /// Gives a job its number and its place in the table; none after a shutdown.
    fn enter<T: Send + Sync + 'static>(&self, name: Name, daemon: bool) -> Option<Arc<Record<T>>> {
        let created = self.now();
        let mut ledger = lock(&self.ledger);
        if !ledger.open {
            return None;
        }
        let id = JobId::from(ledger.table.next_number());
        let record = Arc::new(Record::new(Core::new(id, name, daemon, created)));
        ledger.table.insert(Arc::clone(&record) as Shared);
        drop(ledger);
        ::log::debug!(target: "bgjobs", "Starting job # {id} in a separate thread.");
        Some(record)
    }

    /// Starts a job on a thread of its own, which is there before the job has its number.
    fn launch_alone<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        name: Name,
        options: &Options,
        body: impl FnOnce(&AnyJob) -> Result<T, Failure> + Send + 'static,
    ) -> Result<AnyJob, SpawnError> {
        let (hand_over, take_over) = std::sync::mpsc::sync_channel::<Arc<Record<T>>>(1);
        let engine = Arc::clone(self);
        let body = Quietly::new(body);
        let alone = move || {
            if let Ok(record) = take_over.recv() {
                engine.run(&record, body, &mut Worker::new(false));
            }
            engine.lone_threads.fetch_sub(1, Ordering::Relaxed);
        };
        self.lone_threads.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.make_thread(&name, options.stack_size, alone) {
            self.lone_threads.fetch_sub(1, Ordering::Relaxed);
            return Err(SpawnError::NoThread(error));
        }
        let record = self.enter(name, options.daemon).ok_or(SpawnError::ShutDown)?;
        let job = AnyJob::new(Arc::clone(&record) as Shared, Arc::clone(self));
        hand_over.send(record).expect("the thread waits for its job");
        Ok(job)
    }
}

/// Threads.
impl Engine {
    fn make_worker(self: &Arc<Self>) -> io::Result<()> {
        let engine = Arc::clone(self);
        self.make_thread("bgjobs", None, move || engine.work())
    }

    fn make_thread(
        self: &Arc<Self>,
        name: &str,
        stack_size: Option<usize>,
        run: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let live = self.threads();
        if live >= self.allowance.load(Ordering::Relaxed) {
            let allowance = thread_allowance(live);
            self.allowance.store(allowance, Ordering::Relaxed);
            if live >= allowance {
                let text = format!("{live} threads live, and the system has no memory mappings left for another");
                return Err(io::Error::new(io::ErrorKind::WouldBlock, text));
            }
        }
        // A thread's name ends at its first zero.
        let name = name.split('\0').next().unwrap_or_default();
        let mut builder = Builder::new().name(name.to_owned());
        if let Some(size) = stack_size.or(self.config.stack_size) {
            builder = builder.stack_size(size);
        }
        builder.spawn(run).map(drop)
    }

    /// The life of a worker of the pool.
    fn work(self: Arc<Self>) {
        let mut worker = Worker::new(true);
        let mut has_searched = false;
        loop {
            match self.pool.take(&worker.parker, has_searched) {
                Take::Run(task, sleeper) => {
                    if let Some(sleeper) = sleeper {
                        sleeper.unpark();
                    }
                    task(&mut worker);
                    has_searched = false;
                }
                Take::Search => {
                    spin(WORKER_ROUNDS, || self.pool.has_tasks());
                    has_searched = true;
                }
                Take::Sleep => {
                    while !worker.parker.park(Instant::now().checked_add(self.config.idle_timeout)) {
                        if self.pool.leave(&worker.parker) {
                            return;
                        }
                    }
                    has_searched = false;
                }
                Take::Leave => return,
            }
        }
    }

    /// Makes a worker that is done with a job idle, and a thread for a job that was refused one.
    fn release(self: &Arc<Self>, worker: &Worker) {
        if worker.pooled && self.pool.finish() && self.make_worker().is_err() {
            self.pool.refused_again();
        }
    }
}

/// Running and ending.
impl Engine {
    /// Runs the body of a job from its start to its end, unless the job was settled before it started.
    fn run<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        record: &Arc<Record<T>>,
        body: Quietly<impl FnOnce(&AnyJob) -> Result<T, Failure>>,
        worker: &mut Worker,
    ) {
        let core = record.core();
        if !core.life.claim() {
            self.release(worker);
            return;
        }
        let started = self.now();
        core.seat(worker.thread, worker.cpu_at(started, self.config.measure_cpu));
        core.life.start(started);

        let job = AnyJob::new(Arc::clone(record) as Shared, Arc::clone(self));
        CURRENT.with(|current| current.set(Some((std::ptr::from_ref(&**self).addr(), core.id))));
        let result = panic::catch(|| body.into_inner()(&job)).flatten();
        CURRENT.with(|current| current.set(None));

        let used = if self.config.measure_cpu { own_cpu_time() } else { None };
        core.unseat(used);
        core.end_log();
        let outcome = record.settle(result);
        self.release(worker);
        self.finish(core, outcome);
    }

    /// Publishes the end of a job whose outcome is set.
    fn finish(&self, core: &Core, outcome: Outcome) {
        let now = self.now();
        let list = if outcome == Outcome::Done { List::Completed } else { List::Dead };
        let mut alarms = Vec::new();
        let mut ledger = lock(&self.ledger);
        let Ledger { table, board, .. } = &mut *ledger;
        let number = core.id.get();
        table.move_to(number, list);
        if board.has_readers()
            && let Some(record) = table.get(number)
        {
            alarms = board.post(Arc::clone(record));
            self.posted.store(board.end(), Ordering::Release);
            if board.sleeping > 0 {
                self.news.notify_all();
            }
        }
        let awaited = core.life.end(outcome, now);
        drop(ledger);
        if awaited {
            self.waits.wake(core.id, Signal::End);
        }
        for alarm in alarms {
            // An alarm is the host's; its panic must not end the worker.
            panic::drop_quietly(panic::catch(|| alarm()));
        }
    }

    /// Ends a job that has not started, if it is still to be had.
    pub(crate) fn settle_unstarted(&self, record: &dyn AnyRecord, reason: &Name) {
        let core = record.core();
        if core.life.claim() {
            record.fail(Failure::stopped(&**reason));
            self.finish(core, Outcome::Stopped);
        }
    }
}

/// Waiting.
impl Engine {
    /// Waits until `record` has ended; `hearing` is the job that waits and wants to hear its own stop.
    pub(crate) fn wait(
        &self,
        record: &dyn AnyRecord,
        timeout: Option<Duration>,
        hearing: Option<&Core>,
    ) -> Result<(), WaitError> {
        let core = record.core();
        if core.life.state().is_finished() {
            return Ok(());
        }
        let current = self.current();
        if current == Some(core.id) {
            return Err(WaitError::Itself(core.id));
        }
        let is_over = || core.life.state().is_finished() || hearing.is_some_and(|own| own.life.is_stopping());
        let began = Instant::now();
        let deadline = timeout.and_then(|timeout| began.checked_add(timeout));
        if spin(JOINER_ROUNDS, is_over) || has_passed(deadline) {
            return Self::waited(core, began, hearing);
        }
        // With a deadline even a ring of joins ends.
        let joiner = current.filter(|_| deadline.is_none());
        if let Some(joiner) = joiner {
            self.waits.begin_join(joiner, core.id).map_err(WaitError::Ring)?;
        }
        let parker = Parker::new();
        let stop = hearing.map(|own| self.waits.register(own.id, Signal::Stop, parker.waker()));
        let end = self.waits.register(core.id, Signal::End, parker.waker());
        if core.life.await_end() {
            while !is_over() && parker.park(deadline) {}
        }
        self.waits.unregister(end);
        if let Some(stop) = stop {
            self.waits.unregister(stop);
        }
        if let Some(joiner) = joiner {
            self.waits.end_join(joiner);
        }
        Self::waited(core, began, hearing)
    }

    /// What came of a wait that is over.
    fn waited(core: &Core, began: Instant, hearing: Option<&Core>) -> Result<(), WaitError> {
        if core.life.state().is_finished() {
            return Ok(());
        }
        if let Some(own) = hearing {
            own.check().map_err(WaitError::Stopped)?;
        }
        Err(WaitError::TimedOut { after: began.elapsed(), running: vec![core.id] })
    }

    /// Lets a body sleep for `time`, or until it is asked to stop.
    pub(crate) fn sleep(&self, core: &Core, time: Duration) {
        let deadline = Instant::now().checked_add(time);
        let parker = Parker::new();
        let ticket = self.waits.register(core.id, Signal::Stop, parker.waker());
        while !core.life.is_stopping() && parker.park(deadline) {}
        self.waits.unregister(ticket);
    }
}

/// Leaving.
impl Engine {
    /// Waits for the non-daemon jobs but `except`, then admits nothing more, settles what has not started and sends the
    /// idle workers home.
    pub(crate) fn shut_down(&self, except: Option<JobId>) {
        let mut excepted = Vec::from_iter(except);
        let left: Vec<Shared> = loop {
            let mut ledger = lock(&self.ledger);
            let is_awaited = |core: &Core| !core.daemon && !excepted.contains(&core.id);
            let record = ledger.table.list(List::Running).find(|record| is_awaited(record.core())).cloned();
            let Some(record) = record else {
                ledger.open = false;
                break ledger.table.list(List::Running).cloned().collect();
            };
            drop(ledger);
            if self.wait(&*record, None, None).is_err() {
                // It waits for the job that shuts down: neither would ever end.
                excepted.push(record.core().id);
            }
        };
        let reason = Name::from("the manager was shut down");
        for record in left.iter().filter(|record| record.core().daemon) {
            self.ask_stop(record, &reason);
        }
        let (tasks, sleepers) = self.pool.close();
        drop(tasks);
        for sleeper in sleepers {
            sleeper.unpark();
        }
    }

    /// Asks a job to stop; true for the first who asks. One that has not started ends at once.
    pub(crate) fn ask_stop(&self, record: &Shared, reason: &Name) -> bool {
        let core = record.core();
        let first = core.ask_stop(reason.clone(), self.config.log_bytes);
        if first {
            self.waits.wake(core.id, Signal::Stop);
            self.settle_unstarted(&**record, reason);
        }
        first
    }

    /// Lets go of all jobs.
    pub(crate) fn forget_all(&self) {
        let table = std::mem::replace(&mut lock(&self.ledger).table, Table::new());
        drop(table);
    }
}

impl Worker {
    fn new(pooled: bool) -> Self {
        Self { parker: Parker::new(), pooled, thread: thread_id(), cpu: None }
    }

    /// The processor time that the thread has used at `now`, read anew if the last reading is too old.
    fn cpu_at(&mut self, now: u64, exactly: bool) -> Option<Duration> {
        let is_fresh = |&(read, _): &(u64, Duration)| !exactly && now.saturating_sub(read) <= CPU_SLACK;
        self.cpu = self.cpu.filter(is_fresh).or_else(|| Some((now, own_cpu_time()?)));
        self.cpu.map(|(_, time)| time)
    }
}
