//! Destructors of user values that panic, block or call the manager do no harm.

use std::{
    cell::Cell,
    error::Error,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
};

use bgjobs::{Failure, FailureKind, Handle, JobManager, Notices, Options};

use crate::{
    gate::{GUARD, Gate, stopped_unstarted, wait_until},
    support::daemon,
};

/// Panics when dropped, and counts its drops.
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

/// A manager, a function that makes bombs, and the number of bombs that were dropped.
fn armed() -> (JobManager, impl Fn() -> Bomb, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let maker = Arc::clone(&count);
    (JobManager::new(), move || Bomb(Arc::clone(&maker)), count)
}

/// Asserts that the manager still works.
#[track_caller]
fn still_works(jobs: &Handle) {
    let mut notices = jobs.notices();
    let job = jobs.named("next").with(daemon()).spawn(|| 2).unwrap();
    assert_eq!(job.join_timeout(GUARD).unwrap(), &2);
    // A job started by a destructor may have ended in the meantime as well.
    assert!(notices.look().contains(&job));
    jobs.remove(&job).unwrap();
}

#[test]
fn a_result_may_panic_when_a_flush_drops_it() {
    let (jobs, bomb, count) = armed();
    for _ in 0..4 {
        let bomb = bomb();
        drop(jobs.spawn("bomb", move || bomb).unwrap());
    }
    jobs.wait_all().unwrap();
    assert_eq!(jobs.completed().len(), 4);
    assert_eq!(jobs.flush().completed, 4);
    wait_until("each bomb was dropped once", || count.load(Ordering::SeqCst) == 4);
    still_works(&jobs);
}

#[test]
fn a_result_may_panic_when_its_manager_drops_it() {
    let (jobs, bomb, count) = armed();
    let first = bomb();
    drop(jobs.spawn("bomb", move || first).unwrap());
    drop(jobs);
    wait_until("the bomb was dropped", || count.load(Ordering::SeqCst) == 1);
}

#[test]
fn a_panic_payload_may_panic_when_dropped() {
    let (jobs, bomb, count) = armed();
    let first = bomb();
    let job = jobs.spawn("bomb", move || -> u8 { std::panic::panic_any(first) }).unwrap();
    job.wait().unwrap();
    assert_eq!(job.failure().unwrap().message(), "a value that is not text");
    drop(job);
    jobs.flush();
    wait_until("the bomb was dropped", || count.load(Ordering::SeqCst) == 1);
    still_works(&jobs);
}

#[test]
fn an_error_may_panic_when_dropped() {
    let (jobs, bomb, count) = armed();
    let first = bomb();
    let job = jobs.try_spawn("bomb", move || Err::<(), _>(first)).unwrap();
    job.wait().unwrap();
    assert_eq!(job.failure().unwrap().message(), "a bomb");
    drop(job);
    jobs.flush();
    wait_until("the bomb was dropped", || count.load(Ordering::SeqCst) == 1);
    still_works(&jobs);
}

#[test]
fn a_captured_value_that_panics_when_dropped_fails_its_job() {
    let (jobs, bomb, count) = armed();
    let first = bomb();
    let job = jobs.spawn("bomb", move || (&first, 1).1).unwrap();
    job.wait().unwrap();
    let failure = job.failure().unwrap();
    assert_eq!((failure.kind(), failure.message()), (FailureKind::Panic, "a destructor"));
    assert_eq!(count.load(Ordering::SeqCst), 1);
    still_works(&jobs);
}

#[test]
fn a_captured_value_of_a_job_that_never_started_may_panic_when_dropped() {
    let (jobs, bomb, count) = armed();
    let made = Cell::new(0);
    let job = stopped_unstarted(|| {
        made.set(made.get() + 1);
        let bomb = bomb();
        jobs.spawn("bomb", move || (&bomb, 1).1).unwrap()
    });
    assert_eq!(job.failure().unwrap().message(), "never mind");
    wait_until("each bomb was dropped once", || count.load(Ordering::SeqCst) == made.get());
    still_works(&jobs);
}

