//! Finished jobs that are still held by their manager or by handles: their memory, and the time it takes to forget them.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    answer::{Answer, Unit},
    fresh_process,
    peers::{Bgjobs, Blocking, Rayon, RustyPool, Std, Threadpool, Tokio, ours},
    runner::Runner,
    system,
};

const NAMES: [&str; 7] =
    [Bgjobs::NAME, Std::NAME, Rayon::NAME, Tokio::NAME, Blocking::NAME, Threadpool::NAME, RustyPool::NAME];

/// How many finished jobs are held.
const JOBS: u32 = 1_000_000;

/// How many finished threads are held: fewer, because each one still has its stack.
const THREADS: u32 = 2_000;

/// A million finished jobs with a small result, and the cost of forgetting them.
pub(crate) fn finished() -> Vec<Answer> {
    let title = "memory per finished job, of 1,000,000: ours in the lists, theirs as handles (std: 2,000)";
    let mut memory = Answer::new(title, Unit::Bytes);
    let mut flush =
        Answer::new("forgetting each of them (ours: flush; theirs: dropping the handles)", Unit::Nanoseconds);
    for (i, name) in NAMES.iter().enumerate() {
        memory = memory.row(*name, (i == 0).then_some(208.0));
        flush = flush.row(*name, None);
        let figures = fresh_process::ask("finished", name);
        memory.add(i, figures.first().copied().unwrap_or(f64::NAN));
        flush.add(i, figures.get(1).copied().unwrap_or(f64::NAN));
    }
    vec![memory, flush]
}

/// How many bodies have ended.
static ENDED: AtomicUsize = AtomicUsize::new(0);

/// Measures the bytes of a finished job and the nanoseconds to forget it, in a process that does nothing else.
pub(crate) fn measure(name: &str) -> Vec<f64> {
    let figures = match name {
        Bgjobs::NAME => {
            let (bgjobs, manager) = ours(Duration::from_secs(10));
            hold(
                JOBS,
                |body| drop(bgjobs.start(body)),
                |handles| {
                    drop(handles);
                    manager.flush();
                },
            )
        }
        Std::NAME => hold(THREADS, |body| Std.start(body), drop),
        Rayon::NAME => hold(JOBS, |body| Rayon.start(body), drop),
        Tokio::NAME => {
            let tokio = Tokio::new();
            hold(JOBS, |body| tokio.start(body), drop)
        }
        Blocking::NAME => hold(JOBS, |body| Blocking.start(body), drop),
        Threadpool::NAME => {
            let threadpool = Threadpool::with(2);
            hold(JOBS, |body| threadpool.start(body), drop)
        }
        RustyPool::NAME => {
            let rusty_pool = RustyPool::new();
            hold(JOBS, |body| rusty_pool.start(body), drop)
        }
        _ => panic!("{name:?} is not one of {NAMES:?}"),
    };
    figures.into_iter().flatten().collect()
}

/// Starts `jobs` jobs and holds what `start` returns until all have ended, then passes it to `forget`.
fn hold<H>(jobs: u32, start: impl Fn(fn() -> usize) -> H, forget: impl FnOnce(Vec<H>)) -> Option<[f64; 2]> {
    const AT_ONCE: u32 = 1_000;
    let run = |handles: &mut Vec<H>, jobs: u32| {
        for _ in 0..jobs / AT_ONCE {
            handles.extend((0..AT_ONCE).map(|_| start(|| ENDED.fetch_add(1, Ordering::Relaxed))));
            while ENDED.load(Ordering::Relaxed) < handles.len() {
                thread::yield_now();
            }
        }
        // The last of them are still about to store their results.
        thread::sleep(Duration::from_millis(50));
    };
    let mut handles = Vec::with_capacity((jobs + AT_ONCE) as usize);
    run(&mut handles, AT_ONCE);
    let before = system::resident()?;
    run(&mut handles, jobs);
    let grown = system::resident()? - before;
    // The vector of handles counts too, because a program that holds handles needs one.
    let began = Instant::now();
    forget(handles);
    let took = began.elapsed();
    Some([grown / f64::from(jobs), took.as_secs_f64() * 1e9 / f64::from(jobs)])
}
