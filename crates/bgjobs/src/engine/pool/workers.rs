//! The threads that run tasks: how they are made, take tasks, search, sleep and end.
//!
//! Knows nothing of jobs; it carries out what the pool decides.
//! Each task is called with the owner of the workers; the worker's thread holds the owner, so tasks need not.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use crossbeam_utils::CachePadded;

use crate::{
    config::{Config, PanicHook},
    engine::pool::{
        Closed, Pool, Refused,
        policy::{Admission, Growth},
    },
    error::SpawnError,
    system::{
        panic,
        platform::{ThreadPermit, own_cpu_time, thread_id},
        sync::{AtomicUsize, Builder, Ordering, Parker, yield_now},
    },
};

/// While tasks follow each other, a thread's processor time is read again after this many nanoseconds.
const CPU_SLACK: u64 = 1_000_000;

/// What a worker runs; it calls [`Workers::release`] before it publishes its result.
pub(crate) type Task<O> = Box<dyn FnOnce(&Arc<O>, &mut Worker) + Send>;

/// The workers of one owner.
pub(crate) struct Workers<O> {
    /// The owner holds the workers, and each thread holds the owner.
    owner: Weak<O>,
    /// Padded, because submitters and workers write it all the time, which would slow down its neighbours in memory.
    pool: CachePadded<Pool<Task<O>>>,
    stack_size: Option<usize>,
    idle_timeout: Duration,
    panic_hook: PanicHook,
    /// How many threads live that run a single task.
    lone: AtomicUsize,
}

/// A thread that runs tasks, as its tasks see it.
pub(crate) struct Worker {
    parker: Arc<Parker>,
    /// Whether it belongs to the pool; otherwise it runs one task and ends.
    pooled: bool,
    /// The system's number of the thread.
    pub(crate) thread: u32,
    /// The manager's time at the last reading of the thread's processor time, and that reading, both in nanoseconds.
    cpu: Option<(u64, u64)>,
}

impl Worker {
    fn new(pooled: bool) -> Self {
        Self { parker: Parker::new(), pooled, thread: thread_id(), cpu: None }
    }

    /// The processor time that the thread has used at `now`, in nanoseconds; read again if `exactly`, or if the last
    /// reading is too old.
    pub(crate) fn cpu_at(&mut self, now: u64, exactly: bool) -> Option<u64> {
        if exactly || self.cpu.is_none_or(|(read, _)| now.saturating_sub(read) > CPU_SLACK) {
            self.cpu = own_cpu_time().map(|time| (now, time));
        }
        self.cpu.map(|(_, time)| time)
    }
}