#[test]
fn a_captured_value_of_a_refused_job_may_panic_when_dropped() {
    let (jobs, bomb, count) = armed();
    jobs.shutdown().unwrap();
    for fresh_thread in [false, true] {
        let bomb = bomb();
        let spawner = jobs.named("bomb").with(Options { fresh_thread, ..Options::default() });
        assert!(spawner.spawn(move || (&bomb, 1).1).is_err());
    }
    wait_until("both bombs were dropped", || count.load(Ordering::SeqCst) == 2);
}

/// Calls its function when dropped.
struct OnDrop(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.take().unwrap()();
    }
}

impl OnDrop {
    fn new(call: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(call)))
    }
}

/// A value whose destructor starts a job, waits for it and then opens `done`.
fn spawn_and_join(jobs: &JobManager, done: &Gate) -> OnDrop {
    let (handle, done) = (jobs.handle(), done.opener());
    OnDrop::new(move || {
        let job = handle.named("from a destructor").with(daemon()).spawn(|| ()).unwrap();
        job.join_timeout(GUARD).expect("a thread runs it");
        done.open();
    })
}

#[test]
fn a_destructor_that_calls_the_manager_runs_without_its_lock() {
    let jobs = JobManager::new();
    let done = Gate::new();
    let result = spawn_and_join(&jobs, &done);
    drop(jobs.spawn("last", move || result).unwrap());
    jobs.wait_all().unwrap();
    jobs.flush();
    done.pass().wait();
    still_works(&jobs);
}

#[test]
fn a_captured_value_of_a_job_that_never_started_may_wait_for_another_job() {
    let jobs = JobManager::new();
    let done = Gate::new();
    stopped_unstarted(|| {
        let captured = spawn_and_join(&jobs, &done);
        jobs.spawn("last", move || drop(captured)).unwrap()
    });
    done.pass().wait();
    still_works(&jobs);
}

#[test]
fn a_result_dropped_by_its_own_worker_may_wait_for_another_job() {
    let jobs = JobManager::new();
    let done = Gate::new();
    let result = spawn_and_join(&jobs, &done);
    let subscriber: Arc<Mutex<Option<Notices>>> = Arc::new(Mutex::new(Some(jobs.notices())));
    let (own, handle) = (Arc::clone(&subscriber), jobs.handle());
    // When the worker releases the job, nothing else holds it any more.
    let alarm = move || {
        drop(own.lock().unwrap().take());
        handle.flush();
    };
    subscriber.lock().unwrap().as_ref().unwrap().wake(alarm);
    drop(jobs.spawn("last", move || result).unwrap());
    done.pass().wait();
    still_works(&jobs);
}

#[test]
fn a_failure_that_never_reached_a_job_may_panic_when_dropped() {
    let count = Arc::new(AtomicUsize::new(0));
    drop(Failure::from(Bomb(Arc::clone(&count))));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn an_alarm_may_panic_when_it_is_replaced_or_dropped_with_its_subscriber() {
    let (jobs, bomb, count) = armed();
    let notices = jobs.notices();
    for _ in 0..2 {
        let bomb = bomb();
        notices.wake(move || _ = &bomb);
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    drop(notices);
    assert_eq!(count.load(Ordering::SeqCst), 2);
    still_works(&jobs);
}

#[test]
fn a_call_at_a_stop_may_panic_when_it_is_cancelled() {
    let (jobs, bomb, count) = armed();
    let first = bomb();
    let job = jobs.spawn_with("bomb", move |job| {
        drop(job.on_stop(move || _ = &first));
        Ok(1)
    });
    assert_eq!(job.unwrap().join_timeout(GUARD).unwrap(), &1);
    assert_eq!(count.load(Ordering::SeqCst), 1);
    still_works(&jobs);
}

#[test]
fn a_waker_may_panic_when_its_future_is_dropped() {
    struct Armed(#[expect(dead_code, reason = "it is there to be dropped")] Bomb);

    impl Wake for Armed {
        fn wake(self: Arc<Self>) {}
    }

    let (jobs, bomb, count) = armed();
    let gate = Gate::new();
    let job = jobs.named("held").with(daemon()).spawn(gate.hold(1)).unwrap();
    let mut future = Box::pin(IntoFuture::into_future(&job));
    let waker = Waker::from(Arc::new(Armed(bomb())));
    assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    // The future holds the last reference.
    drop(waker);
    drop(future);
    assert_eq!(count.load(Ordering::SeqCst), 1);
    still_works(&jobs);
}
