//! The whole engine under model checkers: loom tries every interleaving of a few threads, shuttle random ones of more threads.
//!
//! `RUSTFLAGS="--cfg bgjobs_loom" cargo test -p bgjobs --test models --profile model`, or `--cfg bgjobs_shuttle`.
//!
//! Each model ends by dropping the manager, which also proves that every worker ends.
//! Models have no clock, so nothing times out here; idle timeouts are tested elsewhere.

#![cfg(any(bgjobs_loom, bgjobs_shuttle))]

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{self, Poll, Wake, Waker},
    time::Duration,
};

use futures_core::Stream;

use bgjobs::{
    After, Demand, Due, HostedQueue, HostedWorker, JobId, JobManager, Notices, Options, Outcome, SpawnError, State,
};
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

/// Tries all interleavings with up to two preemptions, which expose most mistakes, or with `LOOM_MAX_PREEMPTIONS`.
#[cfg(bgjobs_loom)]
fn check(model: impl Fn() + Clone + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(2));
    builder.max_branches = 20_000;
    builder.check(model);
}

/// Tries random interleavings: half of them unrestricted, half with a few preemptions at random points.
#[cfg(bgjobs_shuttle)]
fn check(model: impl Fn() + Clone + Send + Sync + 'static) {
    const PREEMPTIONS: usize = 3;
    larger::fairly(model.clone());
    let scheduler = shuttle::scheduler::PctScheduler::new(PREEMPTIONS, larger::schedules());
    shuttle::Runner::new(scheduler, larger::config()).run(model);
}

/// Polls `future` on this thread, which sleeps until it is woken.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let (mut context, mut future) = (task::Context::from_waker(&waker), pin!(future));
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
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
fn two_jobs_reach_workers_and_both_end() {
    check(|| {
        let jobs = JobManager::new();
        let one = jobs.spawn("one", || 1).unwrap();
        let two = jobs.spawn("two", || 2).unwrap();
        assert_eq!((one.join().unwrap(), two.join().unwrap()), (&1, &2));
    });
}

#[test]
fn a_job_waiting_for_a_later_one_does_not_block_it() {
    check(|| {
        let jobs = JobManager::new();
        let (send, receive) = mpsc::channel();
        let waits = jobs.spawn("waits", move || receive.recv().unwrap()).unwrap();
        jobs.spawn("sends", move || send.send(7).unwrap()).unwrap();
        assert_eq!(waits.join().unwrap(), &7);
    });
}

#[test]
fn all_needed_sleeping_workers_wake_when_several_jobs_arrive() {
    check(|| {
        let jobs = JobManager::new();
        // The first round leaves two workers; the second finds them asleep or searching.
        for _ in 0..2 {
            let (send, receive) = mpsc::channel();
            let waits = jobs.spawn("waits", move || receive.recv().unwrap()).unwrap();
            jobs.spawn("sends", move || send.send(7).unwrap()).unwrap();
            assert_eq!(waits.join().unwrap(), &7);
        }
    });
}

