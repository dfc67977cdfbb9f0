//! Destructors of the user's values that panic, block, or call the manager: nobody is harmed.

use std::{
    cell::Cell,
    error::Error,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bgjobs::{Failure, FailureKind, Handle, JobManager, Notices, Options};

use crate::gate::{GUARD, Gate, stopped_unstarted, wait_until};

/// Panics when it is dropped, and counts how often that was.
#[derive(Clone)]
struct Bomb(Arc<AtomicUsize>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("a destructor");
    }
}

impl fmt::Debug for Bomb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bomb")
    }
}

impl fmt::Display for Bomb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bomb")
    }
}

impl Error for Bomb {}

/// A manager, and a maker of bombs with their count.
fn armed() -> (JobManager, impl Fn() -> Bomb, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let maker = Arc::clone(&count);
    (JobManager::new(), move || Bomb(Arc::clone(&maker)), count)
}

/// Asserts that the manager does all that it ever did.
#[track_caller]
fn lives_on(jobs: &Handle) {
    let mut notices = jobs.notices();
    // A daemon, so that a failed test does not hang in its manager.
    let job = jobs.with(Options { daemon: true, ..Options::default() }).spawn("next", || 2).unwrap();
    assert_eq!(job.join_timeout(GUARD).unwrap(), &2);
    // What a destructor started may end meanwhile too.
    assert!(notices.look().contains(&job));
    jobs.remove(&job).unwrap();
}

#[test]
fn of_a_result_at_a_flush() {
    let (jobs, bomb, count) = armed();
    for _ in 0..4 {
        let bomb = bomb();
        drop(jobs.spawn("bomb", move || bomb).unwrap());
    }
    jobs.wait_all(None).unwrap();
    assert_eq!(jobs.completed().len(), 4);
    assert_eq!(jobs.flush().completed, 4);
    wait_until("each has gone off once", || count.load(Ordering::SeqCst) == 4);
    lives_on(&jobs);
}

#[test]
fn of_a_result_with_its_manager() {
    let (jobs, bomb, count) = armed();
    let first = bomb();
    drop(jobs.spawn("bomb", move || first).unwrap());
    drop(jobs);
    wait_until("it has gone off", || count.load(Ordering::SeqCst) == 1);
}

#[test]
fn of_a_payload() {
    let (jobs, bomb, count) = armed();
    let first = bomb();
    let job = jobs.spawn("bomb", move || -> u8 { std::panic::panic_any(first) }).unwrap();
    job.wait().unwrap();
    assert_eq!(job.failure().unwrap().message(), "a value that is not text");
    drop(job);
    jobs.flush();
    wait_until("it has gone off", || count.load(Ordering::SeqCst) == 1);
    lives_on(&jobs);
}

#[test]
fn of_an_error() {
    let (jobs, bomb, count) = armed();
    let first = bomb();
    let job = jobs.try_spawn("bomb", move || Err::<(), _>(first)).unwrap();
    job.wait().unwrap();
    assert_eq!(job.failure().unwrap().message(), "a bomb");
    drop(job);
    jobs.flush();
    wait_until("it has gone off", || count.load(Ordering::SeqCst) == 1);
    lives_on(&jobs);
}

#[test]
fn of_a_captured_value_makes_the_job_a_dead_one() {
    let (jobs, bomb, count) = armed();
    let first = bomb();
    let job = jobs.spawn("bomb", move || (&first, 1).1).unwrap();
    job.wait().unwrap();
    let failure = job.failure().unwrap();
    assert_eq!((failure.kind(), failure.message()), (FailureKind::Panic, "a destructor"));
    assert_eq!(count.load(Ordering::SeqCst), 1);
    lives_on(&jobs);
}

#[test]
fn of_a_captured_value_whose_job_never_started() {
    let (jobs, bomb, count) = armed();
    let made = Cell::new(0);
    let job = stopped_unstarted(|| {
        made.set(made.get() + 1);
        let bomb = bomb();
        jobs.spawn("bomb", move || (&bomb, 1).1).unwrap()
    });
    assert_eq!(job.failure().unwrap().message(), "never mind");
    wait_until("each has gone off once", || count.load(Ordering::SeqCst) == made.get());
    lives_on(&jobs);
}

#[test]
fn of_a_captured_value_whose_job_is_refused() {
    let (jobs, bomb, count) = armed();
    jobs.shutdown().unwrap();
    for fresh_thread in [false, true] {
        let bomb = bomb();
        let spawner = jobs.with(Options { fresh_thread, ..Options::default() });
        assert!(spawner.spawn("bomb", move || (&bomb, 1).1).is_err());
    }
    wait_until("both have gone off", || count.load(Ordering::SeqCst) == 2);
}

/// Calls what it holds when it is dropped.
struct Last(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.take().unwrap()();
    }
}

impl Last {
    fn new(call: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(call)))
    }
}

/// Starts a job and waits for it, and says so.
fn spawn_and_join(jobs: &JobManager, done: &Gate) -> Last {
    let (handle, done) = (jobs.handle(), done.opener());
    Last::new(move || {
        let options = Options { daemon: true, ..Options::default() };
        let job = handle.with(options).spawn("from a destructor", || ()).unwrap();
        job.join_timeout(GUARD).expect("a thread is found for it");
        done.open();
    })
}

#[test]
fn that_calls_the_manager_runs_without_its_lock() {
    let jobs = JobManager::new();
    let done = Gate::new();
    let result = spawn_and_join(&jobs, &done);
    drop(jobs.spawn("last", move || result).unwrap());
    jobs.wait_all(None).unwrap();
    jobs.flush();
    done.pass().wait();
    lives_on(&jobs);
}

#[test]
fn of_a_job_that_never_started_may_wait_for_another_job() {
    let jobs = JobManager::new();
    let done = Gate::new();
    stopped_unstarted(|| {
        let captured = spawn_and_join(&jobs, &done);
        jobs.spawn("last", move || drop(captured)).unwrap()
    });
    done.pass().wait();
    lives_on(&jobs);
}

#[test]
fn of_a_result_that_its_own_worker_drops_may_wait_for_another_job() {
    let jobs = JobManager::new();
    let done = Gate::new();
    let result = spawn_and_join(&jobs, &done);
    let reader: Arc<Mutex<Option<Notices>>> = Arc::new(Mutex::new(Some(jobs.notices())));
    let (own, handle) = (Arc::clone(&reader), jobs.handle());
    // By the time the worker lets go of the job nobody else holds it.
    let alarm = move || {
        drop(own.lock().unwrap().take());
        handle.flush();
    };
    reader.lock().unwrap().as_ref().unwrap().wake(alarm);
    drop(jobs.spawn("last", move || result).unwrap());
    done.pass().wait();
    lives_on(&jobs);
}

#[test]
fn of_a_failure_that_is_never_a_jobs_runs_quietly_too() {
    let count = Arc::new(AtomicUsize::new(0));
    drop(Failure::from(Bomb(Arc::clone(&count))));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}
