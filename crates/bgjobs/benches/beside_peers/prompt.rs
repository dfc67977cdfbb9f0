//! What a prompt asks about its jobs: whether any has ended, which ones, and all of them as text.

use std::{
    fmt::Write,
    hint::black_box,
    sync::{Arc, RwLock, RwLockReadGuard},
    thread,
    time::{Duration, Instant},
};

use bgjobs::{JobManager, Notices};

use crate::{
    answer::{Answer, Contender, compare},
    peers::Tokio,
    runner::{Arrivals, Runner},
};

/// Blocks jobs while it is locked for writing.
type Gate = Arc<RwLock<()>>;

/// A subscriber to notices, and its manager with jobs that wait at a gate.
struct Prompt {
    jobs: JobManager,
    notices: Notices,
}

impl Prompt {
    fn new(running: usize, gate: &Gate) -> Self {
        let jobs = JobManager::new();
        let notices = jobs.notices();
        let arrivals = Arrivals::new(running);
        for _ in 0..running {
            let (gate, arrivals) = (Arc::clone(gate), arrivals.clone());
            let body = move || {
                arrivals.arrive();
                drop::<RwLockReadGuard<'_, ()>>(gate.read().expect("the lock is never poisoned"));
            };
            jobs.spawn("waits", body).expect("there is a thread");
        }
        arrivals.wait();
        Self { jobs, notices }
    }

    fn look(&mut self) -> (Duration, usize) {
        const LOOKS: usize = 10_000;
        let began = Instant::now();
        for _ in 0..LOOKS {
            assert!(black_box(self.notices.report()).is_empty(), "no job has ended");
        }
        (began.elapsed(), LOOKS)
    }

    fn notice(&mut self) -> (Duration, usize) {
        const LOOKS: usize = 100;
        let mut took = Duration::ZERO;
        for _ in 0..LOOKS {
            let job = self.jobs.spawn("ends", || ()).expect("there is a thread");
            job.join().expect("an empty job does not fail");
            let began = Instant::now();
            let report = black_box(self.notices.report());
            took += began.elapsed();
            assert!(!report.is_empty(), "a job has ended");
        }
        self.jobs.flush();
        (took, LOOKS)
    }
}

/// A look when no job has ended, compared with asking handles one by one.
pub(crate) fn look() -> Vec<Answer> {
    let gate = Gate::default();
    let shut = gate.write().expect("the lock is never poisoned");
    let [mut none, mut some, mut many] = [0, 100, 10_000].map(|running| Prompt::new(running, &gate));
    // Only one of these runs and the others are queued, which makes no difference to `is_finished`.
    let tokio = Tokio::with(1, Duration::from_secs(10));
    let start = |gate: Gate| tokio.start(move || gate.read().map_or(0, |_| 0));
    let handles: Vec<_> = (0..10_000).map(|_| start(Arc::clone(&gate))).collect();
    let ask = || {
        let began = Instant::now();
        assert_eq!(black_box(&handles).iter().filter(|handle| handle.is_finished()).count(), 0);
        (began.elapsed(), 1)
    };
    let contenders: Vec<Contender<'_>> = vec![
        ("10,000 running", Some(25.0), Box::new(|| many.look())),
        ("100 running", None, Box::new(|| some.look())),
        ("0 running", Some(1.2), Box::new(|| none.look())),
        ("10,000 tokio handles, one by one", None, Box::new(ask)),
    ];
    let answer = compare("a look at the prompt when no job has ended", 50, contenders);
    drop(shut);
    vec![answer]
}

/// A look when one job has ended.
pub(crate) fn notice() -> Vec<Answer> {
    let gate = Gate::default();
    let shut = gate.write().expect("the lock is never poisoned");
    let [mut none, mut some, mut many] = [0, 100, 10_000].map(|running| Prompt::new(running, &gate));
    let contenders: Vec<Contender<'_>> = vec![
        ("10,000 running", None, Box::new(|| many.notice())),
        ("100 running", None, Box::new(|| some.notice())),
        ("0 running", None, Box::new(|| none.notice())),
    ];
    let answer = compare("a look at the prompt when one job has ended", 20, contenders);
    drop(shut);
    vec![answer]
}

/// The lists of ten thousand jobs as text, compared with the same text built from plain numbers and names.
pub(crate) fn status() -> Vec<Answer> {
    let jobs = JobManager::new();
    for _ in 0..10_000 {
        drop(jobs.spawn("a job of many", || ()).expect("there is a thread"));
    }
    jobs.wait_all().expect("no job waits for another");
    thread::sleep(Duration::from_millis(50));
    let names: Vec<(usize, String)> = (0..10_000).map(|number| (number, "a job of many".to_owned())).collect();
    let text = jobs.status().to_string();
    let plain = || {
        let mut text = String::from("Completed jobs:\n");
        for (number, name) in black_box(&names) {
            writeln!(text, "{number} : {name}").expect("writing to a string succeeds");
        }
        text.push('\n');
        text
    };
    assert_eq!(text, plain());
    let contenders: Vec<Contender<'_>> = vec![
        ("bgjobs", None, Box::new(|| timed(|| jobs.status().to_string()))),
        ("a list of numbers and names", None, Box::new(|| timed(plain))),
    ];
    vec![compare("`status` of 10,000 jobs, as text", 30, contenders)]
}

fn timed<T>(call: impl FnOnce() -> T) -> (Duration, usize) {
    let began = Instant::now();
    black_box(call());
    (began.elapsed(), 1)
}
