//! Jobs that all wait at once: how long until all of them run, what each takes of memory, and what is left when they are
//! over.

use std::{
    sync::{Arc, RwLock},
    thread,
    time::{Duration, Instant},
};

use crate::{
    alone,
    answer::{Answer, Unit, in_turns},
    peers::{Bgjobs, RustyPool, Std, Threadpool, Tokio, ours},
    runner::{Arrivals, Runner},
    system,
};

/// Who can have as many threads as there are jobs; the others would never run all.
const NAMES: [&str; 5] = [Bgjobs::NAME, Std::NAME, Tokio::NAME, Threadpool::NAME, RustyPool::NAME];

/// Longer than any run.
const LONG: Duration = Duration::from_mins(1);

/// A thousand jobs and ten thousand, on threads that are to be made, and on threads that are there.
pub(crate) fn blocked() -> Vec<Answer> {
    let mut answers = Vec::new();
    for (jobs, goals) in [(1_000, [None; 2]), (10_000, [Some(1.0), Some(0.4)])] {
        let title = format!(
            "{jobs} blocked jobs until all run, on new threads (all let have so many; rayon, blocking and tokio as it \
             comes have fewer and would hang)"
        );
        let mut cold = answer(&title, Unit::Nanoseconds, goals[0]);
        let title = format!("{jobs} blocked jobs until all run, on idle threads (std has none, and makes new ones)");
        let mut warm = answer(&title, Unit::Nanoseconds, goals[1]);
        // The first crowd of a process finds a kernel that has no memory ready for it.
        Std.block(jobs);
        in_turns(3, NAMES.len(), |i| {
            let began = Instant::now();
            let (first, second) = with(NAMES[i], jobs, LONG, |crowd| {
                // A pool of fixed size makes its threads when it is made.
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

/// What one blocked job takes of memory.
pub(crate) fn blocked_memory() -> Vec<Answer> {
    let mut answer = answer("memory of a blocked job, of 1,000, without the kernel's part", Unit::Bytes, None);
    for (i, name) in NAMES.iter().enumerate() {
        let told = alone::ask("blocked", name);
        answer.add(i, told.first().copied().unwrap_or(f64::NAN));
    }
    vec![answer]
}

/// What is left of a thousand blocked jobs when they are over.
pub(crate) fn idle() -> Vec<Answer> {
    let title = "threads left of 1,000 blocked jobs half a second later, where a thread may be idle for a tenth";
    let mut threads = answer(title, Unit::Count, None);
    threads.rows[0].goal = Some(0.0);
    let mut memory = answer("memory left of each, when as many have run before", Unit::Bytes, None);
    for (i, name) in NAMES.iter().enumerate() {
        let told = alone::ask("idle", name);
        threads.add(i, told.first().copied().unwrap_or(f64::NAN));
        memory.add(i, told.get(1).copied().unwrap_or(f64::NAN));
    }
    vec![threads, memory]
}

/// The memory of one, told by a process that does nothing else.
pub(crate) fn tell_memory(name: &str) -> Vec<f64> {
    let before = system::resident();
    let during = with(name, 1_000, LONG, |crowd| crowd.block(1_000).resident);
    during.zip(before).map(|(during, before)| (during - before) / 1_000.0).into_iter().collect()
}

/// The threads and the memory that are left, told by a process that does nothing else.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn tell_left(name: &str) -> Vec<f64> {
    let rest = |crowd: &dyn Crowd| {
        crowd.block(1_000);
        thread::sleep(Duration::from_millis(500));
        system::threads().zip(system::resident())
    };
    let own = system::threads();
    let times = with(name, 1_000, Duration::from_millis(100), |crowd| [rest(crowd), rest(crowd)]);
    let [Some((_, before)), Some((threads, after))] = times else { return Vec::new() };
    vec![threads as f64 - own.unwrap_or(1) as f64, (after - before) / 1_000.0]
}

fn answer(title: &str, unit: Unit, goal_of_std: Option<f64>) -> Answer {
    let goals = [None, goal_of_std, None, None, None];
    NAMES.iter().zip(goals).fold(Answer::new(title, unit), |answer, (name, goal)| answer.row(*name, goal))
}

/// Runs jobs that all wait at once.
trait Crowd {
    fn block(&self, jobs: usize) -> Blocked;
}

struct Blocked {
    /// From the first start until all ran.
    took: Duration,
    /// The bytes in memory when all ran.
    resident: Option<f64>,
}

impl<R: Runner> Crowd for R {
    fn block(&self, jobs: usize) -> Blocked {
        let gate = Arc::new(RwLock::new(()));
        let shut = gate.write().expect("nobody panics with it");
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

/// Makes the one of that name, which may have that many threads; when it is gone its threads are too.
fn with<T>(name: &str, threads: usize, idle_timeout: Duration, act: impl FnOnce(&dyn Crowd) -> T) -> T {
    let before = system::threads().unwrap_or(usize::MAX);
    let came_of_it = match name {
        Bgjobs::NAME => {
            let (bgjobs, manager) = ours(idle_timeout);
            let came_of_it = act(&bgjobs);
            drop(manager);
            came_of_it
        }
        Std::NAME => act(&Std),
        Tokio::NAME => act(&Tokio::with(threads, idle_timeout)),
        Threadpool::NAME => act(&Threadpool::with(threads)),
        RustyPool::NAME => act(&RustyPool::with(threads, idle_timeout)),
        _ => panic!("{name:?} is none of {NAMES:?}"),
    };
    system::wait_for_threads(before);
    came_of_it
}
