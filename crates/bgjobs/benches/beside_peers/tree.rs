//! Jobs that start jobs.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    answer::{Answer, Contender, compare},
    peers::{Blocking, Rayon, RustyPool, Std, Threadpool, Tokio, ours},
    runner::{Arrivals, Nested},
};

const IDLE: Duration = Duration::from_secs(10);

/// A tree whose jobs do not wait for the jobs they start, and one whose jobs do, which some peers can't run.
pub(crate) fn tree() -> Vec<Answer> {
    let (bgjobs, _manager) = ours(IDLE);
    let (tokio, rusty_pool) = (Tokio::new(), RustyPool::new());
    let threadpool = Threadpool::with(thread::available_parallelism().map_or(1, Into::into));
    let loose = compare(
        "4,095 jobs that each start two, until all have run",
        8,
        vec![
            grows(&bgjobs),
            grows(&Std),
            grows(&Rayon),
            grows(&tokio),
            grows(&Blocking),
            grows(&threadpool),
            grows(&rusty_pool),
        ],
    );
    // More threads than jobs; with fewer, the jobs would deadlock.
    let (tokio, rusty_pool) = (Tokio::with(10_000, IDLE), RustyPool::with(10_000, IDLE));
    let joined = compare(
        "1,023 jobs that each start two and wait for their results (tokio and rusty_pool may use 10,000 threads; rayon, \
         blocking and threadpool would hang)",
        8,
        vec![joins(&bgjobs), joins(&Std), joins(&tokio), joins(&rusty_pool)],
    );
    vec![loose, joined]
}

fn grows<R: Nested>(runner: &R) -> Contender<'_> {
    const LEVELS: u32 = 12;
    let jobs = (1 << LEVELS) - 1;
    let turn = move || {
        let arrivals = Arrivals::new(jobs);
        let began = Instant::now();
        grow(runner, LEVELS, &arrivals);
        arrivals.wait();
        let took = began.elapsed();
        runner.tidy();
        (took, jobs)
    };
    (R::NAME, None, Box::new(turn))
}

fn grow<R: Nested>(runner: &R, levels: u32, arrivals: &Arrivals) {
    let (own, all) = (runner.clone(), arrivals.clone());
    let job = runner.start(move || {
        if levels > 1 {
            grow(&own, levels - 1, &all);
            grow(&own, levels - 1, &all);
        }
        all.arrive();
        0
    });
    runner.leave(job);
}

fn joins<R: Nested>(runner: &R) -> Contender<'_> {
    const LEVELS: u32 = 10;
    let jobs = (1 << LEVELS) - 1;
    let turn = move || {
        let began = Instant::now();
        let counted = runner.result(count(runner, LEVELS));
        let took = began.elapsed();
        assert_eq!(counted, jobs);
        runner.tidy();
        (took, jobs)
    };
    (R::NAME, None, Box::new(turn))
}

fn count<R: Nested>(runner: &R, levels: u32) -> R::Handle {
    let own = runner.clone();
    runner.start(move || {
        let below = if levels > 1 { vec![count(&own, levels - 1), count(&own, levels - 1)] } else { Vec::new() };
        1 + below.into_iter().map(|handle| own.result(handle)).sum::<usize>()
    })
}
