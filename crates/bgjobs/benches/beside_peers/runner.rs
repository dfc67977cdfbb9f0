//! The interface to every way of running a closure on another thread, and the timings that all of them share.
//!
//! Does not know which libraries it times.

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// A way to run a closure on another thread and get its result.
pub(crate) trait Runner {
    const NAME: &'static str;
    /// The number of jobs in a flood, and how many of them are started before any result is read.
    const FLOOD: [usize; 2] = [100_000, 100_000];
    /// What reads a job's result.
    type Handle;

    fn start(&self, body: impl FnOnce() -> usize + Send + 'static) -> Self::Handle;

    /// Waits for a job and returns its result.
    fn result(&self, handle: Self::Handle) -> usize;

    /// Waits for all jobs and returns the sum of their results.
    fn results(&self, handles: Vec<Self::Handle>) -> usize {
        handles.into_iter().map(|handle| self.result(handle)).sum()
    }

    /// Starts a job that returns `value`.
    fn empty(&self, value: usize) -> Self::Handle {
        self.start(move || value)
    }

    /// Lets a job run on without reading its result.
    fn leave(&self, handle: Self::Handle) {
        drop(handle);
    }

    /// Forgets finished jobs; never timed.
    fn tidy(&self) {}
}

/// A runner whose jobs can start jobs.
pub(crate) trait Nested: Runner + Clone + Send + Sync + 'static {}

impl<R: Runner + Clone + Send + Sync + 'static> Nested for R {}

/// The timings of empty jobs.
pub(crate) trait Peer {
    fn name(&self) -> &'static str;

    /// Times `jobs` starts.
    fn submit(&self, jobs: usize) -> Duration;

    /// Times `jobs` jobs, reading each result before starting the next job.
    fn round_trip(&self, jobs: usize) -> Duration;

    /// Times `jobs` starts that each follow a pause: the starts alone, and the starts including their results.
    fn after_pause(&self, jobs: usize, pause: Duration) -> (Duration, Duration);

    /// Times a flood, whose results are read only after all its jobs have started, and returns its number of jobs too.
    fn flood(&self) -> (Duration, usize);
}

impl<R: Runner> Peer for R {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn submit(&self, jobs: usize) -> Duration {
        warm_up(self);
        let mut handles = Vec::with_capacity(jobs);
        let began = Instant::now();
        handles.extend((0..jobs).map(|value| self.empty(value)));
        let took = began.elapsed();
        assert_eq!(self.results(handles), sum(jobs));
        self.tidy();
        took
    }

    fn round_trip(&self, jobs: usize) -> Duration {
        warm_up(self);
        let began = Instant::now();
        let total: usize = (0..jobs).map(|value| self.result(self.empty(value))).sum();
        let took = began.elapsed();
        assert_eq!(total, sum(jobs));
        self.tidy();
        took
    }

    fn after_pause(&self, jobs: usize, pause: Duration) -> (Duration, Duration) {
        warm_up(self);
        let (mut submitted, mut ended) = (Duration::ZERO, Duration::ZERO);
        for value in 0..jobs {
            thread::sleep(pause);
            let began = Instant::now();
            let handle = self.empty(value);
            submitted += began.elapsed();
            assert_eq!(self.result(handle), value);
            ended += began.elapsed();
        }
        self.tidy();
        (submitted, ended)
    }

    fn flood(&self) -> (Duration, usize) {
        let [jobs, at_once] = R::FLOOD;
        warm_up(self);
        let began = Instant::now();
        for first in (0..jobs).step_by(at_once) {
            let handles = (first..first + at_once).map(|value| self.empty(value)).collect();
            black_box(self.results(handles));
        }
        let took = began.elapsed();
        self.tidy();
        (took, jobs)
    }
}

/// Starts and wakes threads before the clock starts.
fn warm_up(runner: &(impl Runner + ?Sized)) {
    for _ in 0..20 {
        assert_eq!(runner.result(runner.empty(1)), 1);
    }
}

fn sum(jobs: usize) -> usize {
    jobs * (jobs - 1) / 2
}

/// Lets one thread wait until a number of jobs have arrived at some point.
#[derive(Clone)]
pub(crate) struct Arrivals(Arc<(AtomicUsize, Thread)>);

impl Arrivals {
    /// For the calling thread, which will wait for `expected` arrivals.
    pub(crate) fn new(expected: usize) -> Self {
        Self(Arc::new((AtomicUsize::new(expected), thread::current())))
    }

    /// Counts one arrival.
    pub(crate) fn arrive(&self) {
        let (missing, waiting) = &*self.0;
        if missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            waiting.unpark();
        }
    }

    /// Waits until all have arrived.
    pub(crate) fn wait(&self) {
        while self.0.0.load(Ordering::Acquire) > 0 {
            thread::park();
        }
    }
}
