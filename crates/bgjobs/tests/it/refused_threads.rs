//! Threads that the system really refuses, in child processes whose address space has no room for another stack.

use std::{
    fs,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use bgjobs::{Config, JobManager, Options, Outcome, SpawnError, State, UnknownReason};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::{
    child::{self, say},
    gate::{Gate, wait_until},
    support::{daemon, in_group, on_fresh_thread},
    threads::block,
};

/// The stack size of each thread here, far larger than anything else in the process.
const STACK: usize = 1 << 30;

/// Leaves address space for `stacks` stacks, and half a stack for everything else.
fn leave_room_for(stacks: u64) {
    let pages: u64 = fs::read_to_string("/proc/self/statm").unwrap().split(' ').next().unwrap().parse().unwrap();
    let stack = STACK as u64;
    limit(pages * 4096 + stacks * stack + stack / 2);
}

fn limit(bytes: u64) {
    let (_, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    setrlimit(Resource::RLIMIT_AS, bytes.min(hard), hard).unwrap();
}

fn leave_room_for_all() {
    limit(u64::MAX);
}

fn manager() -> JobManager {
    JobManager::with_config(Config { stack_size: Some(STACK), ..Config::default() })
}

/// Asserts that the manager can start many jobs at once again, the first of them with `number`.
fn assert_recovers(jobs: &JobManager, number: u64) {
    leave_room_for_all();
    let gate = Gate::new();
    let started = block(jobs, &gate, 8);
    assert_eq!((started.len(), started[0].id().get()), (8, number));
    gate.open();
    jobs.wait_all().unwrap();
}

#[test]
fn a_job_refused_because_no_thread_lives_leaves_nothing_behind() {
    let scenario = || {
        let jobs = manager();
        let value = Arc::new(());
        leave_room_for(0);
        for fresh_thread in [false, true].repeat(50) {
            let captured = Arc::clone(&value);
            let spawner = jobs.named("refused").with(Options { fresh_thread, ..Options::default() });
            let error = spawner.spawn(move || drop(captured)).unwrap_err();
            assert!(matches!(error, SpawnError::NoThread(_)));
            assert!(error.to_string().starts_with("could not create a thread for the job; end threads"));
            assert!(std::error::Error::source(&error).unwrap().is::<std::io::Error>());
        }
        assert_eq!((jobs.all().len(), jobs.threads(), Arc::strong_count(&value)), (0, 0, 1));
        assert_eq!(jobs.get(0).unwrap_err().reason, UnknownReason::NotStarted { newest: None });
        assert_recovers(&jobs, 0);
        say("done");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["done"]);
}

#[test]
fn jobs_queue_while_a_thread_lives_and_run_when_it_is_free() {
    let scenario = || {
        let jobs = manager();
        let (first, rest) = (Gate::new(), Gate::new());
        leave_room_for(1);
        jobs.spawn("runs", first.hold(0)).unwrap();
        let queued: Vec<_> = (1..=3).map(|n| jobs.spawn("queued", rest.hold(n)).unwrap()).collect();
        for job in &queued {
            assert_eq!((job.state(), job.status(), job.stat_code()), (State::Queued, "Queued", 1));
            assert_eq!((job.times().started, job.cpu_time()), (None, None));
        }
        assert_eq!((jobs.running().len(), jobs.threads()), (4, 1));
        // A job that needs a fresh thread does not queue.
        assert!(matches!(jobs.named("alone").with(on_fresh_thread()).spawn(|| ()), Err(SpawnError::NoThread(_))));
        assert_eq!(jobs.all().len(), 4);
        first.open();
        wait_until("the first queued job runs", || queued[0].state() == State::Running);
        assert_eq!([queued[1].state(), queued[2].state()], [State::Queued; 2]);
        rest.open();
        jobs.wait_all().unwrap();
        assert!(queued.iter().map(|job| *job.join().unwrap()).eq(1..=3));
        assert_recovers(&jobs, 4);
        say("done");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["done"]);
}

#[test]
fn the_pool_retries_to_grow_as_jobs_end() {
    let scenario = || {
        let jobs = manager();
        let (first, rest) = (Gate::new(), Gate::new());
        leave_room_for(1);
        jobs.spawn("runs", first.hold(())).unwrap();
        let queued: Vec<_> = (0..2).map(|_| jobs.spawn("queued", rest.hold(())).unwrap()).collect();
        leave_room_for_all();
        first.open();
        wait_until("both jobs run", || queued.iter().all(|job| job.state() == State::Running));
        rest.open();
        drop(jobs);
        say("done");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["done"]);
}

#[test]
fn a_new_job_does_not_starve_queued_ones() {
    let scenario = || {
        let jobs = manager();
        let gate = Gate::new();
        leave_room_for(1);
        jobs.spawn("runs", gate.hold(())).unwrap();
        let queued = jobs.spawn("queued", gate.hold(())).unwrap();
        leave_room_for_all();
        let next = jobs.spawn("next", gate.hold(())).unwrap();
        // There are threads for all jobs now, whichever gets its own first.
        wait_until("both jobs run", || [&queued, &next].iter().all(|job| job.state() == State::Running));
        say("done");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["done"]);
}

#[test]
fn a_stopped_queued_job_ends_at_once_and_is_freed() {
    let scenario = || {
        let jobs = manager();
        let gate = Gate::new();
        leave_room_for(1);
        jobs.spawn("runs", gate.hold(())).unwrap();
        let value = Arc::new(());
        let weak: Weak<()> = Arc::downgrade(&value);
        let queued = jobs.spawn("queued", move || drop(value)).unwrap();
        let verdict = queued.stop("never mind", Duration::ZERO);
        assert!(matches!(verdict, bgjobs::Verdict::Stopped { .. }), "{verdict}");
        assert_eq!((queued.state(), queued.times().started), (State::Finished(Outcome::Stopped), None));
        gate.open();
        wait_until("the captured value is dropped", || weak.upgrade().is_none());
        assert_recovers(&jobs, 2);
        say("done");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["done"]);
}

#[test]
fn a_dropped_manager_waits_for_queued_jobs() {
    let scenario = || {
        let jobs = manager();
        let gate = Gate::new();
        leave_room_for(1);
        jobs.spawn("runs", gate.hold(())).unwrap();
        let queued = jobs.spawn("queued", || 7).unwrap();
        gate.open_soon();
        drop(jobs);
        assert_eq!(queued.outcome().unwrap().unwrap(), &7);
        say("done");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["done"]);
}

#[test]
fn a_dropped_manager_ends_queued_daemons_at_once() {
    let scenario = || {
        let jobs = manager();
        let gate = Gate::new();
        leave_room_for(1);
        jobs.named("runs").with(daemon()).spawn(gate.hold(())).unwrap();
        let value = Arc::new(());
        let weak = Arc::downgrade(&value);
        let queued = jobs.named("queued").with(daemon()).spawn(move || drop(value)).unwrap();
        drop(jobs);
        assert_eq!((queued.state(), queued.times().started), (State::Finished(Outcome::Stopped), None));
        assert!(weak.upgrade().is_none());
        say("done");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["done"]);
}

#[test]
fn many_simultaneous_refusals_leave_no_job_stranded() {
    let scenario = || {
        let jobs = manager();
        let stranded = AtomicUsize::new(0);
        let ready = std::sync::Barrier::new(5);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    ready.wait();
                    ready.wait();
                    for _ in 0..2_000 {
                        // There is never a thread, so a queued job would be stranded.
                        stranded.fetch_add(usize::from(jobs.spawn("refused", || ()).is_ok()), Ordering::Relaxed);
                    }
                });
            }
            ready.wait();
            leave_room_for(0);
            ready.wait();
        });
        say(&format!("stranded: {}", stranded.load(Ordering::Relaxed)));
        std::process::exit(0);
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["stranded: 0"]);
}

