//! Notices as a stream, and awaited.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
    thread,
};

use bgjobs::{JobManager, Notices, State};
use futures_lite::{
    future::{block_on, poll_once},
    stream::StreamExt,
};

use crate::{
    gate::{Gate, wait_until},
    notices::{run, tracked},
    support::{daemon, numbers},
};

/// The number of the next job that the stream yields.
fn next(notices: &mut Notices) -> Option<u64> {
    block_on(notices.next()).map(|job| job.id().get())
}

#[test]
fn a_stream_yields_each_ended_job_once_and_in_order_and_ends_after_the_shutdown() {
    let jobs = JobManager::new();
    let (first, second) = (Gate::new(), Gate::new());
    let mut notices = jobs.notices();
    jobs.spawn("zero", first.hold(())).unwrap();
    jobs.spawn("one", second.hold(())).unwrap();
    assert!(block_on(poll_once(notices.next())).is_none());
    second.open_soon();
    assert_eq!(next(&mut notices), Some(1));
    assert!(block_on(poll_once(notices.next())).is_none());
    first.open();
    jobs.shutdown().unwrap();
    assert_eq!((next(&mut notices), next(&mut notices)), (Some(0), None));
}

#[test]
fn a_stream_that_waits_ends_when_the_manager_is_dropped() {
    let jobs = JobManager::new();
    let notices = jobs.notices();
    let reader = thread::spawn(move || block_on(notices.map(|job| job.id().get()).collect::<Vec<_>>()));
    run(&jobs);
    run(&jobs);
    drop(jobs);
    assert_eq!(reader.join().unwrap(), [0, 1]);
}

#[test]
fn a_daemon_that_ends_after_the_shutdown_comes_after_the_end_of_the_stream() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let mut notices = jobs.notices();
    let daemon = jobs.named("daemon").with(daemon()).spawn(gate.hold(())).unwrap();
    wait_until("the daemon runs", || daemon.state() == State::Running);
    jobs.shutdown().unwrap();
    assert_eq!(next(&mut notices), None);
    gate.open();
    daemon.wait().unwrap();
    assert_eq!(next(&mut notices), Some(0));
}

#[test]
fn a_stream_shares_its_cursor_with_looks_reports_and_skips() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    for _ in 0..6 {
        run(&jobs);
    }
    notices.mark_seen(1);
    notices.mark_seen(3);
    assert_eq!(next(&mut notices), Some(0));
    assert_eq!(next(&mut notices), Some(2));
    assert!(notices.has_news());
    assert_eq!(numbers(&notices.look()), [4, 5]);
    assert!(!notices.has_news() && block_on(poll_once(notices.next())).is_none());
    run(&jobs);
    assert_eq!(next(&mut notices), Some(6));
    assert!(!notices.has_news() && notices.report().is_empty());
}

#[test]
fn a_job_that_a_stream_has_yielded_is_not_kept_alive_by_it() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let results = [tracked(&jobs), tracked(&jobs)];
    jobs.flush();
    assert_eq!(next(&mut notices), Some(0));
    wait_until("the first result is gone", || results[0].upgrade().is_none());
    assert!(results[1].upgrade().is_some());
}

#[test]
fn an_alarm_rings_again_after_a_stream_has_yielded() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    notices.wake(move || {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    for rings in 1..=2 {
        run(&jobs);
        wait_until("the alarm rings", || count.load(Ordering::SeqCst) == rings);
        assert!(next(&mut notices).is_some());
    }
}

#[test]
fn an_awaited_notice_comes_with_an_end_or_not_at_all_after_the_shutdown() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let mut notices = jobs.notices();
    jobs.spawn("held", gate.hold(())).unwrap();
    assert!(block_on(poll_once(notices.wait_async())).is_none());
    gate.open_soon();
    assert!(block_on(notices.wait_async()) && block_on(notices.wait_async()));
    assert_eq!(numbers(&notices.look()), [0]);
    let waiting = thread::spawn(move || block_on(notices.wait_async()));
    jobs.shutdown().unwrap();
    assert!(!waiting.join().unwrap());
}

#[test]
fn a_dropped_wait_for_a_notice_releases_its_waker_and_loses_no_notice() {
    struct Counting(AtomicUsize);
    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let counting = Arc::new(Counting(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&counting));
    assert!(pin!(notices.wait_async()).poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(Arc::strong_count(&counting), 2);
    run(&jobs);
    assert_eq!(counting.0.load(Ordering::SeqCst), 0);
    assert_eq!(numbers(&notices.look()), [0]);
}
