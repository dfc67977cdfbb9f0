//! Many threads at once: nothing is lost, doubled, leaked or dropped twice.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bgjobs::{AnyJob, Failure, JobManager, JoinError, Options, Outcome, State};

use crate::gate::{GUARD, Gate, stopped_unstarted, wait_until};

const THREADS: usize = 8;

/// How many values were made and how many dropped.
#[derive(Clone, Default)]
struct Census(Arc<[AtomicUsize; 2]>);

struct Counted(Census);

impl Census {
    fn make(&self) -> Counted {
        self.0[0].fetch_add(1, Ordering::SeqCst);
        Counted(self.clone())
    }

    fn counts(&self) -> [usize; 2] {
        [0, 1].map(|place| self.0[place].load(Ordering::SeqCst))
    }

    /// Workers may hold the last of a job for a moment longer than anybody else.
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

/// Starts a job that captures one counted value and gives another one or dies.
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
    jobs.with(options).try_spawn("counted", body).unwrap()
}

#[test]
fn many_threads_that_spawn_join_look_and_flush_lose_nothing_and_double_nothing() {
    const EACH: usize = 300;
    let census = Census::default();
    let jobs = JobManager::new();
    let mut all_told = jobs.notices();
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
    jobs.wait_all(None).unwrap();
    let total = THREADS * EACH;
    assert_eq!(*numbers.lock().unwrap(), (0..total as u64).map(Into::into).collect());
    let told = all_told.look();
    assert_eq!(told.iter().map(AnyJob::id).collect::<HashSet<_>>().len(), told.len());
    assert_eq!(told.len(), total);
    assert_eq!(flushed.into_inner() + jobs.all().len(), total);
    drop((told, all_told, jobs));
    // A captured value each, and a result or payload of three in four.
    census.all_dropped_once(total + total / 4 * 3);
}

#[test]
fn many_threads_that_start_jobs_while_the_manager_goes_are_served_or_refused() {
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
                            // What was accepted is waited for.
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
fn a_captured_value_and_a_result_are_dropped_once_on_every_path() {
    let census = Census::default();
    let jobs = JobManager::new();
    // Done, and flushed.
    start(&jobs, &census, 0).wait().unwrap();
    jobs.flush();
    census.all_dropped_once(2);
    // A panic with a payload that is taken.
    let job = start(&jobs, &census, 2);
    job.wait().unwrap();
    drop(job.failure().unwrap().take_payload());
    census.all_dropped_once(4);
    // An error, and removed while a handle is held.
    let job = start(&jobs, &census, 3);
    job.wait().unwrap();
    jobs.remove(&job).unwrap();
    census.all_dropped_once(5);
    // Kept by a handle alone, after a flush.
    let job = start(&jobs, &census, 0);
    job.wait().unwrap();
    jobs.flush();
    assert_eq!(census.counts(), [7, 6]);
    drop(job);
    census.all_dropped_once(7);
    // Stopped before the start.
    let job = stopped_unstarted(|| start(&jobs, &census, 0));
    assert!(matches!(job.join(), Err(JoinError::Failed { .. })));
    jobs.flush();
    drop(job);
    let [made, _] = census.counts();
    census.all_dropped_once(made);
    // Detached, untold, unflushed; the reader goes after the manager.
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
    let job = jobs.with(Options { daemon: true, ..Options::default() }).spawn("daemon", body).unwrap();
    wait_until("it runs", || job.state() == State::Running);
    drop(jobs);
    gate.open();
    job.wait().unwrap();
    wait_until("the captured value is gone", || census.counts()[1] == 1);
    drop(job);
    census.all_dropped_once(2);
}

#[test]
fn stops_and_ends_that_meet_agree_on_one_outcome() {
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
