//! The ways to run a closure on another thread and get its result, including bgjobs.
//!
//! Does not know what is timed. Runners are cheap to clone, so that jobs can start other jobs.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use bgjobs::{Config, Handle, Job, JobManager};
use crossbeam_utils::thread::{Scope, ScopedJoinHandle};
use futures_lite::future::block_on;

use crate::runner::{Peer, Runner};

/// The channel that returns a job's result in libraries without job handles. Each job has its own, so that a caller can wait
/// for a particular result.
type Receiver = mpsc::Receiver<usize>;

/// A body that sends its result.
fn sending(body: impl FnOnce() -> usize + Send + 'static) -> (impl FnOnce() + Send + 'static, Receiver) {
    let (sender, receiver) = mpsc::sync_channel(1);
    let sending = move || {
        // The caller may have dropped the receiver.
        let _ = sender.send(body());
    };
    (sending, receiver)
}

fn receive(receiver: &Receiver) -> usize {
    receiver.recv().expect("each job sends")
}

/// bgjobs, for as long as its manager exists.
#[derive(Clone)]
pub(crate) struct Bgjobs(pub(crate) Handle);

impl Runner for Bgjobs {
    const NAME: &str = "bgjobs";
    type Handle = Job<usize>;

    fn start(&self, body: impl FnOnce() -> usize + Send + 'static) -> Self::Handle {
        self.0.spawn("empty", body).expect("there is a thread")
    }

    fn result(&self, handle: Self::Handle) -> usize {
        *handle.join().expect("the job does not fail")
    }

    fn tidy(&self) {
        self.0.flush();
    }
}

#[derive(Clone)]
pub(crate) struct Std;

impl Runner for Std {
    const NAME: &str = "std::thread::spawn";
    // One thread per job, and no machine has room for 100,000.
    const FLOOD: [usize; 2] = [10_000, 1_000];
    type Handle = thread::JoinHandle<usize>;

    fn start(&self, body: impl FnOnce() -> usize + Send + 'static) -> Self::Handle {
        thread::spawn(body)
    }

    fn result(&self, handle: Self::Handle) -> usize {
        handle.join().expect("the job does not fail")
    }
}

/// As many threads as processors: a job that waits prevents others from running.
#[derive(Clone)]
pub(crate) struct Rayon;

impl Runner for Rayon {
    const NAME: &str = "rayon, a channel each";
    type Handle = Receiver;

    fn start(&self, body: impl FnOnce() -> usize + Send + 'static) -> Self::Handle {
        let (body, receiver) = sending(body);
        rayon::spawn(body);
        receiver
    }

    fn result(&self, handle: Self::Handle) -> usize {
        receive(&handle)
    }
}

#[derive(Clone)]
pub(crate) struct Tokio(pub(crate) Arc<tokio::runtime::Runtime>);

impl Tokio {
    /// With the default limit of 512 threads.
    pub(crate) fn new() -> Self {
        Self::with(512, Duration::from_secs(10))
    }

    pub(crate) fn with(threads: usize, idle_timeout: Duration) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.max_blocking_threads(threads).thread_keep_alive(idle_timeout);
        Self(Arc::new(builder.build().expect("there are threads")))
    }
}

impl Runner for Tokio {
    const NAME: &str = "tokio spawn_blocking";
    type Handle = tokio::task::JoinHandle<usize>;

    fn start(&self, body: impl FnOnce() -> usize + Send + 'static) -> Self::Handle {
        self.0.spawn_blocking(body)
    }

    fn result(&self, handle: Self::Handle) -> usize {
        self.0.block_on(handle).expect("the job does not fail")
    }

    fn results(&self, handles: Vec<Self::Handle>) -> usize {
        self.0.block_on(async {
            let mut total = 0;
            for handle in handles {
                total += handle.await.expect("the job does not fail");
            }
            total
        })
    }
}

/// 500 threads at most.
#[derive(Clone)]
pub(crate) struct Blocking;

