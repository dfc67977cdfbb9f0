//! The ways to run a closure on another thread and have its result, ours among them.
//!
//! It measures; it knows nothing of what the figures are compared with.

use std::{
    hint::black_box,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use bgjobs::{Job, JobManager};

/// A way to run a closure elsewhere.
trait Runner {
    const NAME: &str;
    /// How many jobs a flood has, and how many of them are unread at once.
    const FLOOD: [usize; 2] = [100_000, 100_000];
    /// By what a job's result is read.
    type Handle;

    /// Starts an empty job that gives `value` back.
    fn start(&self, value: usize) -> Self::Handle;

    /// Waits for a job's end.
    fn result(&self, handle: Self::Handle) -> usize;

    /// Waits for the end of all.
    fn results(&self, handles: Vec<Self::Handle>) -> usize {
        handles.into_iter().map(|handle| self.result(handle)).sum()
    }

    /// Forgets what is over; never timed.
    fn tidy(&self) {}

    /// How many threads it has, if it says so.
    fn threads(&self) -> usize {
        0
    }
}

/// What is measured of each.
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

    /// How many threads it has, if it says so.
    fn threads(&self) -> usize;
}

impl<R: Runner> Peer for R {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn submit(&self, jobs: usize) -> Duration {
        warm_up(self);
        let mut handles = Vec::with_capacity(jobs);
        let started = Instant::now();
        handles.extend((0..jobs).map(|value| self.start(value)));
        let took = started.elapsed();
        assert_eq!(self.results(handles), sum(jobs));
        self.tidy();
        took
    }

    fn round_trip(&self, jobs: usize) -> Duration {
        warm_up(self);
        let started = Instant::now();
        let total: usize = (0..jobs).map(|value| self.result(self.start(value))).sum();
        let took = started.elapsed();
        assert_eq!(total, sum(jobs));
        self.tidy();
        took
    }

    fn after_pause(&self, jobs: usize, pause: Duration) -> (Duration, Duration) {
        warm_up(self);
        let mut submitted = Duration::ZERO;
        let mut ended = Duration::ZERO;
        for value in 0..jobs {
            thread::sleep(pause);
            let started = Instant::now();
            let handle = self.start(value);
            submitted += started.elapsed();
            assert_eq!(self.result(handle), value);
            ended += started.elapsed();
        }
        self.tidy();
        (submitted, ended)
    }

    fn flood(&self) -> (Duration, usize) {
        let [jobs, at_once] = R::FLOOD;
        warm_up(self);
        let started = Instant::now();
        for first in (0..jobs).step_by(at_once) {
            let handles = (first..first + at_once).map(|value| self.start(value)).collect();
            black_box(self.results(handles));
        }
        let took = started.elapsed();
        self.tidy();
        (took, jobs)
    }

    fn threads(&self) -> usize {
        Runner::threads(self)
    }
}

/// Lets threads start and wake before the clock does.
fn warm_up(runner: &impl Runner) {
    for _ in 0..20 {
        assert_eq!(runner.result(runner.start(1)), 1);
    }
}

fn sum(jobs: usize) -> usize {
    jobs * (jobs - 1) / 2
}

pub(crate) struct Bgjobs(pub(crate) JobManager);

impl Bgjobs {
    pub(crate) fn new() -> Self {
        Self(JobManager::new())
    }
}

impl Runner for Bgjobs {
    const NAME: &str = "bgjobs";
    type Handle = Job<usize>;

    fn start(&self, value: usize) -> Self::Handle {
        self.0.spawn("empty", move || value).expect("there is a thread")
    }

    fn result(&self, handle: Self::Handle) -> usize {
        *handle.join().expect("an empty job does not fail")
    }

    fn tidy(&self) {
        self.0.flush();
    }

    fn threads(&self) -> usize {
        self.0.threads()
    }
}

pub(crate) struct Std;

impl Runner for Std {
    const NAME: &str = "std::thread::spawn";
    // A thread for each, and a machine has no 100,000.
    const FLOOD: [usize; 2] = [10_000, 1_000];
    type Handle = thread::JoinHandle<usize>;

    fn start(&self, value: usize) -> Self::Handle {
        thread::spawn(move || value)
    }

    fn result(&self, handle: Self::Handle) -> usize {
        handle.join().expect("an empty job does not fail")
    }
}

/// A channel for each job, so that a caller can ask for the result of the one that it means.
pub(crate) struct Rayon;

impl Runner for Rayon {
    const NAME: &str = "rayon, a channel each";
    type Handle = mpsc::Receiver<usize>;

    fn start(&self, value: usize) -> Self::Handle {
        let (sender, receiver) = mpsc::sync_channel(1);
        rayon::spawn(move || sender.send(value).expect("the receiver waits"));
        receiver
    }

    fn result(&self, handle: Self::Handle) -> usize {
        handle.recv().expect("each job sends")
    }
}

/// One channel for all jobs: the least that rayon can do, whose caller does not know which result it gets.
pub(crate) struct RayonMixed {
    sender: mpsc::Sender<usize>,
    results: mpsc::Receiver<usize>,
}

impl RayonMixed {
    pub(crate) fn new() -> Self {
        let (sender, results) = mpsc::channel();
        Self { sender, results }
    }
}

impl Runner for RayonMixed {
    const NAME: &str = "rayon, one channel";
    type Handle = ();

    fn start(&self, value: usize) {
        let sender = self.sender.clone();
        rayon::spawn(move || sender.send(value).expect("the receiver waits"));
    }

    fn result(&self, (): ()) -> usize {
        self.results.recv().expect("each job sends")
    }
}

pub(crate) struct Tokio(tokio::runtime::Runtime);

impl Tokio {
    pub(crate) fn new() -> Self {
        Self(tokio::runtime::Runtime::new().expect("there are threads"))
    }
}

impl Runner for Tokio {
    const NAME: &str = "tokio spawn_blocking";
    type Handle = tokio::task::JoinHandle<usize>;

    fn start(&self, value: usize) -> Self::Handle {
        self.0.spawn_blocking(move || value)
    }

    fn result(&self, handle: Self::Handle) -> usize {
        self.0.block_on(handle).expect("an empty job does not fail")
    }

    fn results(&self, handles: Vec<Self::Handle>) -> usize {
        self.0.block_on(async {
            let mut total = 0;
            for handle in handles {
                total += handle.await.expect("an empty job does not fail");
            }
            total
        })
    }
}
