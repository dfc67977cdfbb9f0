//! Jobs that have ended and are kept, by their manager or by their handles: their memory, and how they are forgotten.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    alone,
    answer::{Answer, Unit},
    peers::{Bgjobs, Blocking, Rayon, RustyPool, Std, Threadpool, Tokio, ours},
    runner::Runner,
    system,
};

const NAMES: [&str; 7] =
    [Bgjobs::NAME, Std::NAME, Rayon::NAME, Tokio::NAME, Blocking::NAME, Threadpool::NAME, RustyPool::NAME];

/// How many are kept.
const JOBS: u32 = 1_000_000;

/// How many threads that ended are kept: each keeps its stack.
const THREADS: u32 = 2_000;

/// A million jobs with a small result, and what it costs to forget them.
pub(crate) fn kept() -> Vec<Answer> {
    let title = "memory of an ended job, of 1,000,000 kept: ours in the lists, theirs as handles (std: 2,000)";
    let mut memory = Answer::new(title, Unit::Bytes);
    let mut flush = Answer::new("forgetting each of them (flush; drop of the handles)", Unit::Nanoseconds);
    for (i, name) in NAMES.iter().enumerate() {
        memory = memory.row(*name, (i == 0).then_some(208.0));
        flush = flush.row(*name, None);
        let told = alone::ask("kept", name);
        memory.add(i, told.first().copied().unwrap_or(f64::NAN));
        flush.add(i, told.get(1).copied().unwrap_or(f64::NAN));
    }
    vec![memory, flush]
}

/// How many bodies have ended.
static ENDED: AtomicUsize = AtomicUsize::new(0);

/// The bytes of a kept job and the nanoseconds of forgetting it, told by a process that does nothing else.
pub(crate) fn tell(name: &str) -> Vec<f64> {
    let told = match name {
        Bgjobs::NAME => {
            let (bgjobs, manager) = ours(Duration::from_secs(10));
            keep(
                JOBS,
                |body| drop(bgjobs.start(body)),
                |handles| {
                    drop(handles);
                    manager.flush();
                },
            )
        }
        Std::NAME => keep(THREADS, |body| Std.start(body), drop),
        Rayon::NAME => keep(JOBS, |body| Rayon.start(body), drop),
        Tokio::NAME => {
            let tokio = Tokio::new();
            keep(JOBS, |body| tokio.start(body), drop)
        }
        Blocking::NAME => keep(JOBS, |body| Blocking.start(body), drop),
        Threadpool::NAME => {
            let threadpool = Threadpool::with(2);
            keep(JOBS, |body| threadpool.start(body), drop)
        }
        RustyPool::NAME => {
            let rusty_pool = RustyPool::new();
            keep(JOBS, |body| rusty_pool.start(body), drop)
        }
        _ => panic!("{name:?} is none of {NAMES:?}"),
    };
    told.into_iter().flatten().collect()
}

/// Starts as many jobs and keeps what `start` returns until all have ended, then lets `forget` have it.
fn keep<H>(jobs: u32, start: impl Fn(fn() -> usize) -> H, forget: impl FnOnce(Vec<H>)) -> Option<[f64; 2]> {
    const AT_ONCE: u32 = 1_000;
    let run = |handles: &mut Vec<H>, jobs: u32| {
        for _ in 0..jobs / AT_ONCE {
            handles.extend((0..AT_ONCE).map(|_| start(|| ENDED.fetch_add(1, Ordering::Relaxed))));
            while ENDED.load(Ordering::Relaxed) < handles.len() {
                thread::yield_now();
            }
        }
        // The last of them are about to tell their results.
        thread::sleep(Duration::from_millis(50));
    };
    let mut handles = Vec::with_capacity((jobs + AT_ONCE) as usize);
    run(&mut handles, AT_ONCE);
    let before = system::resident()?;
    run(&mut handles, jobs);
    let grown = system::resident()? - before;
    // The room in the list of handles counts as theirs: whoever keeps them has one.
    let began = Instant::now();
    forget(handles);
    let took = began.elapsed();
    Some([grown / f64::from(jobs), took.as_secs_f64() * 1e9 / f64::from(jobs)])
}
