//! Jobs that all block at once: the time until all of them run, the memory of each, and what is left when they have ended.

use std::{
    sync::{Arc, RwLock},
    thread,
    time::{Duration, Instant},
};

use crate::{
    answer::{Answer, Unit, in_turns},
    fresh_process,
    peers::{Bgjobs, RustyPool, Std, Threadpool, Tokio, ours},
    runner::{Arrivals, Runner},
    system,
};

/// The peers that can have as many threads as jobs; the others would never run all jobs at once.
const NAMES: [&str; 5] = [Bgjobs::NAME, Std::NAME, Tokio::NAME, Threadpool::NAME, RustyPool::NAME];

/// An idle timeout longer than any run.
const LONG: Duration = Duration::from_secs(60);

/// One thousand and ten thousand jobs, each on new threads and on idle ones.
pub(crate) fn blocked() -> Vec<Answer> {
    let mut answers = Vec::new();
    for (jobs, label, goals) in [(1_000, "1,000", [None; 2]), (10_000, "10,000", [Some(1.0), Some(0.4)])] {
        let title = format!(
            "{label} blocked jobs until all run, on new threads (each peer may use that many; rayon, blocking and tokio's \
             defaults allow fewer and would hang)"
        );
        let mut cold = answer(&title, Unit::Nanoseconds, goals[0]);
        let title = format!("{label} blocked jobs until all run, on idle threads (std has none and creates new ones)");
        let mut warm = answer(&title, Unit::Nanoseconds, goals[1]);
        // The first large batch in a process pays for memory that the kernel has not prepared yet.
        Std.block(jobs);
        in_turns(3, NAMES.len(), |i| {
            let began = Instant::now();
            let (first, second) = with(NAMES[i], jobs, LONG, |crowd| {
                // A pool of fixed size creates its threads when it is created.
                let first = began.elapsed() + crowd.block(jobs).took;
                (first, if NAMES[i] == Std::NAME { first } else { crowd.block(jobs).took })
            });
            cold.add_time(i, first, jobs);
            warm.add_time(i, second, jobs);
        });
        answers.extend([cold, warm]);
    }
    answers
}

/// The memory of one blocked job.
pub(crate) fn blocked_memory() -> Vec<Answer> {
    let mut answer = answer("memory per blocked job, of 1,000, without the kernel's share", Unit::Bytes, None);
    for (i, name) in NAMES.iter().enumerate() {
        let figures = fresh_process::ask("blocked", name);
        answer.add(i, figures.first().copied().unwrap_or(f64::NAN));
    }
    vec![answer]
}

/// What is left of a thousand blocked jobs after they have ended.
pub(crate) fn idle() -> Vec<Answer> {
    let title = "threads left half a second after 1,000 blocked jobs, with an idle timeout of 0.1 s";
    let mut threads = answer(title, Unit::Count, None);
    threads.rows[0].goal = Some(0.0);
    let mut memory = answer("memory left per job by a second batch of 1,000", Unit::Bytes, None);
    for (i, name) in NAMES.iter().enumerate() {
        let figures = fresh_process::ask("idle", name);
        threads.add(i, figures.first().copied().unwrap_or(f64::NAN));
        memory.add(i, figures.get(1).copied().unwrap_or(f64::NAN));
    }
    vec![threads, memory]
}

/// Measures the memory of one blocked job, in a process that does nothing else.
pub(crate) fn measure_memory(name: &str) -> Vec<f64> {
    let before = system::resident();
    let during = with(name, 1_000, LONG, |crowd| crowd.block(1_000).resident);
    during.zip(before).map(|(during, before)| (during - before) / 1_000.0).into_iter().collect()
}

/// Measures the threads and the memory that are left, in a process that does nothing else.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn measure_leftovers(name: &str) -> Vec<f64> {
    let leftovers = |crowd: &dyn Crowd| {
        crowd.block(1_000);
        thread::sleep(Duration::from_millis(500));
        system::threads().zip(system::resident())
    };
    let own = system::threads();
    let rounds = with(name, 1_000, Duration::from_millis(100), |crowd| [leftovers(crowd), leftovers(crowd)]);
    let [Some((_, before)), Some((threads, after))] = rounds else { return Vec::new() };
    vec![threads as f64 - own.unwrap_or(1) as f64, (after - before) / 1_000.0]
}

fn answer(title: &str, unit: Unit, goal_of_std: Option<f64>) -> Answer {
    let goals = [None, goal_of_std, None, None, None];
    NAMES.iter().zip(goals).fold(Answer::new(title, unit), |answer, (name, goal)| answer.row(*name, goal))
}

/// Runs jobs that all block at once.
trait Crowd {
    fn block(&self, jobs: usize) -> Blocked;
}

struct Blocked {
    /// From the first start until all jobs ran.
    took: Duration,
    /// The resident memory in bytes while all jobs ran.
    resident: Option<f64>,
}

impl<R: Runner> Crowd for R {
    fn block(&self, jobs: usize) -> Blocked {
        let gate = Arc::new(RwLock::new(()));
        let shut = gate.write().expect("the lock is never poisoned");
        let arrivals = Arrivals::new(jobs);
        let began = Instant::now();
        let start = |_| {
            let (gate, arrivals) = (Arc::clone(&gate), arrivals.clone());
            self.start(move || {
                arrivals.arrive();
                drop(gate.read());
                1
            })
        };
        let handles = (0..jobs).map(start).collect();
        arrivals.wait();
        let took = began.elapsed();
        let resident = system::resident();
        drop(shut);
        assert_eq!(self.results(handles), jobs);
        self.tidy();
        Blocked { took, resident }
    }
}

/// Creates the peer with that name, lets it use that many threads, and returns once its threads have ended.
fn with<T>(name: &str, threads: usize, idle_timeout: Duration, act: impl FnOnce(&dyn Crowd) -> T) -> T {
    let before = system::threads().unwrap_or(usize::MAX);
    let result = match name {
        Bgjobs::NAME => {
            let (bgjobs, manager) = ours(idle_timeout);
            let result = act(&bgjobs);
            drop(manager);
            result
        }
        Std::NAME => act(&Std),
        Tokio::NAME => act(&Tokio::with(threads, idle_timeout)),
        Threadpool::NAME => act(&Threadpool::with(threads)),
        RustyPool::NAME => act(&RustyPool::with(threads, idle_timeout)),
        _ => panic!("{name:?} is not one of {NAMES:?}"),
    };
    system::wait_for_threads(before);
    result
}