#[test]
fn a_job_whose_turn_comes_while_no_thread_is_available_fails_and_frees_its_slot() {
    let scenario = || {
        let jobs = manager();
        let group = jobs.group("io");
        group.set_limit(1).unwrap();
        group.pause();
        let value = Arc::new(());
        let start = |fresh_thread| {
            let captured = Arc::clone(&value);
            let options = Options { fresh_thread, ..in_group("io") };
            jobs.named("refused").with(options).spawn(move || drop(captured)).unwrap()
        };
        let refused: Vec<_> = [false, true].repeat(50).into_iter().map(start).collect();
        leave_room_for(0);
        group.resume();
        for job in &refused {
            assert_eq!((job.state(), job.times().started), (State::Finished(Outcome::Failed), None));
            assert!(job.failure().unwrap().message().starts_with("could not create a thread for the job; end threads"));
        }
        assert_eq!((group.running(), group.waiting(), Arc::strong_count(&value)), (0, 0, 1));
        // A job that needs the clock is refused at once, because the clock thread can't be created.
        let late = Options { delay: Some(Duration::ZERO), ..Options::default() };
        assert!(matches!(jobs.named("late").with(late.clone()).spawn(|| ()), Err(SpawnError::NoThread(_))));
        leave_room_for_all();
        jobs.named("late").with(late).spawn(|| ()).unwrap().join().unwrap();
        assert_recovers(&jobs, 101);
        say("done");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["done"]);
}

#[test]
fn a_job_in_a_group_queues_for_a_thread_like_any_other_and_says_so() {
    let scenario = || {
        let jobs = manager();
        let gate = Gate::new();
        leave_room_for(1);
        jobs.spawn("runs", gate.hold(())).unwrap();
        let queued =
            [jobs.named("queued").with(in_group("io")).spawn(|| 1).unwrap(), jobs.spawn("queued", || 1).unwrap()];
        for job in &queued {
            let why: Vec<_> = job.why().iter().map(ToString::to_string).collect();
            assert_eq!(why, ["the system refused a thread; it starts when another job ends"]);
        }
        gate.open();
        assert_eq!(queued.each_ref().map(|job| *job.join().unwrap()), [1, 1]);
        say("done");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["done"]);
}
