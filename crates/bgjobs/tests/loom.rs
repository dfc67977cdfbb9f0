//! The whole engine under loom, which tries the interleavings of its threads.
//!
//! `RUSTFLAGS="--cfg bgjobs_loom" cargo test -p bgjobs --test loom --profile loom`
//!
//! Each model ends with the drop of the manager, so it also shows that every worker ends.
//! Loom has no clock, so nothing here times out: idle timeouts are tested elsewhere.

#![cfg(bgjobs_loom)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bgjobs::{After, Due, JobManager, Options, Outcome, Relay, Seat, SpawnError, State};
use loom::thread;

/// Tries the interleavings with two preemptions, which is where mistakes show, or with `LOOM_MAX_PREEMPTIONS` of them.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(2));
    builder.max_branches = 20_000;
    builder.check(model);
}

#[test]
fn a_job_runs_once_and_is_joined() {
    check(|| {
        let jobs = JobManager::new();
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let job = jobs.spawn("one", move || count.fetch_add(1, SeqCst)).unwrap();
        assert_eq!(job.join().unwrap(), &0);
        drop(jobs);
        assert_eq!(runs.load(SeqCst), 1);
    });
}

#[test]
fn two_jobs_are_handed_to_workers_and_both_end() {
    check(|| {
        let jobs = JobManager::new();
        let one = jobs.spawn("one", || 1).unwrap();
        let two = jobs.spawn("two", || 2).unwrap();
        assert_eq!((one.join().unwrap(), two.join().unwrap()), (&1, &2));
    });
}

#[test]
fn a_job_that_waits_for_a_later_one_is_not_in_its_way() {
    check(|| {
        let jobs = JobManager::new();
        let (send, receive) = loom::sync::mpsc::channel();
        let waits = jobs.spawn("waits", move || receive.recv().unwrap()).unwrap();
        jobs.spawn("sends", move || send.send(7).unwrap()).unwrap();
        assert_eq!(waits.join().unwrap(), &7);
    });
}

#[test]
fn workers_that_sleep_are_all_called_when_several_jobs_come() {
    check(|| {
        let jobs = JobManager::new();
        // The first round leaves two workers, the second finds them asleep or searching.
        for _ in 0..2 {
            let (send, receive) = loom::sync::mpsc::channel();
            let waits = jobs.spawn("waits", move || receive.recv().unwrap()).unwrap();
            jobs.spawn("sends", move || send.send(7).unwrap()).unwrap();
            assert_eq!(waits.join().unwrap(), &7);
        }
    });
}

#[test]
fn who_joined_a_job_finds_it_in_the_next_report() {
    check(|| {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        let job = jobs.spawn("one", || ()).unwrap();
        job.wait().unwrap();
        assert_eq!(notices.look().len(), 1);
    });
}

#[test]
fn who_was_told_of_a_job_finds_it_finished() {
    check(|| {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        jobs.spawn("one", || ()).unwrap();
        let reader = thread::spawn(move || {
            for job in notices.look() {
                assert_eq!(job.state(), State::Finished(Outcome::Done));
                assert!(job.times().finished.is_some());
            }
        });
        drop(jobs);
        reader.join().unwrap();
    });
}

#[test]
fn a_removed_job_was_finished_and_stands_in_no_list() {
    check(|| {
        let jobs = JobManager::new();
        let job = jobs.spawn("one", || ()).unwrap();
        match jobs.remove(0) {
            Ok(removed) => assert!(removed.is_finished()),
            Err(_) => {
                job.wait().unwrap();
                jobs.remove(0).unwrap();
            }
        }
        assert!(jobs.all().is_empty());
    });
}

#[test]
fn a_stop_and_a_start_settle_a_job_once() {
    check(|| {
        let jobs = JobManager::new();
        let job = jobs.spawn_with("one", |job| Ok(job.check()?)).unwrap();
        let stopper = {
            let job = job.clone();
            thread::spawn(move || job.ask_stop("enough"))
        };
        job.wait().unwrap();
        let asked = stopper.join().unwrap();
        match job.state() {
            State::Finished(Outcome::Stopped) => {
                assert!(asked);
                assert_eq!(job.failure().unwrap().message(), "enough");
            }
            state => assert_eq!(state, State::Finished(Outcome::Done)),
        }
    });
}

#[test]
fn a_sleeper_hears_a_stop() {
    check(|| {
        let jobs = JobManager::new();
        let job = jobs.spawn_with("one", |job| Ok(job.sleep(std::time::Duration::MAX)?)).unwrap();
        job.ask_stop("enough");
        job.wait().unwrap();
        assert_eq!(job.state(), State::Finished(Outcome::Stopped));
    });
}

