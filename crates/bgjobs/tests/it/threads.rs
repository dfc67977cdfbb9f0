//! How many threads the pool has: one per running job, and none when it is idle.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use bgjobs::{AnyJob, Config, JobManager, State};

use crate::gate::{Gate, in_time, wait_until};

fn with_idle_timeout(millis: u64) -> JobManager {
    JobManager::with_config(Config { idle_timeout: Duration::from_millis(millis), ..Config::default() })
}

/// Starts `count` jobs that all run at once; fewer if the system refuses their threads.
pub(crate) fn block(jobs: &JobManager, gate: &Gate, count: usize) -> Vec<AnyJob> {
    let running = Arc::new(AtomicUsize::new(0));
    let body = || {
        let (running, pass) = (Arc::clone(&running), gate.pass());
        move || {
            running.fetch_add(1, Ordering::SeqCst);
            pass.wait();
        }
    };
    let started: Vec<AnyJob> = (0..count)
        .map_while(|_| jobs.spawn("blocked", body()).ok().map(AnyJob::from))
        .take_while(|job| job.state() != State::Queued)
        .collect();
    wait_until("all jobs run at once", || running.load(Ordering::SeqCst) >= started.len());
    started
}

#[test]
fn an_idle_manager_has_no_threads_before_and_after_its_jobs() {
    let jobs = with_idle_timeout(20);
    assert_eq!(jobs.threads(), 0);
    for _ in 0..2 {
        let gate = Gate::new();
        assert_eq!(block(&jobs, &gate, 50).len(), 50);
        assert_eq!(jobs.threads(), 50);
        gate.open();
        jobs.wait_all().unwrap();
        wait_until("all threads have ended", || jobs.threads() == 0);
    }
}

#[test]
fn the_pool_shrinks_to_what_a_light_load_needs() {
    let jobs = with_idle_timeout(50);
    let gate = Gate::new();
    block(&jobs, &gate, 30);
    gate.open();
    jobs.wait_all().unwrap();
    // Every check starts a job, so the pool as a whole is never idle for long.
    wait_until("all but two threads have ended", || {
        jobs.spawn("trickle", || ()).unwrap().join().unwrap();
        jobs.threads() <= 2
    });
}

#[test]
fn an_idle_timeout_may_be_zero_or_unlimited() {
    let jobs = with_idle_timeout(0);
    for n in 0..200 {
        assert_eq!(jobs.spawn("short", move || n).unwrap().join().unwrap(), &n);
    }
    wait_until("no threads are left", || jobs.threads() == 0);
    let jobs = JobManager::with_config(Config { idle_timeout: Duration::MAX, ..Config::default() });
    assert_eq!(jobs.spawn("one", || 1).unwrap().join().unwrap(), &1);
    // A shutdown ends workers that would otherwise wait forever.
    jobs.shutdown().unwrap();
    wait_until("the threads have ended", || jobs.threads() == 0);
}

#[test]
fn a_detached_manager_frees_its_results_once_its_workers_have_ended() {
    let handle = with_idle_timeout(1).detach();
    let result = Arc::new(());
    let weak = Arc::downgrade(&result);
    handle.spawn("one", move || result).unwrap().join().unwrap();
    assert!(weak.upgrade().is_some());
    drop(handle);
    wait_until("the result is gone", || weak.upgrade().is_none());
}

#[test]
fn successive_jobs_share_a_thread() {
    let jobs = JobManager::new();
    for n in 0..200 {
        assert_eq!(jobs.spawn("short", move || n).unwrap().join().unwrap(), &n);
        assert_eq!(jobs.threads(), 1);
    }
}

#[test]
fn a_flood_of_short_jobs_needs_few_threads() {
    const COUNT: u64 = 5_000;
    let jobs = JobManager::new();
    let mut most = 0;
    let sum: u64 = (0..COUNT)
        .map(|n| {
            most = most.max(jobs.threads());
            jobs.spawn("short", move || n).unwrap()
        })
        .collect::<Vec<_>>()
        .iter()
        .map(|job| *job.join().unwrap())
        .sum();
    assert_eq!(sum, COUNT * (COUNT - 1) / 2);
    // In practice it stays near 64; the test only requires far fewer threads than jobs.
    assert!(most < 1_000, "{most}");
}

#[test]
fn jobs_that_wait_for_later_jobs_never_deadlock() {
    const COUNT: usize = 200;
    let chain = || {
        let jobs = JobManager::new();
        let links: Vec<_> = (0..COUNT)
            .map(|n| {
                let (sender, receiver) = mpsc::channel::<bgjobs::Job<usize>>();
                let body = move || receiver.recv().map_or(n, |next| *next.join().unwrap());
                (sender, jobs.spawn("link", body).unwrap())
            })
            .collect();
        for pair in links.windows(2) {
            pair[0].0.send(pair[1].1.clone()).unwrap();
        }
        let (senders, links): (Vec<_>, Vec<_>) = links.into_iter().unzip();
        drop(senders);
        *links[0].join().unwrap()
    };
    assert_eq!(in_time("a chain of jobs", chain), COUNT - 1);
}

#[test]
fn jobs_that_start_and_join_jobs_never_deadlock() {
    fn tree(jobs: &bgjobs::Handle, depth: u32) -> u32 {
        if depth == 0 {
            return 1;
        }
        let branch = || {
            let handle = jobs.clone();
            jobs.spawn("branch", move || tree(&handle, depth - 1)).unwrap()
        };
        let (left, right) = (branch(), branch());
        left.join().unwrap() + right.join().unwrap()
    }
    let jobs = JobManager::new();
    let handle = jobs.handle();
    assert_eq!(in_time("a tree of jobs", move || tree(&handle, 7)), 128);
    jobs.wait_all().unwrap();
    assert_eq!(jobs.completed().len(), 254);
}

#[test]
fn two_thousand_blocked_jobs_all_run_at_once() {
    let jobs = with_idle_timeout(20);
    let gate = Gate::new();
    let started = block(&jobs, &gate, 2_000);
    // A machine may allow fewer threads; the jobs that were started do run.
    assert!(!started.is_empty());
    assert!(jobs.threads() >= started.len());
    gate.open();
    jobs.wait_all().unwrap();
    wait_until("all threads have ended", || jobs.threads() == 0);
}
