//! The whole engine in models: loom tries all interleavings of few threads, shuttle many random ones of more.
//!
//! `RUSTFLAGS="--cfg bgjobs_loom" cargo test -p bgjobs --test models --profile model`, or `--cfg bgjobs_shuttle`.
//!
//! Each model ends with the drop of the manager, so it also shows that every worker ends.
//! Models have no clock, so nothing here times out: idle timeouts are tested elsewhere.

#![cfg(any(bgjobs_loom, bgjobs_shuttle))]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bgjobs::{After, Due, JobManager, Options, Outcome, Relay, Seat, SpawnError, State};
#[cfg(bgjobs_shuttle)]
use bgjobs::{Config, Context};
#[cfg(bgjobs_loom)]
use loom::{
    sync::{atomic, mpsc},
    thread,
};
#[cfg(bgjobs_shuttle)]
use shuttle::{
    sync::{atomic, mpsc},
    thread,
};

/// Tries the interleavings with two preemptions, which is where mistakes show, or with `LOOM_MAX_PREEMPTIONS` of them.
#[cfg(bgjobs_loom)]
fn check(model: impl Fn() + Clone + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(2));
    builder.max_branches = 20_000;
    builder.check(model);
}

/// Tries random interleavings: half of them any, half with few preemptions at random places.
#[cfg(bgjobs_shuttle)]
fn check(model: impl Fn() + Clone + Send + Sync + 'static) {
    const PREEMPTIONS: usize = 3;
    larger::fairly(model.clone());
    let scheduler = shuttle::scheduler::PctScheduler::new(PREEMPTIONS, larger::schedules());
    shuttle::Runner::new(scheduler, larger::config()).run(model);
}

#[test]
fn a_job_runs_once_and_is_joined() {
    check(|| {
        let jobs = JobManager::new();
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let job = jobs.spawn("one", move || count.fetch_add(1, SeqCst)).unwrap();
        assert_eq!(job.join().unwrap(), &0);
        assert!(job.times().finished.is_some());
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
        let (send, receive) = mpsc::channel();
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
            let (send, receive) = mpsc::channel();
            let waits = jobs.spawn("waits", move || receive.recv().unwrap()).unwrap();
            jobs.spawn("sends", move || send.send(7).unwrap()).unwrap();
            assert_eq!(waits.join().unwrap(), &7);
        }
    });
}

