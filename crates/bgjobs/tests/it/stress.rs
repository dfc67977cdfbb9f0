//! Many threads at once: nothing is lost, duplicated, leaked or dropped twice.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bgjobs::{AnyJob, Failure, JobManager, JoinError, Options, Outcome, State};

use crate::{
    gate::{GUARD, Gate, stopped_unstarted, wait_until},
    support::daemon,
};

const THREADS: usize = 8;

/// Counts the values that were created and those that were dropped.
#[derive(Clone, Default)]
struct Census(Arc<[AtomicUsize; 2]>);

struct Counted(Census);

impl Census {
    fn make(&self) -> Counted {
        self.0[0].fetch_add(1, Ordering::SeqCst);
        Counted(self.clone())
    }

    fn counts(&self) -> [usize; 2] {
        [0, 1].map(|index| self.0[index].load(Ordering::SeqCst))
    }

    /// Asserts that all values were dropped once, after a wait: a worker may hold the last reference to a job for a moment longer
    /// than anything else.
    #[track_caller]
    fn all_dropped_once(&self, made: usize) {
        wait_until("every value is dropped", || self.counts()[1] >= made);
        assert_eq!(self.counts(), [made, made]);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0[1].fetch_add(1, Ordering::SeqCst);
    }
}

/// Starts a job that captures one counted value and returns another one, panics with one or fails.
fn start(jobs: &bgjobs::Handle, census: &Census, ends: usize) -> bgjobs::Job<Counted> {
    let (captured, census) = (census.make(), census.clone());
    let body = move || {
        let _captured = captured;
        match ends % 4 {
            0 | 1 => Ok(census.make()),
            2 => std::panic::panic_any(census.make()),
            _ => Err(Failure::new("x")),
        }
    };
    let options = Options { fresh_thread: ends % 16 == 5, daemon: ends % 8 == 6, ..Options::default() };
    jobs.named("counted").with(options).try_spawn(body).unwrap()
}

#[test]
fn many_threads_that_spawn_join_look_and_flush_lose_and_duplicate_nothing() {
    const EACH: usize = 300;
    let census = Census::default();
    let jobs = JobManager::new();
    let mut all_notices = jobs.notices();
    let (numbers, flushed) = (Mutex::new(HashSet::new()), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut notices = jobs.notices();
                for n in 0..EACH {
                    let job = start(&jobs, &census, n);
                    assert!(numbers.lock().unwrap().insert(job.id()), "{job:?} twice");
                    match n % 3 {
                        0 => drop(job),
                        1 => assert_eq!(job.join().is_ok(), n % 4 < 2),
                        _ => {
                            job.wait().unwrap();
                            assert!(notices.look().contains(&job));
                            flushed.fetch_add(usize::from(jobs.remove(&job).is_ok()), Ordering::SeqCst);
                        }
                    }
                    if n % 50 == 0 {
                        let gone = jobs.flush();
                        flushed.fetch_add(gone.completed + gone.dead, Ordering::SeqCst);
                        assert!(jobs.status().running.len() <= jobs.all().len() + THREADS);
                    }
                }
            });
        }
    });
    jobs.wait_all().unwrap();
    let total = THREADS * EACH;
    assert_eq!(*numbers.lock().unwrap(), (0..total as u64).map(Into::into).collect());
    let reported = all_notices.look();
    assert_eq!(reported.iter().map(AnyJob::id).collect::<HashSet<_>>().len(), reported.len());
    assert_eq!(reported.len(), total);
    assert_eq!(flushed.into_inner() + jobs.all().len(), total);
    drop((reported, all_notices, jobs));
    // Every job captures a value, and three in four make a result or payload.
    census.all_dropped_once(total + total / 4 * 3);
}

#[test]
fn many_threads_that_start_jobs_during_a_drop_are_served_or_refused() {
    for round in 0..20 {
        let census = Census::default();
        let jobs = JobManager::new();
        let served = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                let handle = jobs.handle();
                let (census, served) = (&census, &served);
                scope.spawn(move || {
                    for _ in 0..50 {
                        let captured = census.make();
                        if let Ok(job) = handle.spawn("late", move || drop(captured)) {
                            // A drop waits for every job that was accepted.
                            job.join_timeout(GUARD).unwrap();
                            served.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
            wait_until("some are served", || served.load(Ordering::SeqCst) > round);
            drop(jobs);
        });
        census.all_dropped_once(200);
    }
}

#[test]
fn captured_values_and_results_are_dropped_once_on_every_path() {
    let census = Census::default();
    let jobs = JobManager::new();
    // Done, and flushed.
    start(&jobs, &census, 0).wait().unwrap();
    jobs.flush();
    census.all_dropped_once(2);
    // A panic whose payload is taken.
    let job = start(&jobs, &census, 2);
    job.wait().unwrap();
    drop(job.failure().unwrap().take_payload());
    census.all_dropped_once(4);
    // An error, in a job that is removed while a handle exists.
    let job = start(&jobs, &census, 3);
    job.wait().unwrap();
    jobs.remove(&job).unwrap();
    census.all_dropped_once(5);
    // Held only by a handle after a flush.
    let job = start(&jobs, &census, 0);
    job.wait().unwrap();
    jobs.flush();
    assert_eq!(census.counts(), [7, 6]);
    drop(job);
    census.all_dropped_once(7);
    // Stopped before it started.
    let job = stopped_unstarted(|| start(&jobs, &census, 0));
    assert!(matches!(job.join(), Err(JoinError::Failed { .. })));
    jobs.flush();
    drop(job);
    let [made, _] = census.counts();
    census.all_dropped_once(made);
    // Detached, not reported and not flushed; the subscriber outlives the manager.
    let notices = jobs.notices();
    drop(start(&jobs, &census, 0));
    drop(jobs);
    assert_eq!(census.counts(), [made + 2, made + 1]);
    drop(notices);
    census.all_dropped_once(made + 2);
}

#[test]
fn a_daemon_that_outlives_its_manager_is_dropped_with_its_last_handle() {
    let census = Census::default();
    let jobs = JobManager::new();
    let gate = Gate::new();
    let (captured, result) = (census.make(), census.make());
    let held = gate.hold(result);
    let body = move || {
        let _captured = captured;
        held()
    };
    let job = jobs.named("daemon").with(daemon()).spawn(body).unwrap();
    wait_until("the daemon runs", || job.state() == State::Running);
    drop(jobs);
    gate.open();
    job.wait().unwrap();
    wait_until("the captured value is dropped", || census.counts()[1] == 1);
    drop(job);
    census.all_dropped_once(2);
}

#[test]
fn racing_stops_and_ends_agree_on_one_outcome() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    for n in 0..400 {
        let job = jobs.spawn_with("short", |job| job.check().map_err(Into::into)).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| job.stop("quick", GUARD));
            let joined = job.join_timeout(GUARD);
            let stopped = job.state() == State::Finished(Outcome::Stopped);
            assert_eq!((joined.is_err(), job.failure().is_some()), (stopped, stopped), "{n}");
        });
        assert_eq!(notices.look(), [(*job).clone()]);
        jobs.remove(&job).unwrap();
    }
}
