//! Code of the user's that runs on a worker besides the body: alarms, wakers, destructors. It keeps no job waiting.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Wake, Waker},
    thread,
};

use bgjobs::{AnyJob, JobManager, Options, State, UnknownJob};

use crate::gate::{Gate, Pass, wait_until};

/// A value whose destructor waits at a gate.
struct Slow(Pass);

impl Drop for Slow {
    fn drop(&mut self) {
        self.0.wait();
    }
}

#[test]
fn an_alarm_may_start_a_job_and_join_it() {
    let jobs = JobManager::new();
    let notices = jobs.notices();
    let (handle, sum) = (jobs.handle(), Arc::new(AtomicUsize::new(0)));
    let total = Arc::clone(&sum);
    notices.wake(move || {
        total.fetch_add(*handle.spawn("from the alarm", || 7).unwrap().join().unwrap(), SeqCst);
    });
    jobs.spawn("first", || ()).unwrap().wait().unwrap();
    wait_until("the alarm has joined its job", || sum.load(SeqCst) == 7);
}

#[test]
fn a_job_that_starts_while_an_alarm_takes_its_time_is_not_in_its_way() {
    let jobs = JobManager::new();
    let (notices, gate) = (jobs.notices(), Gate::new());
    let pass = gate.pass();
    notices.wake(move || pass.wait());
    jobs.spawn("first", || ()).unwrap().wait().unwrap();
    let next: Vec<_> = (0..20).map(|n| jobs.spawn("next", move || n).unwrap()).collect();
    assert!(next.iter().enumerate().all(|(n, job)| job.join().unwrap() == &n));
    gate.open();
}

#[test]
fn a_waker_may_start_a_job_and_join_it() {
    struct Starter(bgjobs::Handle, AtomicUsize);

    impl Wake for Starter {
        fn wake(self: Arc<Self>) {
            self.1.store(*self.0.spawn("from the waker", || 7).unwrap().join().unwrap(), SeqCst);
        }
    }

    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("first", gate.hold(())).unwrap();
    let starter = Arc::new(Starter(jobs.handle(), AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&starter));
    let mut future = pin!(IntoFuture::into_future(&job));
    assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    gate.open();
    wait_until("the waker has joined its job", || starter.1.load(SeqCst) == 7);
}

#[test]
fn a_result_is_dropped_by_whoever_forgets_its_job_and_not_by_its_worker() {
    for _ in 0..50 {
        let (jobs, gate) = (JobManager::new(), Gate::new());
        let pass = gate.pass();
        let notices = jobs.notices();
        jobs.spawn("first", move || Slow(pass)).unwrap();
        assert!(notices.wait(None));
        drop(notices);
        let flusher = {
            let handle = jobs.handle();
            thread::spawn(move || handle.flush())
        };
        // The destructor may wait at the gate in the other thread; it does not hold up the next job.
        assert_eq!(jobs.spawn("next", || 3).unwrap().join().unwrap(), &3);
        gate.open();
        assert!(flusher.join().unwrap().completed >= 1);
    }
}

#[test]
fn what_an_alarm_captured_may_panic_when_it_is_dropped() {
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a bomb");
        }
    }

    let (jobs, gate, reached) = (JobManager::new(), Gate::new(), Gate::new());
    let notices = jobs.notices();
    let (pass, opener, bomb) = (gate.pass(), reached.opener(), Bomb);
    notices.wake(move || {
        let _bomb = &bomb;
        opener.open();
        pass.wait();
    });
    jobs.spawn("first", || ()).unwrap().wait().unwrap();
    reached.pass().wait();
    // The alarm that rings is the last that holds what it captured.
    drop(notices);
    gate.open();
    let next: Vec<_> = (0..20).map(|n| jobs.spawn("next", move || n).unwrap()).collect();
    assert!(next.iter().enumerate().all(|(n, job)| job.join().unwrap() == &n));
}

#[test]
fn a_reader_that_waits_is_let_go_at_the_shutdown_and_told_of_a_daemon_that_ends_later() {
    let (gate, jobs) = (Gate::new(), JobManager::new());
    let notices = jobs.notices();
    let daemon = jobs.with(Options { daemon: true, ..Options::default() }).spawn("watch", gate.hold(5)).unwrap();
    wait_until("it runs, so that it is not ended by the drop", || daemon.state() == State::Running);
    let handle = jobs.handle();
    let waits = thread::spawn(move || (notices.wait(None), notices));
    drop(jobs);
    let (has_news, mut notices_back) = waits.join().unwrap();
    assert!(!has_news);
    gate.open();
    assert_eq!(daemon.join().unwrap(), &5);
    assert_eq!(notices_back.look(), [AnyJob::from(daemon)]);
    // The numbers are still known as given.
    assert_eq!(handle.get(0).unwrap_err(), UnknownJob { id: 0.into(), started: 1 });
}

#[test]
fn a_job_of_any_kind_is_awaited() {
    let (gate, jobs) = (Gate::new(), JobManager::new());
    jobs.spawn("first", gate.hold("done")).unwrap();
    let any = jobs.get(0).unwrap();
    gate.open();
    futures_lite::future::block_on(async { (&any).await });
    assert!(matches!(any.state(), State::Finished(_)));
}
