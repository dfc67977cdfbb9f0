//! What every way to run a closure on another thread can do, and what is timed of each.
//!
//! Knows nothing of whom it times.

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

/// A way to run a closure elsewhere and have its result.
pub(crate) trait Runner {
    const NAME: &'static str;
    /// How many jobs a flood has, and how many of them are unread at once.
    const FLOOD: [usize; 2] = [100_000, 100_000];
    /// By what a job's result is read.
    type Handle;

    fn start(&self, body: impl FnOnce() -> usize + Send + 'static) -> Self::Handle;

    /// Waits for a job's end.
    fn result(&self, handle: Self::Handle) -> usize;

    /// Waits for the end of all.
    fn results(&self, handles: Vec<Self::Handle>) -> usize {
        handles.into_iter().map(|handle| self.result(handle)).sum()
    }

    /// Starts a job that gives `value` back.
    fn empty(&self, value: usize) -> Self::Handle {
        self.start(move || value)
    }

    /// Lets a job run whose result nobody reads.
    fn leave(&self, handle: Self::Handle) {
        drop(handle);
    }

    /// Forgets what is over; never timed.
    fn tidy(&self) {}
}

/// A runner whose jobs can start jobs.
pub(crate) trait Nested: Runner + Clone + Send + Sync + 'static {}

impl<R: Runner + Clone + Send + Sync + 'static> Nested for R {}

/// What is timed of each with empty jobs.
pub(crate) trait Peer {
    fn name(&self) -> &'static str;

    /// The time of that many starts.
    fn submit(&self, jobs: usize) -> Duration;

    /// The time of that many jobs, each read before the next starts.
    fn round_trip(&self, jobs: usize) -> Duration;

    /// The time of that many starts, each after a pause, and the time of the starts with their results.
    fn after_pause(&self, jobs: usize, pause: Duration) -> (Duration, Duration);

    /// The time of a flood, each job read when all have started, and its number of jobs.
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

/// Lets threads start and wake before the clock does.
fn warm_up(runner: &(impl Runner + ?Sized)) {
    for _ in 0..20 {
        assert_eq!(runner.result(runner.empty(1)), 1);
    }
}

fn sum(jobs: usize) -> usize {
    jobs * (jobs - 1) / 2
}

/// Lets one thread wait until as many jobs have come to some place.
#[derive(Clone)]
pub(crate) struct Arrivals(Arc<(AtomicUsize, Thread)>);

impl Arrivals {
    /// For the calling thread, which will wait for `expected`.
    pub(crate) fn new(expected: usize) -> Self {
        Self(Arc::new((AtomicUsize::new(expected), thread::current())))
    }

    /// One has come.
    pub(crate) fn arrive(&self) {
        let (missing, waiting) = &*self.0;
        if missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            waiting.unpark();
        }
    }

    /// Waits until all have come.
    pub(crate) fn wait(&self) {
        while self.0.0.load(Ordering::Acquire) > 0 {
            thread::park();
        }
    }
}
