//! Notices: what the user is told when a job ends.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use bgjobs::{JobManager, Notices};

use crate::{
    gate::{GUARD, Gate, wait_until},
    support::numbers,
};

pub(crate) fn run(jobs: &JobManager) {
    jobs.spawn("quick", || ()).unwrap().wait().unwrap();
}

#[test]
fn each_subscriber_is_notified_of_each_end_once_and_in_order() {
    let jobs = JobManager::new();
    let (first, second) = (Gate::new(), Gate::new());
    let (mut often, mut seldom) = (jobs.notices(), jobs.notices());
    let zero = jobs.spawn("zero", first.hold(())).unwrap();
    let one = jobs.spawn("one", second.hold(())).unwrap();
    assert!(!often.has_news() && often.look().is_empty());
    second.open();
    one.wait().unwrap();
    assert!(often.has_news());
    assert_eq!(numbers(&often.look()), [1]);
    assert!(!often.has_news() && often.look().is_empty());
    first.open();
    zero.wait().unwrap();
    assert_eq!(numbers(&often.look()), [0]);
    assert_eq!(numbers(&seldom.look()), [1, 0]);
    assert!(!seldom.has_news() && seldom.look().is_empty());
}

#[test]
fn a_subscriber_is_not_notified_of_what_it_skipped() {
    let jobs = JobManager::new();
    let (mut skips, mut reads) = (jobs.notices(), jobs.notices());
    for _ in 0..4 {
        run(&jobs);
    }
    for job in [2, 1] {
        skips.mark_seen(job);
    }
    assert_eq!(numbers(&skips.look()), [0, 3]);
    assert_eq!(numbers(&reads.look()), [0, 1, 2, 3]);
    run(&jobs);
    run(&jobs);
    // Skipping has no effect on a job that was already reported or does not exist yet.
    for job in [3, 5, 6, 4] {
        skips.mark_seen(job);
    }
    assert!(!skips.has_news() && skips.look().is_empty());
    run(&jobs);
    assert_eq!(numbers(&skips.look()), [6]);
    assert_eq!(numbers(&reads.look()), [4, 5, 6]);
}

#[test]
fn a_job_skipped_by_every_subscriber_is_freed() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let result = Arc::new(());
    let weak = Arc::downgrade(&result);
    jobs.spawn("skipped", move || result).unwrap().wait().unwrap();
    notices.mark_seen(0);
    jobs.flush();
    wait_until("the result is dropped", || weak.upgrade().is_none());
}

#[test]
fn a_subscriber_is_notified_only_of_later_ends() {
    let jobs = JobManager::new();
    run(&jobs);
    let mut early = jobs.notices();
    run(&jobs);
    let mut late = jobs.notices();
    assert!(early.has_news() && !late.has_news());
    run(&jobs);
    assert_eq!((numbers(&early.look()), numbers(&late.look())), (vec![1, 2], vec![2]));
    drop(early);
    drop(late);
    // There is no subscriber now.
    run(&jobs);
    let mut last = jobs.notices();
    assert!(!last.has_news() && last.look().is_empty());
    run(&jobs);
    assert_eq!(numbers(&last.look()), [4]);
}

#[test]
fn a_job_flushed_or_removed_before_its_notice_is_still_reported_with_its_result() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    drop(jobs.spawn("removed", || "first".to_owned()).unwrap());
    jobs.wait_all().unwrap();
    drop(jobs.remove(0).unwrap());
    drop(jobs.spawn("flushed", || "second".to_owned()).unwrap());
    jobs.wait_all().unwrap();
    jobs.flush();
    let reported = notices.look();
    let results: Vec<_> =
        reported.into_iter().map(|job| job.downcast::<String>().unwrap().join().unwrap().clone()).collect();
    assert_eq!(results, ["first", "second"]);
}

/// Runs a job to its end; the returned reference shows whether its result still exists.
pub(crate) fn tracked(jobs: &JobManager) -> Weak<()> {
    let result = Arc::new(());
    let weak = Arc::downgrade(&result);
    jobs.spawn("tracked", move || result).unwrap().wait().unwrap();
    weak
}

#[test]
fn a_notice_that_was_read_keeps_nothing_alive() {
    let jobs = JobManager::new();
    let (mut quick, mut slow) = (jobs.notices(), jobs.notices());
    let result = tracked(&jobs);
    jobs.flush();
    drop(quick.look());
    assert!(result.upgrade().is_some());
    drop(slow.look());
    wait_until("the result is gone", || result.upgrade().is_none());

    let result = tracked(&jobs);
    jobs.flush();
    drop(quick.look());
    assert!(result.upgrade().is_some());
    // Dropping a subscriber releases everything it has not read.
    drop(slow);
    wait_until("the result is gone", || result.upgrade().is_none());
}

