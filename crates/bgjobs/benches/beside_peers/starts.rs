//! Empty jobs: the time until they are started, and until their results are available.
//!
//! A job of bgjobs has its full record (number, name, state, times, lists, notice, failure) throughout the timed part; the flush
//! that forgets it is not timed.

use std::{
    hint::spin_loop,
    num::NonZero,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use bgjobs::JobManager;

use crate::{
    answer::{Answer, Unit, in_turns},
    peers::{Bgjobs, Blocking, Crossbeam, Rayon, RustyPool, Std, Threadpool, Tokio},
    runner::Peer,
};

/// All peers in the order of their rows, bgjobs first, and the manager of bgjobs.
struct Lineup {
    manager: JobManager,
    peers: Vec<Box<dyn Peer>>,
}

/// The rows of the pools, which have their threads already.
const POOLS: [usize; 5] = [2, 3, 4, 5, 6];

impl Lineup {
    fn new() -> Self {
        let manager = JobManager::new();
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let peers: Vec<Box<dyn Peer>> = vec![
            Box::new(Bgjobs(manager.handle())),
            Box::new(Std),
            Box::new(Rayon),
            Box::new(Tokio::new()),
            Box::new(Blocking),
            Box::new(Threadpool::with(processors)),
            Box::new(RustyPool::new()),
            Box::new(Crossbeam),
        ];
        Self { manager, peers }
    }

    /// An answer with a row for each peer, and the goals for the ratios to std, rayon and tokio.
    fn answer(&self, title: &str, goals: [Option<f64>; 3]) -> Answer {
        let goals = [None].into_iter().chain(goals).chain([None; 4]);
        let empty = Answer::new(title, Unit::Nanoseconds);
        self.peers.iter().zip(goals).fold(empty, |answer, (peer, goal)| answer.row(peer.name(), goal))
    }

    fn in_turns(&self, rounds: usize, mut turn: impl FnMut(usize, &dyn Peer)) {
        in_turns(rounds, self.peers.len(), |i| turn(i, self.peers[i].as_ref()));
    }
}

/// Starts back to back, each until the caller has its handle.
pub(crate) fn submit() -> Vec<Answer> {
    const JOBS: usize = 500;
    let all = Lineup::new();
    let mut answer = all.answer("start a job, back to back", [Some(0.06), Some(1.0), Some(0.3)]);
    all.in_turns(24, |i, peer| answer.add_time(i, peer.submit(JOBS), JOBS));
    vec![answer]
}

/// From the call until the caller has the result, one job after another.
pub(crate) fn result() -> Vec<Answer> {
    const JOBS: usize = 500;
    let all = Lineup::new();
    let mut answer = all.answer("start to result, back to back", [Some(0.06), Some(0.35), Some(0.25)]);
    all.in_turns(24, |i, peer| answer.add_time(i, peer.round_trip(JOBS), JOBS));
    vec![answer]
}

/// The same two after a pause in which all threads have gone to sleep.
pub(crate) fn pause() -> Vec<Answer> {
    const JOBS: usize = 10;
    let all = Lineup::new();
    let mut submit = all.answer("start a job after a pause of 2 ms", [None; 3]);
    let mut result = all.answer("start to result after a pause of 2 ms", [Some(0.5), None, None]);
    all.in_turns(24, |i, peer| {
        let (submitted, ended) = peer.after_pause(JOBS, Duration::from_millis(2));
        submit.add_time(i, submitted, JOBS);
        result.add_time(i, ended, JOBS);
    });
    vec![submit, result.median_row("the median of the pools", Some(1.0), &POOLS)]
}

/// From the call until the caller has the result, while other work keeps every processor busy, as background jobs do.
pub(crate) fn busy() -> Vec<Answer> {
    const JOBS: usize = 10;
    let all = Lineup::new();
    let mut answer = all.answer("start to result while every processor is busy", [None; 3]);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    spin_loop();
                }
            });
        }
        all.in_turns(16, |i, peer| answer.add_time(i, peer.round_trip(JOBS), JOBS));
        over.store(true, Ordering::Relaxed);
    });
    vec![answer]
}

/// A hundred thousand empty jobs, every result read.
pub(crate) fn flood() -> Vec<Answer> {
    let all = Lineup::new();
    let title = "100,000 empty jobs, every result read (std and crossbeam: 10,000 jobs, 1,000 at a time)";
    let mut answer = all.answer(title, [Some(0.012), Some(0.9), Some(0.06)]);
    let mut threads = Answer::new("threads after that flood", Unit::Count).row("bgjobs", Some(128.0));
    all.in_turns(8, |i, peer| {
        let (took, jobs) = peer.flood();
        answer.add_time(i, took, jobs);
        if i == 0 {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            threads.add(0, all.manager.threads() as f64);
        }
    });
    vec![answer, threads]
}