impl<O: Send + Sync + 'static> Workers<O> {
    pub(crate) fn new(config: &Config, owner: Weak<O>) -> Arc<Self> {
        Arc::new(Self {
            owner,
            pool: CachePadded::new(Pool::new(Growth::Ahead)),
            stack_size: config.stack_size,
            idle_timeout: config.idle_timeout,
            panic_hook: config.panic_hook,
            lone: AtomicUsize::new(0),
        })
    }

    /// How many threads live, busy or idle.
    pub(crate) fn live(&self) -> usize {
        self.pool.live() + self.lone.load(Ordering::Relaxed)
    }

    /// Finds a thread for a task that comes with the next [`push`](Self::push); true if the task must queue until a
    /// worker is free, because the system refuses another thread.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<bool, SpawnError> {
        let mut tries = 0;
        loop {
            match self.pool.admit(tries) {
                Err(Closed) => return Err(SpawnError::ShutDown),
                Ok(Admission::Ready) => return Ok(false),
                Ok(Admission::Yield) => {
                    tries += 1;
                    yield_now();
                }
                Ok(Admission::Wake) => {
                    tries = 0;
                    wake(self.pool.call_sleeper());
                }
                Ok(Admission::Grow) => {
                    // A new thread takes the oldest task, so threads owed to older tasks come first.
                    let Err(error) = self.grow() else { return Ok(self.pool.made() && !self.grow_for_refused()) };
                    let (refused, sleeper) = self.pool.refused();
                    wake(sleeper);
                    return match refused {
                        Refused::Ready => Ok(false),
                        Refused::Queue => Ok(true),
                        Refused::Fail => Err(SpawnError::NoThread(error)),
                    };
                }
            }
        }
    }

    /// Withdraws an admission.
    pub(crate) fn retract(&self) {
        self.pool.retract();
    }

    /// Hands over an admitted task; after a [`close`](Self::close) it is dropped.
    pub(crate) fn push(&self, task: Task<O>) {
        if let Ok(call) = self.pool.push(task) {
            wake(call.sleeper());
        }
    }

    /// Counts a worker that is done with its task as idle; true if the caller must call
    /// [`grow_for_refused`](Self::grow_for_refused) soon.
    #[must_use]
    pub(crate) fn release(&self, worker: &Worker) -> bool {
        worker.pooled && self.pool.finish()
    }

    /// Counts a released worker as busy again, because it has to run user code.
    pub(crate) fn resume(self: &Arc<Self>, worker: &Worker) {
        if !worker.pooled {
            return;
        }
        let (grows, sleeper) = self.pool.resume();
        wake(sleeper);
        if grows {
            self.grow_for_refused();
        }
    }

    /// Makes threads for tasks that were refused one; the pool has counted the first. False if the system refuses
    /// again.
    pub(crate) fn grow_for_refused(self: &Arc<Self>) -> bool {
        loop {
            if self.grow().is_err() {
                wake(self.pool.refused_again());
                return false;
            }
            if !self.pool.made() {
                return true;
            }
        }
    }

    /// Runs `task` on a new thread that ends with it.
    pub(crate) fn run_alone(
        self: &Arc<Self>,
        name: &str,
        stack_size: Option<usize>,
        task: impl FnOnce(&Arc<O>, &mut Worker) + Send + 'static,
    ) -> io::Result<()> {
        self.make_thread(name, stack_size, Lone::count(self, task))
    }

    /// Runs `task` on a new thread of `scope` that ends with it.
    pub(crate) fn run_scoped<'scope>(
        self: &Arc<Self>,
        scope: &'scope thread::Scope<'scope, '_>,
        name: &str,
        task: impl FnOnce(&Arc<O>, &mut Worker) + Send + 'scope,
    ) -> io::Result<()> {
        let run = self.prepare(Lone::count(self, task))?;
        let mut builder = thread::Builder::new().name(thread_name(name));
        if let Some(size) = self.stack_size {
            builder = builder.stack_size(size);
        }
        builder.spawn_scoped(scope, run).map(drop)
    }

    /// Closes the pool to new tasks and lets the idle workers end; returns the tasks that never ran.
    pub(crate) fn close(&self) -> VecDeque<Task<O>> {
        let (tasks, sleepers) = self.pool.close();
        for sleeper in sleepers {
            sleeper.unpark();
        }
        tasks
    }

    fn grow(self: &Arc<Self>) -> io::Result<()> {
        let workers = Arc::clone(self);
        self.make_thread("bgjobs", None, move |owner| workers.work(owner))
    }

    fn make_thread(
        &self,
        name: &str,
        stack_size: Option<usize>,
        run: impl FnOnce(&Arc<O>) + Send + 'static,
    ) -> io::Result<()> {
        let run = self.prepare(run)?;
        let mut builder = Builder::new().name(thread_name(name));
        if let Some(size) = stack_size.or(self.stack_size) {
            builder = builder.stack_size(size);
        }
        builder.spawn(run).map(drop)
    }

    /// What a new thread runs, if the system has room for one.
    fn prepare<'a>(&self, run: impl FnOnce(&Arc<O>) + Send + 'a) -> io::Result<impl FnOnce() + Send + 'a> {
        let permit = ThreadPermit::take()?;
        if permit.is_first() {
            // No job can panic now.
            panic::hook_to_front();
        }
        let owner = self.owner.upgrade().expect("the caller holds the owner");
        let shows = self.panic_hook.shows();
        Ok(move || {
            panic::show_on_this_thread(shows);
            run(&owner);
            drop((owner, permit));
        })
    }

    /// The loop of a worker of the pool.
    fn work(&self, owner: &Arc<O>) {
        let mut worker = Worker::new(true);
        while let Some((task, call)) = self.pool.wait_for_task(&worker.parker, self.idle_timeout) {
            wake(call.sleeper());
            task(owner, &mut worker);
        }
    }
}

/// Counts a thread that runs a single task, while it lives.
struct Lone<O: Send + Sync + 'static>(Arc<Workers<O>>);

impl<O: Send + Sync + 'static> Lone<O> {
    /// The task of a thread that is counted until the task has run, or is dropped.
    fn count<'a>(
        workers: &Arc<Workers<O>>,
        task: impl FnOnce(&Arc<O>, &mut Worker) + Send + 'a,
    ) -> impl FnOnce(&Arc<O>) + Send + 'a {
        workers.lone.fetch_add(1, Ordering::Relaxed);
        let counted = Self(Arc::clone(workers));
        move |owner| {
            task(owner, &mut Worker::new(false));
            drop(counted);
        }
    }
}

impl<O: Send + Sync + 'static> Drop for Lone<O> {
    fn drop(&mut self) {
        self.0.lone.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A name for a thread, which must not contain a zero.
fn thread_name(name: &str) -> String {
    name.split('\0').next().unwrap_or_default().to_owned()
}

/// Wakes the sleeper that the pool named, if any.
fn wake(sleeper: Option<Arc<Parker>>) {
    if let Some(sleeper) = sleeper {
        sleeper.unpark();
    }
}