#[test]
fn an_unread_subscriber_holds_each_job_once_and_frees_them_all_when_dropped() {
    let jobs = JobManager::new();
    let (unread, mut read) = (jobs.notices(), jobs.notices());
    let results: Vec<_> = (0..200)
        .map(|_| {
            let result = tracked(&jobs);
            drop(read.look());
            jobs.flush();
            result
        })
        .collect();
    assert!(jobs.all().is_empty() && results.iter().all(|result| result.strong_count() == 1));
    drop(unread);
    // A worker may hold the last reference to a job for a moment longer than anything else.
    wait_until("all results are gone", || results.iter().all(|result| result.strong_count() == 0));
}

#[test]
fn without_subscribers_nothing_is_held() {
    let jobs = JobManager::new();
    drop(jobs.notices());
    let result = tracked(&jobs);
    assert!(result.upgrade().is_some());
    jobs.flush();
    wait_until("the result is gone", || result.upgrade().is_none());
}

#[test]
fn an_alarm_rings_once_between_two_looks() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let count = Arc::new(AtomicUsize::new(0));
    let ring = || {
        let count = Arc::clone(&count);
        move || {
            count.fetch_add(1, Ordering::SeqCst);
        }
    };
    notices.wake(ring());
    run(&jobs);
    run(&jobs);
    wait_until("the alarm rings", || count.load(Ordering::SeqCst) == 1);
    assert_eq!(notices.look().len(), 2);
    run(&jobs);
    wait_until("the alarm rings again", || count.load(Ordering::SeqCst) == 2);
    // A notice is waiting already, so a new alarm rings at once, and not again before the next look.
    notices.wake(ring());
    assert_eq!(count.load(Ordering::SeqCst), 3);
    run(&jobs);
    drop(notices);
    run(&jobs);
    jobs.shutdown().unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[test]
fn an_alarm_rings_for_the_next_end_after_all_earlier_ones_were_skipped() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let (ring, rings) = mpsc::channel();
    notices.wake(move || ring.send(()).unwrap());
    run(&jobs);
    rings.recv_timeout(GUARD).unwrap();
    notices.mark_seen(0);
    assert!(!notices.has_news() && notices.look().is_empty());
    run(&jobs);
    rings.recv_timeout(GUARD).unwrap();
    // As long as a look would find something, it does not ring again.
    run(&jobs);
    notices.mark_seen(2);
    run(&jobs);
    jobs.shutdown().unwrap();
    assert!(rings.try_recv().is_err());
    assert_eq!(numbers(&notices.look()), [1, 3]);
}

#[test]
fn a_panic_in_an_alarm_is_swallowed_and_the_manager_still_works() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    notices.wake(|| panic!("an alarm of the host"));
    for number in 0..3 {
        run(&jobs);
        assert_eq!(numbers(&notices.look()), [number]);
    }
}

#[test]
fn a_panic_in_an_alarm_that_is_due_at_once_is_swallowed_too() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    run(&jobs);
    assert!(notices.has_news());
    notices.wake(|| panic!("an alarm of the host"));
    assert_eq!(numbers(&notices.look()), [0]);
    run(&jobs);
    assert_eq!(numbers(&notices.look()), [1]);
}

#[test]
fn waiting_for_a_notice_ends_with_a_notice_or_at_its_timeout() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let mut notices = jobs.notices();
    assert!(!notices.wait_timeout(Duration::ZERO) && !notices.wait_timeout(Duration::from_millis(5)));
    jobs.spawn("held", gate.hold(())).unwrap();
    gate.open_soon();
    assert!(notices.wait() && notices.wait());
    assert_eq!(numbers(&notices.look()), [0]);
    assert!(!notices.wait_timeout(Duration::ZERO));
}

#[test]
fn a_joined_job_is_in_the_next_report_and_a_reported_job_is_finished() {
    let jobs = JobManager::new();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut notices = jobs.notices();
                for _ in 0..300 {
                    let job = jobs.spawn("quick", || 1).unwrap();
                    job.join().unwrap();
                    assert!(notices.has_news());
                    let reported = notices.look();
                    assert!(reported.contains(&job));
                    assert!(reported.iter().all(|job| job.is_finished() && job.times().finished.is_some()));
                }
            });
        }
        scope.spawn(|| {
            let mut notices: Notices = jobs.notices();
            let mut reported = 0;
            while reported < 100 && notices.wait_timeout(GUARD) {
                for job in notices.look() {
                    assert!(job.is_finished() && job.clone().downcast::<i32>().unwrap().outcome().is_some());
                    reported += 1;
                }
            }
        });
    });
}
