//! What the user is told when a job ends.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use bgjobs::{AnyJob, JobManager, Notices};

use crate::gate::{GUARD, Gate, wait_until};

fn numbers(jobs: &[AnyJob]) -> Vec<u64> {
    jobs.iter().map(|job| job.id().get()).collect()
}

fn run(jobs: &JobManager) {
    jobs.spawn("quick", || ()).unwrap().wait().unwrap();
}

#[test]
fn each_reader_is_told_of_each_end_once_in_the_order_of_the_ends() {
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
fn a_reader_is_not_told_of_what_it_skipped() {
    let jobs = JobManager::new();
    let (mut skips, mut reads) = (jobs.notices(), jobs.notices());
    for _ in 0..4 {
        run(&jobs);
    }
    for job in [2, 1] {
        skips.skip(job);
    }
    assert_eq!(numbers(&skips.look()), [0, 3]);
    assert_eq!(numbers(&reads.look()), [0, 1, 2, 3]);
    run(&jobs);
    run(&jobs);
    // Neither what was told nor what is not there yet.
    for job in [3, 5, 6, 4] {
        skips.skip(job);
    }
    assert!(!skips.has_news() && skips.look().is_empty());
    run(&jobs);
    assert_eq!(numbers(&skips.look()), [6]);
    assert_eq!(numbers(&reads.look()), [4, 5, 6]);
}

#[test]
fn what_every_reader_skipped_is_not_kept() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let kept = Arc::new(());
    let weak = Arc::downgrade(&kept);
    jobs.spawn("kept", move || kept).unwrap().wait().unwrap();
    notices.skip(0);
    jobs.flush();
    wait_until("it is dropped", || weak.upgrade().is_none());
}

#[test]
fn a_reader_is_told_of_what_ends_after_it_began() {
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
    // Nobody reads.
    run(&jobs);
    let mut last = jobs.notices();
    assert!(!last.has_news() && last.look().is_empty());
    run(&jobs);
    assert_eq!(numbers(&last.look()), [4]);
}

#[test]
fn a_job_that_was_flushed_or_removed_untold_is_told_all_the_same_and_its_result_read() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    drop(jobs.spawn("removed", || "kept".to_owned()).unwrap());
    jobs.wait_all(None).unwrap();
    drop(jobs.remove(0).unwrap());
    drop(jobs.spawn("flushed", || "kept too".to_owned()).unwrap());
    jobs.wait_all(None).unwrap();
    jobs.flush();
    let told = notices.look();
    let results: Vec<_> =
        told.into_iter().map(|job| job.downcast::<String>().unwrap().join().unwrap().clone()).collect();
    assert_eq!(results, ["kept", "kept too"]);
}

/// Starts a job whose result tells whether it is still kept.
fn tracked(jobs: &JobManager) -> Weak<()> {
    let result = Arc::new(());
    let weak = Arc::downgrade(&result);
    jobs.spawn("tracked", move || result).unwrap().wait().unwrap();
    weak
}

#[test]
fn nothing_told_is_kept_alive() {
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
    // A reader that goes has been told of all that it will ever be told of.
    drop(slow);
    wait_until("the result is gone", || result.upgrade().is_none());
}

#[test]
fn a_reader_that_nobody_reads_keeps_each_job_once_and_lets_go_of_all_when_it_is_dropped() {
    let jobs = JobManager::new();
    let (read_by_nobody, mut read) = (jobs.notices(), jobs.notices());
    let results: Vec<_> = (0..200)
        .map(|_| {
            let result = tracked(&jobs);
            drop(read.look());
            jobs.flush();
            result
        })
        .collect();
    assert!(jobs.all().is_empty() && results.iter().all(|result| result.strong_count() == 1));
    drop(read_by_nobody);
    // Workers may hold the last of a job for a moment longer than anybody else.
    wait_until("all results are gone", || results.iter().all(|result| result.strong_count() == 0));
}

#[test]
fn without_readers_nothing_is_kept() {
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
    // There is news already, so a new alarm rings at once, and not again before the next look.
    notices.wake(ring());
    assert_eq!(count.load(Ordering::SeqCst), 3);
    run(&jobs);
    drop(notices);
    run(&jobs);
    jobs.shutdown().unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[test]
fn an_alarm_that_panics_is_swallowed_and_the_manager_lives_on() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    notices.wake(|| panic!("an alarm of the host"));
    for number in 0..3 {
        run(&jobs);
        assert_eq!(numbers(&notices.look()), [number]);
    }
}

#[test]
fn waiting_for_news_ends_with_news_or_with_the_time() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let mut notices = jobs.notices();
    assert!(!notices.wait(Some(Duration::ZERO)) && !notices.wait(Some(Duration::from_millis(5))));
    jobs.spawn("held", gate.hold(())).unwrap();
    gate.open_soon();
    assert!(notices.wait(None) && notices.wait(None));
    assert_eq!(numbers(&notices.look()), [0]);
    assert!(!notices.wait(Some(Duration::ZERO)));
}

#[test]
fn who_has_joined_a_job_finds_it_in_the_next_report_and_who_was_told_finds_it_finished() {
    let jobs = JobManager::new();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut notices = jobs.notices();
                for _ in 0..300 {
                    let job = jobs.spawn("quick", || 1).unwrap();
                    job.join().unwrap();
                    assert!(notices.has_news());
                    let told = notices.look();
                    assert!(told.contains(&job));
                    assert!(told.iter().all(|job| job.is_finished() && job.times().finished.is_some()));
                }
            });
        }
        scope.spawn(|| {
            let mut notices: Notices = jobs.notices();
            let mut told = 0;
            while told < 100 && notices.wait(Some(GUARD)) {
                for job in notices.look() {
                    assert!(job.is_finished() && job.clone().downcast::<i32>().unwrap().outcome().is_some());
                    told += 1;
                }
            }
        });
    });
}