#[test]
fn a_start_against_a_shutdown_runs_whole_or_not_at_all() {
    check(|| {
        let jobs = JobManager::new();
        let handle = jobs.handle();
        let starter = thread::spawn(move || match handle.spawn("late", || 5) {
            Ok(job) => assert_eq!(job.join().unwrap(), &5),
            Err(error) => assert!(matches!(error, SpawnError::ShutDown)),
        });
        jobs.shutdown().unwrap();
        drop(jobs);
        starter.join().unwrap();
    });
}

/// The options of a job of a group whose limit is one.
fn of_narrow_group(jobs: &JobManager) -> Options {
    jobs.group("io").set_limit(1).unwrap();
    Options { group: Some("io".into()), ..Options::default() }
}

#[test]
fn a_place_is_handed_over_at_the_end_and_never_taken_twice() {
    check(|| {
        let jobs = JobManager::new();
        let options = of_narrow_group(&jobs);
        let inside = Arc::new(AtomicUsize::new(0));
        let body = |inside: Arc<AtomicUsize>| {
            move || {
                assert_eq!(inside.fetch_add(1, SeqCst), 0);
                inside.fetch_sub(1, SeqCst);
            }
        };
        let one = jobs.with(options.clone()).spawn("one", body(Arc::clone(&inside))).unwrap();
        let two = jobs.with(options).spawn("two", body(Arc::clone(&inside))).unwrap();
        two.join().unwrap();
        one.join().unwrap();
        assert_eq!(jobs.group("io").running(), 0);
    });
}

#[test]
fn a_job_that_joins_one_of_its_own_full_group_lends_its_place_and_has_it_back() {
    check(|| {
        let jobs = JobManager::new();
        let options = of_narrow_group(&jobs);
        let (handle, inner) = (jobs.handle(), options.clone());
        let body = move || *handle.with(inner).spawn("inner", || 1).unwrap().join().unwrap();
        assert_eq!(jobs.with(options).spawn("outer", body).unwrap().join().unwrap(), &1);
        assert_eq!(jobs.group("io").running(), 0);
    });
}

#[test]
fn a_stop_and_a_turn_settle_a_waiting_job_once_and_free_its_place() {
    check(|| {
        let jobs = JobManager::new();
        let options = of_narrow_group(&jobs);
        let group = jobs.group("io");
        group.pause();
        let job = jobs.with(options).spawn("one", || ()).unwrap();
        let stopper = {
            let job = job.clone();
            thread::spawn(move || job.ask_stop("enough"))
        };
        group.resume();
        job.wait().unwrap();
        let asked = stopper.join().unwrap();
        assert!(asked || job.state() == State::Finished(Outcome::Done));
        assert_eq!(group.running(), 0);
    });
}

#[test]
fn a_job_follows_one_that_ends_meanwhile() {
    check(|| {
        let jobs = JobManager::new();
        let load = jobs.spawn("load", || 7).unwrap();
        let after = Options { after: vec![After::done(&load)], ..Options::default() };
        let fit = jobs.with(after).spawn("fit", move || *load.outcome().unwrap().unwrap()).unwrap();
        assert_eq!(fit.join().unwrap(), &7);
    });
}

#[test]
fn a_task_of_a_relay_is_taken_whatever_its_workers_do_meanwhile() {
    // Two at once; and one after the other, when the worker of the first looks, falls asleep or sleeps.
    for at_once in [2, 1] {
        check(move || {
            let relay = Arc::new(Relay::new());
            let (send, receive) = loom::sync::mpsc::channel();
            let mut threads = Vec::new();
            for tasks in [[1, 2].as_slice()].into_iter().flat_map(|tasks| tasks.chunks(at_once)) {
                for &task in tasks {
                    let due = relay.push(task).unwrap();
                    threads.extend(grow(&relay, &send, due));
                }
                // Nobody closes the relay before, so a task that is left behind is a deadlock.
                let mut taken: Vec<_> = tasks.iter().map(|_| receive.recv().unwrap()).collect();
                taken.sort_unstable();
                assert_eq!(taken, tasks);
            }
            relay.close();
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!((relay.queued(), relay.live(), relay.idle()), (0, 0, 0));
        });
    }
}

/// Makes the worker that is due; it makes the next, and tells what it takes.
fn grow(relay: &Arc<Relay<u32>>, taken: &loom::sync::mpsc::Sender<u32>, due: Due) -> Option<thread::JoinHandle<()>> {
    let (relay, taken) = (Arc::clone(relay), taken.clone());
    let work = move || {
        let seat = Seat::new();
        let mut next = None;
        while let Some((task, due)) = relay.take(&seat, Duration::MAX) {
            next = next.or(grow(&relay, &taken, due));
            taken.send(task).unwrap();
        }
        if let Some(next) = next {
            next.join().unwrap();
        }
    };
    (due == Due::Grow).then(|| thread::spawn(work))
}