#[test]
fn a_worker_that_is_idle_is_promised_to_one_job_only() {
    check(|| {
        let jobs = JobManager::new();
        jobs.spawn("first", || ()).unwrap().join().unwrap();
        let (send, receive) = mpsc::channel();
        let waits = jobs.spawn("waits", move || receive.recv().unwrap()).unwrap();
        jobs.spawn("sends", move || send.send(7).unwrap()).unwrap();
        assert_eq!(waits.join().unwrap(), &7);
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
fn each_of_two_readers_is_told_of_an_end() {
    check(|| {
        let jobs = JobManager::new();
        let mut readers = [jobs.notices(), jobs.notices()];
        jobs.spawn("one", || ()).unwrap().wait().unwrap();
        assert_eq!(readers.each_mut().map(|reader| reader.look().len()), [1, 1]);
    });
}

#[test]
fn who_joined_a_job_finds_it_in_its_list() {
    check(|| {
        let jobs = JobManager::new();
        jobs.spawn("one", || ()).unwrap().wait().unwrap();
        assert_eq!((jobs.running().len(), jobs.completed().len()), (0, 1));
    });
}

#[test]
fn who_joined_a_job_finds_its_worker_free() {
    check(|| {
        let jobs = JobManager::new();
        for _ in 0..2 {
            jobs.spawn("one", || ()).unwrap().wait().unwrap();
        }
        assert_eq!(jobs.threads(), 1);
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

#[test]
fn a_job_that_is_listed_while_it_ends_is_in_the_lists_and_told_of_or_in_none() {
    check(|| {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        let options = Options { unlisted: true, ..Options::default() };
        let line = jobs.with(options).spawn("line", || 7).unwrap();
        let number = line.list();
        assert_eq!(line.join().unwrap(), &7);
        assert_eq!(jobs.all().len(), usize::from(number.is_some()));
        assert_eq!(jobs.completed().len(), usize::from(number.is_some()));
        assert_eq!(notices.look().len(), usize::from(number.is_some()));
        assert_eq!((line.list(), line.is_listed()), (number, number.is_some()));
    });
}

#[test]
fn a_job_that_is_not_listed_ends_though_its_manager_goes() {
    check(|| {
        let jobs = JobManager::new();
        let options = Options { unlisted: true, ..Options::default() };
        let line = jobs.with(options).spawn("line", || 7).unwrap();
        drop(jobs);
        line.wait().unwrap();
        assert!(matches!(line.state(), State::Finished(Outcome::Done | Outcome::Stopped)));
    });
}

#[test]
fn a_daemon_that_meets_a_shutdown_runs_whole_or_not_at_all() {
    check(|| {
        let jobs = JobManager::new();
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let options = Options { daemon: true, ..Options::default() };
        let job = jobs.with(options).spawn("daemon", move || count.fetch_add(1, SeqCst)).unwrap();
        drop(jobs);
        job.wait().unwrap();
        let ran = usize::from(job.state() == State::Finished(Outcome::Done));
        assert_eq!((runs.load(SeqCst), job.times().started.is_some()), (ran, ran == 1));
    });
}

#[test]
fn who_waits_for_news_is_woken_by_an_end() {
    check(|| {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        let reader = thread::spawn(move || {
            assert!(notices.wait(None));
            notices.look().len()
        });
        jobs.spawn("one", || ()).unwrap();
        assert_eq!(reader.join().unwrap(), 1);
    });
}

#[test]
fn who_waits_for_news_is_let_go_at_the_shutdown() {
    check(|| {
        let jobs = JobManager::new();
        let notices = jobs.notices();
        let reader = thread::spawn(move || assert!(!notices.wait(None)));
        drop(jobs);
        reader.join().unwrap();
    });
}

#[test]
fn who_waits_for_any_of_two_is_woken_by_the_first() {
    check(|| {
        let jobs = JobManager::new();
        let (send, receive) = mpsc::channel();
        let held = jobs.spawn("held", move || receive.recv().unwrap()).unwrap();
        let quick = jobs.spawn("quick", || ()).unwrap();
        let any = bgjobs::wait_any(&[(*held).clone(), (*quick).clone()], None).unwrap();
        assert_eq!(any.id(), quick.id());
        send.send(()).unwrap();
    });
}

#[test]
fn a_stop_against_an_end_is_told_to_one_who_asks_and_changes_no_end() {
    check(|| {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        let job = jobs.spawn("one", || ()).unwrap();
        let stopper = {
            let job = job.clone();
            thread::spawn(move || job.ask_stop("enough"))
        };
        let asked = [job.ask_stop("enough too"), stopper.join().unwrap()];
        job.wait().unwrap();
        assert!(!(asked[0] && asked[1]));
        match job.state() {
            State::Finished(Outcome::Stopped) => assert!(job.times().started.is_none() && job.failure().is_some()),
            state => assert_eq!(state, State::Finished(Outcome::Done)),
        }
        assert_eq!(notices.look().len(), 1);
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
        // The model's, so that a body may be interrupted inside.
        let inside = Arc::new(atomic::AtomicUsize::new(0));
        let body = |inside: Arc<atomic::AtomicUsize>| {
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
fn a_place_that_is_taken_comes_back_to_who_lent_it() {
    check(|| {
        let jobs = JobManager::new();
        let options = of_narrow_group(&jobs);
        let other = jobs.with(Options::default()).host("other").unwrap();
        let job = other.job();
        let outer = jobs.with(options.clone()).spawn("outer", move || job.wait().unwrap()).unwrap();
        // It has the place when the other ends, or not yet, or no more.
        jobs.with(options).spawn("inner", || ()).unwrap();
        other.begin().unwrap().end(Ok(()));
        outer.join().unwrap();
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
            let (send, receive) = mpsc::channel();
            let mut threads = Vec::new();
            for tasks in [[1, 2].as_slice()].into_iter().flat_map(|tasks| tasks.chunks(at_once)) {
                for &task in tasks {
                    let send = send.clone();
                    threads.extend(push(&relay, move || send.send(task).unwrap()));
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

#[test]
fn a_task_of_a_relay_that_waits_for_a_later_one_is_not_in_its_way() {
    check(|| {
        let relay = Arc::new(Relay::new());
        let ((send, receive), (tell, told)) = (mpsc::channel(), mpsc::channel());
        let waits = push(&relay, move || tell.send(receive.recv().unwrap()).unwrap());
        let sends = push(&relay, move || send.send(7).unwrap());
        assert_eq!(told.recv().unwrap(), 7);
        relay.close();
        waits.into_iter().chain(sends).for_each(|thread| thread.join().unwrap());
    });
}

type Task = Box<dyn FnOnce() + Send>;

/// Queues a task; the worker that is due then.
fn push(relay: &Arc<Relay<Task>>, task: impl FnOnce() + Send + 'static) -> Option<thread::JoinHandle<()>> {
    let due = relay.push(Box::new(task)).ok().unwrap();
    grow(relay, due)
}

/// Makes the worker that is due; it makes the next.
fn grow(relay: &Arc<Relay<Task>>, due: Due) -> Option<thread::JoinHandle<()>> {
    let relay = Arc::clone(relay);
    let work = move || {
        let seat = Seat::new();
        let mut next = None;
        while let Some((task, due)) = relay.take(&seat, Duration::MAX) {
            next = next.or(grow(&relay, due));
            task();
        }
        if let Some(next) = next {
            next.join().unwrap();
        }
    };
    (due == Due::Grow).then(|| thread::spawn(work))
}

/// What is too much for loom, which would try all interleavings.
#[cfg(bgjobs_shuttle)]
mod larger {
    use super::*;

    /// How many interleavings are tried.
    pub(super) fn schedules() -> usize {
        if std::env::var_os("BGJOBS_PROVE").is_some() { 20_000 } else { 300 }
    }

    pub(super) fn config() -> shuttle::Config {
        let mut config = shuttle::Config::new();
        config.stack_size = 1 << 18;
        config
    }

    /// Tries random interleavings.
    pub(super) fn fairly(model: impl Fn() + Send + Sync + 'static) {
        let scheduler = shuttle::scheduler::RandomScheduler::new(schedules());
        shuttle::Runner::new(scheduler, config()).run(model);
    }

    #[test]
    fn several_threads_start_jobs_that_start_jobs_and_all_end_once() {
        check(|| {
            let jobs = JobManager::new();
            let mut notices = jobs.notices();
            let starters = [1, 2, 3].map(|n| {
                let handle = jobs.handle();
                thread::spawn(move || {
                    let inner = handle.clone();
                    let body = move || *inner.spawn("inner", move || n).unwrap().join().unwrap() * 10;
                    let outer = handle.spawn("outer", body).unwrap();
                    assert_eq!(outer.join().unwrap(), &(n * 10));
                })
            });
            starters.into_iter().for_each(|starter| starter.join().unwrap());
            jobs.wait_all(None).unwrap();
            assert_eq!((notices.look().len(), jobs.completed().len()), (6, 6));
        });
    }

    #[test]
    fn places_of_two_groups_are_lent_handed_on_and_taken_back_while_jobs_are_stopped() {
        check(|| {
            let jobs = JobManager::new();
            let inside = Arc::new([atomic::AtomicUsize::new(0), atomic::AtomicUsize::new(0)]);
            let groups = ["one", "two"].map(|name| {
                jobs.group(name).set_limit(1).unwrap();
                Options { group: Some(name.into()), ..Options::default() }
            });
            let enter = |place: usize, inside: &Arc<[atomic::AtomicUsize; 2]>| {
                assert_eq!(inside[place].fetch_add(1, SeqCst), 0);
                inside[place].fetch_sub(1, SeqCst);
            };
            let mut started = Vec::new();
            for (place, options) in groups.iter().enumerate() {
                // Each waits for one of the other group, and has its own place again afterwards.
                let (handle, other, inside) = (jobs.handle(), groups[1 - place].clone(), Arc::clone(&inside));
                let body = move |job: &Context| {
                    enter(place, &inside);
                    let again = Arc::clone(&inside);
                    let inner = handle.with(other).spawn("inner", move || enter(1 - place, &again)).unwrap();
                    inner.wait()?;
                    // One that is stopped goes on at once, though its place is taken.
                    job.check()?;
                    enter(place, &inside);
                    Ok(())
                };
                started.push(jobs.with(options.clone()).spawn_with("outer", body).unwrap());
            }
            let stopper = {
                let job = started[0].clone();
                thread::spawn(move || job.ask_stop("enough"))
            };
            for job in &started {
                job.wait().unwrap();
                assert!(
                    matches!(job.state(), State::Finished(Outcome::Done | Outcome::Stopped)),
                    "{:?}",
                    job.failure()
                );
            }
            stopper.join().unwrap();
            jobs.wait_all(None).unwrap();
            assert_eq!(["one", "two"].map(|name| jobs.group(name).running()), [0, 0]);
        });
    }

    #[test]
    fn who_lent_its_place_has_it_back_before_any_other_starts() {
        check(|| {
            let jobs = JobManager::new();
            let options = of_narrow_group(&jobs);
            let (handle, inner) = (jobs.handle(), options.clone());
            let body = move || {
                let [one, two] = [1, 2].map(|n| handle.with(inner.clone()).spawn("inner", move || n).unwrap());
                one.join().unwrap();
                two.times().started.is_none()
            };
            assert!(jobs.with(options).spawn("outer", body).unwrap().join().unwrap());
        });
    }

    #[test]
    fn workers_that_leave_at_once_leave_no_task_behind() {
        // A worker that may not leave asks again and again, which only a fair scheduler ends.
        fairly(|| {
            let jobs = JobManager::with_config(Config { idle_timeout: Duration::ZERO, ..Config::default() });
            for n in 0..3 {
                assert_eq!(jobs.spawn("one", move || n).unwrap().join().unwrap(), &n);
            }
        });
    }

    #[test]
    fn jobs_of_all_kinds_while_the_manager_goes_are_served_or_refused() {
        check(|| {
            let jobs = JobManager::new();
            let ended = Arc::new(AtomicUsize::new(0));
            let starters = [false, true].map(|daemon| {
                let (handle, ended) = (jobs.handle(), Arc::clone(&ended));
                thread::spawn(move || {
                    for unlisted in [false, true] {
                        let options = Options { daemon, unlisted, ..Options::default() };
                        let Ok(job) = handle.with(options).spawn("late", || ()) else { continue };
                        job.list();
                        job.wait().unwrap();
                        ended.fetch_add(1, SeqCst);
                    }
                })
            });
            drop(jobs);
            starters.into_iter().for_each(|starter| starter.join().unwrap());
            assert!(ended.load(SeqCst) <= 4);
        });
    }
}