impl Runner for Blocking {
    const NAME: &str = "blocking::unblock";
    type Handle = blocking::Task<usize>;

    fn start(&self, body: impl FnOnce() -> usize + Send + 'static) -> Self::Handle {
        blocking::unblock(body)
    }

    fn result(&self, handle: Self::Handle) -> usize {
        block_on(handle)
    }

    fn leave(&self, handle: Self::Handle) {
        // A task that is dropped never runs.
        handle.detach();
    }
}

/// A fixed number of threads, chosen by the caller.
#[derive(Clone)]
pub(crate) struct Threadpool(Arc<Mutex<threadpool::ThreadPool>>);

impl Threadpool {
    pub(crate) fn with(threads: usize) -> Self {
        Self(Arc::new(Mutex::new(threadpool::ThreadPool::new(threads))))
    }
}

impl Runner for Threadpool {
    const NAME: &str = "threadpool, a channel each";
    type Handle = Receiver;

    fn start(&self, body: impl FnOnce() -> usize + Send + 'static) -> Self::Handle {
        let (body, receiver) = sending(body);
        self.0.lock().expect("the lock is never poisoned").execute(body);
        receiver
    }

    fn result(&self, handle: Self::Handle) -> usize {
        receive(&handle)
    }
}

#[derive(Clone)]
pub(crate) struct RustyPool(rusty_pool::ThreadPool);

impl RustyPool {
    /// With its defaults: as many threads as processors, twice as many under load.
    pub(crate) fn new() -> Self {
        Self(rusty_pool::ThreadPool::default())
    }

    pub(crate) fn with(threads: usize, idle_timeout: Duration) -> Self {
        Self(rusty_pool::ThreadPool::new(0, threads, idle_timeout))
    }
}

impl Runner for RustyPool {
    const NAME: &str = "rusty_pool";
    type Handle = rusty_pool::JoinHandle<usize>;

    fn start(&self, body: impl FnOnce() -> usize + Send + 'static) -> Self::Handle {
        self.0.evaluate(body)
    }

    fn result(&self, handle: Self::Handle) -> usize {
        handle.await_complete()
    }
}

/// One thread per job, which ends before its scope does.
pub(crate) struct Crossbeam;

/// Crossbeam inside a scope.
struct Scoped<'scope, 'env>(&'scope Scope<'env>);

impl<'scope> Runner for Scoped<'scope, '_> {
    const NAME: &'static str = "crossbeam scope";
    const FLOOD: [usize; 2] = Std::FLOOD;
    type Handle = ScopedJoinHandle<'scope, usize>;

    fn start(&self, body: impl FnOnce() -> usize + Send + 'static) -> Self::Handle {
        self.0.spawn(|_| body())
    }

    fn result(&self, handle: Self::Handle) -> usize {
        handle.join().expect("the job does not fail")
    }
}

impl Crossbeam {
    fn scope<R>(measure: impl FnOnce(&Scoped<'_, '_>) -> R) -> R {
        crossbeam_utils::thread::scope(|scope| measure(&Scoped(scope))).expect("no job fails")
    }
}

impl Peer for Crossbeam {
    fn name(&self) -> &'static str {
        Scoped::NAME
    }

    fn submit(&self, jobs: usize) -> Duration {
        Self::scope(|peer| peer.submit(jobs))
    }

    fn round_trip(&self, jobs: usize) -> Duration {
        Self::scope(|peer| peer.round_trip(jobs))
    }

    fn after_pause(&self, jobs: usize, pause: Duration) -> (Duration, Duration) {
        Self::scope(|peer| peer.after_pause(jobs, pause))
    }

    fn flood(&self) -> (Duration, usize) {
        Self::scope(|peer| peer.flood())
    }
}

/// bgjobs, with the manager that owns its jobs.
pub(crate) fn ours(idle_timeout: Duration) -> (Bgjobs, JobManager) {
    let manager = JobManager::with_config(Config { idle_timeout, ..Config::default() });
    (Bgjobs(manager.handle()), manager)
}
