//! User code that a worker runs when a job ends: alarms, wakers and destructors. None of it delays another job.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Wake, Waker},
    thread,
};

use bgjobs::{AnyJob, JobManager, State, UnknownReason};

use crate::{
    gate::{Gate, Pass, wait_until},
    support::daemon,
};

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
fn a_slow_alarm_does_not_delay_new_jobs() {
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
fn a_result_dropped_by_a_flush_does_not_block_its_former_worker() {
    for _ in 0..50 {
        let (jobs, gate) = (JobManager::new(), Gate::new());
        let pass = gate.pass();
        let notices = jobs.notices();
        jobs.spawn("first", move || Slow(pass)).unwrap();
        assert!(notices.wait());
        drop(notices);
        let flusher = {
            let handle = jobs.handle();
            thread::spawn(move || handle.flush())
        };
        // The destructor may block at the gate in the other thread; it does not delay the next job.
        assert_eq!(jobs.spawn("next", || 3).unwrap().join().unwrap(), &3);
        gate.open();
        assert!(flusher.join().unwrap().completed >= 1);
    }
}

#[test]
fn a_value_captured_by_an_alarm_may_panic_when_dropped() {
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
    // The alarm that is ringing now holds the last reference to what it captured.
    drop(notices);
    gate.open();
    let next: Vec<_> = (0..20).map(|n| jobs.spawn("next", move || n).unwrap()).collect();
    assert!(next.iter().enumerate().all(|(n, job)| job.join().unwrap() == &n));
}

#[test]
fn a_waiting_subscriber_is_released_at_shutdown_and_still_notified_of_a_daemon_that_ends_later() {
    let (gate, jobs) = (Gate::new(), JobManager::new());
    let notices = jobs.notices();
    let daemon = jobs.named("watch").with(daemon()).spawn(gate.hold(5)).unwrap();
    wait_until("the daemon runs, so that the drop does not end it", || daemon.state() == State::Running);
    let handle = jobs.handle();
    let waiter = thread::spawn(move || (notices.wait(), notices));
    drop(jobs);
    let (was_notified, mut notices) = waiter.join().unwrap();
    assert!(!was_notified);
    gate.open();
    assert_eq!(daemon.join().unwrap(), &5);
    assert_eq!(notices.look(), [AnyJob::from(daemon)]);
    // The manager still knows which numbers it has used.
    assert_eq!(handle.get(0).unwrap_err().reason, UnknownReason::ManagerDropped);
}

#[test]
fn an_untyped_job_can_be_awaited() {
    let (gate, jobs) = (Gate::new(), JobManager::new());
    jobs.spawn("first", gate.hold("done")).unwrap();
    let any = jobs.get(0).unwrap();
    gate.open();
    futures_lite::future::block_on(async { (&any).await });
    assert!(matches!(any.state(), State::Finished(_)));
}