#[test]
fn an_idle_worker_is_promised_to_only_one_job() {
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
fn a_joined_job_is_in_the_next_report() {
    check(|| {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        let job = jobs.spawn("one", || ()).unwrap();
        job.wait().unwrap();
        assert_eq!(notices.look().len(), 1);
    });
}

#[test]
fn both_of_two_subscribers_are_notified_of_an_end() {
    check(|| {
        let jobs = JobManager::new();
        let mut readers = [jobs.notices(), jobs.notices()];
        jobs.spawn("one", || ()).unwrap().wait().unwrap();
        assert_eq!(readers.each_mut().map(|reader| reader.look().len()), [1, 1]);
    });
}

#[test]
fn a_joined_job_is_in_its_list() {
    check(|| {
        let jobs = JobManager::new();
        jobs.spawn("one", || ()).unwrap().wait().unwrap();
        assert_eq!((jobs.running().len(), jobs.completed().len()), (0, 1));
    });
}

#[test]
fn the_worker_of_a_joined_job_is_free() {
    check(|| {
        let jobs = JobManager::new();
        for _ in 0..2 {
            jobs.spawn("one", || ()).unwrap().wait().unwrap();
        }
        assert_eq!(jobs.threads(), 1);
    });
}

#[test]
fn a_reported_job_is_finished() {
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
fn a_removed_job_was_finished_and_is_in_no_list() {
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
fn a_racing_stop_and_start_settle_a_job_once() {
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
fn a_sleeping_body_wakes_when_stopped() {
    check(|| {
        let jobs = JobManager::new();
        let job = jobs.spawn_with("one", |job| Ok(job.sleep(std::time::Duration::MAX)?)).unwrap();
        job.ask_stop("enough");
        job.wait().unwrap();
        assert_eq!(job.state(), State::Finished(Outcome::Stopped));
    });
}

#[test]
fn a_job_started_during_a_shutdown_runs_completely_or_not_at_all() {
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
fn a_job_listed_while_it_ends_is_listed_and_reported_or_neither() {
    check(|| {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        let options = Options { unlisted: true, ..Options::default() };
        let line = jobs.named("line").with(options).spawn(|| 7).unwrap();
        let number = line.list();
        assert_eq!(line.join().unwrap(), &7);
        assert_eq!(jobs.all().len(), usize::from(number.is_some()));
        assert_eq!(jobs.completed().len(), usize::from(number.is_some()));
        assert_eq!(notices.look().len(), usize::from(number.is_some()));
        assert_eq!((line.list(), line.is_listed()), (number, number.is_some()));
    });
}

#[test]
fn an_unlisted_job_ends_even_if_its_manager_is_dropped() {
    check(|| {
        let jobs = JobManager::new();
        let options = Options { unlisted: true, ..Options::default() };
        let line = jobs.named("line").with(options).spawn(|| 7).unwrap();
        drop(jobs);
        line.wait().unwrap();
        assert!(matches!(line.state(), State::Finished(Outcome::Done | Outcome::Stopped)));
    });
}

#[test]
fn a_daemon_racing_a_shutdown_runs_completely_or_not_at_all() {
    check(|| {
        let jobs = JobManager::new();
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let options = Options { daemon: true, ..Options::default() };
        let job = jobs.named("daemon").with(options).spawn(move || count.fetch_add(1, SeqCst)).unwrap();
        drop(jobs);
        job.wait().unwrap();
        let ran = usize::from(job.state() == State::Finished(Outcome::Done));
        assert_eq!((runs.load(SeqCst), job.times().started.is_some()), (ran, ran == 1));
    });
}

#[test]
fn a_subscriber_that_waits_is_woken_by_an_end() {
    check(|| {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        let reader = thread::spawn(move || {
            assert!(notices.wait());
            notices.look().len()
        });
        jobs.spawn("one", || ()).unwrap();
        assert_eq!(reader.join().unwrap(), 1);
    });
}

#[test]
fn a_subscriber_that_waits_is_released_at_shutdown() {
    check(|| {
        let jobs = JobManager::new();
        let notices = jobs.notices();
        let reader = thread::spawn(move || assert!(!notices.wait()));
        drop(jobs);
        reader.join().unwrap();
    });
}

/// The number of the next job that ends, as a stream tells it.
fn next(notices: &mut Notices) -> Option<JobId> {
    block_on(poll_fn(|context| Pin::new(&mut *notices).poll_next(context))).map(|job| job.id())
}

#[test]
fn a_stream_of_notices_is_woken_by_an_end() {
    check(|| {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        let reader = thread::spawn(move || next(&mut notices));
        let job = jobs.spawn("one", || ()).unwrap();
        assert_eq!(reader.join().unwrap(), Some(job.id()));
    });
}

#[test]
fn a_stream_of_notices_yields_all_ends_before_a_shutdown_ends_it() {
    check(|| {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        let reader = thread::spawn(move || [next(&mut notices), next(&mut notices)]);
        let job = jobs.spawn("one", || ()).unwrap();
        drop(jobs);
        assert_eq!(reader.join().unwrap(), [Some(job.id()), None]);
    });
}

#[test]
fn a_job_polled_as_a_future_is_woken_by_its_end() {
    check(|| {
        let jobs = JobManager::new();
        let job = jobs.spawn("one", || 7).unwrap();
        assert_eq!(block_on(job).unwrap(), 7);
    });
}

#[test]
fn an_awaited_shutdown_ends_after_the_jobs_that_jobs_start() {
    check(|| {
        let jobs = JobManager::new();
        let handle = jobs.handle();
        let outer = jobs.spawn("outer", move || handle.spawn("inner", || 7).unwrap()).unwrap();
        block_on(jobs.shutdown_async()).unwrap();
        assert!(outer.outcome().unwrap().unwrap().is_finished());
    });
}

#[test]
fn waiting_for_any_of_two_ends_with_the_first() {
    check(|| {
        let jobs = JobManager::new();
        let (send, receive) = mpsc::channel();
        let held = jobs.spawn("held", move || receive.recv().unwrap()).unwrap();
        let quick = jobs.spawn("quick", || ()).unwrap();
        let any = bgjobs::wait_any([&held, &quick]).unwrap();
        assert_eq!(any.id(), quick.id());
        send.send(()).unwrap();
    });
}

#[test]
fn a_stop_racing_an_end_succeeds_at_most_once_and_leaves_the_outcome_alone() {
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

/// Options for a job in a group with a limit of one.
fn in_narrow_group(jobs: &JobManager) -> Options {
    jobs.group("io").set_limit(1).unwrap();
    Options { group: Some("io".into()), ..Options::default() }
}

#[test]
fn a_slot_is_handed_over_at_the_end_and_never_taken_twice() {
    check(|| {
        let jobs = JobManager::new();
        let options = in_narrow_group(&jobs);
        // An atomic of the model checker, so that a body may be preempted between the two operations.
        let inside = Arc::new(atomic::AtomicUsize::new(0));
        let body = |inside: Arc<atomic::AtomicUsize>| {
            move || {
                assert_eq!(inside.fetch_add(1, SeqCst), 0);
                inside.fetch_sub(1, SeqCst);
            }
        };
        let one = jobs.named("one").with(options.clone()).spawn(body(Arc::clone(&inside))).unwrap();
        let two = jobs.named("two").with(options).spawn(body(Arc::clone(&inside))).unwrap();
        two.join().unwrap();
        one.join().unwrap();
        assert_eq!(jobs.group("io").running(), 0);
    });
}

#[test]
fn a_job_that_joins_one_of_its_own_full_group_lends_its_slot_and_gets_it_back() {
    check(|| {
        let jobs = JobManager::new();
        let options = in_narrow_group(&jobs);
        let (handle, inner) = (jobs.handle(), options.clone());
        let body = move || *handle.named("inner").with(inner).spawn(|| 1).unwrap().join().unwrap();
        assert_eq!(jobs.named("outer").with(options).spawn(body).unwrap().join().unwrap(), &1);
        assert_eq!(jobs.group("io").running(), 0);
    });
}

#[test]
fn a_taken_slot_comes_back_to_its_lender() {
    check(|| {
        let jobs = JobManager::new();
        let options = in_narrow_group(&jobs);
        let other = jobs.named("other").host().unwrap();
        let job = other.job();
        let outer = jobs.named("outer").with(options.clone()).spawn(move || job.wait().unwrap()).unwrap();
        // When the other job ends, this one has the slot already, not yet, or no longer.
        jobs.named("inner").with(options).spawn(|| ()).unwrap();
        other.begin().unwrap().end(Ok(()));
        outer.join().unwrap();
    });
}

#[test]
fn a_racing_stop_and_turn_settle_a_waiting_job_once_and_free_its_slot() {
    check(|| {
        let jobs = JobManager::new();
        let options = in_narrow_group(&jobs);
        let group = jobs.group("io");
        group.pause();
        let job = jobs.named("one").with(options).spawn(|| ()).unwrap();
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
fn a_job_can_follow_one_that_is_just_ending() {
    check(|| {
        let jobs = JobManager::new();
        let load = jobs.spawn("load", || 7).unwrap();
        let after = Options { after: vec![After::done(&load)], ..Options::default() };
        let fit = jobs.named("fit").with(after).spawn(move || *load.outcome().unwrap().unwrap()).unwrap();
        assert_eq!(fit.join().unwrap(), &7);
    });
}

#[test]
fn a_hosted_job_that_is_stopped_at_its_turn_is_due_once() {
    check(|| {
        let jobs = JobManager::new();
        jobs.group("disk").set_limit(1).unwrap();
        let [first, second] = ["first", "second"].map(|name| jobs.named(name).group("disk").host().unwrap());
        assert!(matches!(jobs.take_due()[..], [Due::Begin(_)]));
        let (turn, job) = (first.begin().unwrap(), second.job());
        let stopper = {
            let job = job.clone();
            thread::spawn(move || job.ask_stop("enough"))
        };
        turn.end(Ok(()));
        stopper.join().unwrap();
        assert!(matches!(jobs.take_due()[..], [Due::Begin(_) | Due::Ended(_)]));
        assert!(second.begin().is_none());
        assert_eq!(job.state(), State::Finished(Outcome::Stopped));
        assert_eq!((jobs.group("disk").running(), jobs.group("disk").waiting()), (0, 0));
    });
}

#[test]
fn what_is_due_for_hosted_jobs_is_taken_once_and_never_lost() {
    check(|| {
        let jobs = JobManager::new();
        jobs.group("disk").set_limit(1).unwrap();
        let [first, second] = ["first", "second"].map(|name| jobs.named(name).group("disk").host().unwrap());
        assert_eq!(jobs.take_due().len(), 1);
        let turn = first.begin().unwrap();
        let other = {
            let jobs = jobs.handle();
            thread::spawn(move || jobs.take_due().len())
        };
        // Who ends a job and is told so finds what is due, unless another has taken it.
        let own = if turn.end(Ok(())) { jobs.take_due().len() } else { 0 };
        assert_eq!(own + other.join().unwrap(), 1);
        second.begin().unwrap().end(Ok(()));
    });
}

#[test]
fn a_hosted_job_gets_back_the_slot_that_it_lent() {
    check(|| {
        let jobs = JobManager::new();
        jobs.group("disk").set_limit(1).unwrap();
        let [first, second] = ["first", "second"].map(|name| jobs.named(name).group("disk").host().unwrap());
        assert_eq!(jobs.take_due().len(), 1);
        let (turn, job) = (first.begin().unwrap(), second.job());
        turn.begin_wait(&[job], 1, true).unwrap();
        assert!(matches!(jobs.take_due()[..], [Due::Begin(_)]));
        let ends = thread::spawn(move || second.begin().unwrap().end(Ok(())));
        if !turn.end_wait(false) {
            ends.join().unwrap();
            assert!(matches!(jobs.take_due()[..], [Due::Resume(_)]));
            assert!(turn.end_wait(false));
        } else {
            ends.join().unwrap();
        }
        turn.end(Ok(()));
        assert_eq!(jobs.group("disk").running(), 0);
    });
}

#[test]
fn a_hosted_task_is_taken_whatever_its_workers_are_doing() {
    // Two tasks at once, then one after the other while the first worker is looking, falling asleep or asleep.
    for at_once in [2, 1] {
        check(move || {
            let queue = Arc::new(HostedQueue::new());
            let (send, receive) = mpsc::channel();
            let mut threads = Vec::new();
            for tasks in [[1, 2].as_slice()].into_iter().flat_map(|tasks| tasks.chunks(at_once)) {
                for &task in tasks {
                    let send = send.clone();
                    threads.extend(push(&queue, move || send.send(task).unwrap()));
                }
                // The queue is still open, so a task left behind is a deadlock.
                let mut taken: Vec<_> = tasks.iter().map(|_| receive.recv().unwrap()).collect();
                taken.sort_unstable();
                assert_eq!(taken, tasks);
            }
            queue.close();
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!((queue.queued(), queue.live(), queue.idle()), (0, 0, 0));
        });
    }
}

#[test]
fn a_hosted_task_waiting_for_a_later_one_does_not_block_it() {
    check(|| {
        let queue = Arc::new(HostedQueue::new());
        let ((send, receive), (send_result, receive_result)) = (mpsc::channel(), mpsc::channel());
        let waits = push(&queue, move || send_result.send(receive.recv().unwrap()).unwrap());
        let sends = push(&queue, move || send.send(7).unwrap());
        assert_eq!(receive_result.recv().unwrap(), 7);
        queue.close();
        waits.into_iter().chain(sends).for_each(|thread| thread.join().unwrap());
    });
}

type Task = Box<dyn FnOnce() + Send>;

/// Queues a task, and returns the worker that this starts, if any.
fn push(queue: &Arc<HostedQueue<Task>>, task: impl FnOnce() + Send + 'static) -> Option<thread::JoinHandle<()>> {
    let demand = queue.push(Box::new(task)).ok().unwrap();
    grow(queue, demand)
}

/// Starts a worker if one is due. That worker starts the next one.
fn grow(queue: &Arc<HostedQueue<Task>>, demand: Demand) -> Option<thread::JoinHandle<()>> {
    let queue = Arc::clone(queue);
    let work = move || {
        let worker = HostedWorker::new();
        let mut next = None;
        while let Some((task, demand)) = queue.take(&worker, Duration::MAX) {
            next = next.or(grow(&queue, demand));
            task();
        }
        if let Some(next) = next {
            next.join().unwrap();
        }
    };
    (demand == Demand::SpawnThread).then(|| thread::spawn(work))
}

/// Models too large for loom, which would try every interleaving.
#[cfg(bgjobs_shuttle)]
mod larger {
    use super::*;

    /// How many interleavings to try.
    pub(super) fn schedules() -> usize {
        if std::env::var_os("BGJOBS_PROVE").is_some() { 20_000 } else { 300 }
    }

    pub(super) fn config() -> shuttle::Config {
        let mut config = shuttle::Config::new();
        config.stack_size = 1 << 18;
        config
    }

    /// Tries random interleavings with a fair scheduler.
    pub(super) fn fairly(model: impl Fn() + Send + Sync + 'static) {
        let scheduler = shuttle::scheduler::RandomScheduler::new(schedules());
        shuttle::Runner::new(scheduler, config()).run(model);
    }

    #[test]
    fn nested_jobs_started_by_several_threads_all_end_once() {
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
            jobs.wait_all().unwrap();
            assert_eq!((notices.look().len(), jobs.completed().len()), (6, 6));
        });
    }

    #[test]
    fn slots_of_two_groups_are_lent_passed_on_and_returned_while_jobs_are_stopped() {
        check(|| {
            let jobs = JobManager::new();
            let inside = Arc::new([atomic::AtomicUsize::new(0), atomic::AtomicUsize::new(0)]);
            let groups = ["one", "two"].map(|name| {
                jobs.group(name).set_limit(1).unwrap();
                Options { group: Some(name.into()), ..Options::default() }
            });
            let enter = |index: usize, inside: &Arc<[atomic::AtomicUsize; 2]>| {
                assert_eq!(inside[index].fetch_add(1, SeqCst), 0);
                inside[index].fetch_sub(1, SeqCst);
            };
            let mut started = Vec::new();
            for (index, options) in groups.iter().enumerate() {
                // Each waits for a job of the other group, and then has its own slot again.
                let (handle, other, inside) = (jobs.handle(), groups[1 - index].clone(), Arc::clone(&inside));
                let body = move |job: &Context| {
                    enter(index, &inside);
                    let again = Arc::clone(&inside);
                    let inner = handle.named("inner").with(other).spawn(move || enter(1 - index, &again)).unwrap();
                    inner.wait()?;
                    // A stopped job goes on at once, even if its slot is taken.
                    job.check()?;
                    enter(index, &inside);
                    Ok(())
                };
                started.push(jobs.named("outer").with(options.clone()).spawn_with(body).unwrap());
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
            jobs.wait_all().unwrap();
            assert_eq!(["one", "two"].map(|name| jobs.group(name).running()), [0, 0]);
        });
    }

    #[test]
    fn a_lent_slot_is_returned_before_any_new_job_starts() {
        check(|| {
            let jobs = JobManager::new();
            let options = in_narrow_group(&jobs);
            let (handle, inner) = (jobs.handle(), options.clone());
            let body = move || {
                let [one, two] = [1, 2].map(|n| handle.named("inner").with(inner.clone()).spawn(move || n).unwrap());
                one.join().unwrap();
                two.times().started.is_none()
            };
            assert!(jobs.named("outer").with(options).spawn(body).unwrap().join().unwrap());
        });
    }

    #[test]
    fn workers_with_no_idle_timeout_leave_no_task_behind() {
        // A worker that may not end yet keeps retrying, which only a fair scheduler can end.
        fairly(|| {
            let jobs = JobManager::with_config(Config { idle_timeout: Duration::ZERO, ..Config::default() });
            for n in 0..3 {
                assert_eq!(jobs.spawn("one", move || n).unwrap().join().unwrap(), &n);
            }
        });
    }

    #[test]
    fn jobs_of_all_kinds_started_during_a_drop_are_served_or_refused() {
        check(|| {
            let jobs = JobManager::new();
            let ended = Arc::new(AtomicUsize::new(0));
            let starters = [false, true].map(|daemon| {
                let (handle, ended) = (jobs.handle(), Arc::clone(&ended));
                thread::spawn(move || {
                    for unlisted in [false, true] {
                        let options = Options { daemon, unlisted, ..Options::default() };
                        let Ok(job) = handle.named("late").with(options).spawn(|| ()) else { continue };
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
