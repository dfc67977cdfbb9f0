//! Groups: limits, priorities, pauses, and the slots that waiting jobs lend.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use bgjobs::{
    AnyJob, Handle, Job, JobManager, Options, Outcome, State, WaitError, WaitReason, wait_all, wait_any,
    wait_any_timeout,
};
use expect_test::expect;

use crate::{
    gate::{GUARD, Gate, in_time, stopped_unstarted, wait_until},
    support::{in_group, why},
};

fn with_priority(priority: i32) -> Options {
    Options { priority, ..in_group("io") }
}

/// A manager whose group `io` has a limit.
fn limited(limit: usize) -> JobManager {
    let jobs = JobManager::new();
    jobs.group("io").set_limit(limit).unwrap();
    jobs
}

/// Starts a job that appends its name to `order` when it begins.
fn recording(jobs: &Handle, options: Options, name: &'static str, order: &Arc<Mutex<Vec<&'static str>>>) -> Job<()> {
    let order = Arc::clone(order);
    jobs.named(name).with(options).spawn(move || order.lock().unwrap().push(name)).unwrap()
}

#[test]
fn a_group_never_runs_more_jobs_at_once_than_its_limit() {
    let jobs = limited(3);
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for _ in 0..200 {
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        let body = move || {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
        };
        jobs.named("copy").with(in_group("io")).spawn(body).unwrap();
    }
    jobs.wait_all().unwrap();
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    assert_eq!((jobs.completed().len(), jobs.group("io").running(), jobs.group("io").waiting()), (200, 0, 0));
}

#[test]
fn a_new_group_has_no_limit_and_neither_do_jobs_outside_any_group() {
    let jobs = limited(1);
    let gate = Gate::new();
    let held = |options| jobs.named("held").with(options).spawn(gate.hold(())).unwrap();
    let (other, plain): (Vec<_>, Vec<_>) = (0..5).map(|_| (held(in_group("net")), held(Options::default()))).unzip();
    let running = |held: &[Job<()>]| held.iter().all(|job| job.state() == State::Running);
    wait_until("all jobs run", || running(&other) && running(&plain));
    assert_eq!((jobs.group("net").limit(), jobs.group("net").running()), (None, 5));
    assert_eq!((other[0].group().map(ToString::to_string), plain[0].group()), (Some("net".to_owned()), None));
}

#[test]
fn a_waiting_job_has_a_number_and_says_what_it_waits_for() {
    let jobs = limited(2);
    let gate = Gate::new();
    let started: Vec<_> =
        (0..4).map(|_| jobs.named("copy").with(in_group("io")).spawn(gate.hold(())).unwrap()).collect();
    wait_until("two jobs run", || started[1].state() == State::Running);
    let last = &started[3];
    assert_eq!((last.id().get(), last.state(), last.status(), last.stat_code()), (3, State::Queued, "Queued", 1));
    assert_eq!((last.times().started, jobs.running().len()), (None, 4));
    expect!["group io runs 2 jobs, its limit is 2; it is next"].assert_eq(&why(&started[2]));
    expect!["group io runs 2 jobs, its limit is 2; 1 waits before it"].assert_eq(&why(last));
    assert_eq!(why(&started[0]), "");
    expect!["io: 2 running, 2 waiting, limit 2"].assert_eq(&jobs.group("io").to_string());
    jobs.group("io").pause();
    expect!["group io is paused; resume it; group io runs 2 jobs, its limit is 2; 1 waits before it"]
        .assert_eq(&why(last));
    jobs.group("io").resume();
    gate.open();
    last.join().unwrap();
    assert_eq!(last.why(), []);
}

#[test]
fn a_slot_is_free_by_the_time_the_end_of_its_job_is_visible() {
    let jobs = limited(1);
    for _ in 0..100 {
        let one = jobs.named("one").with(in_group("io")).spawn(|| ()).unwrap();
        one.join().unwrap();
        assert_eq!(jobs.group("io").running(), 0);
    }
}

#[test]
fn higher_priority_starts_first_and_equal_priorities_start_in_order() {
    let jobs = limited(1);
    let (gate, order) = (Gate::new(), Arc::default());
    jobs.named("holds").with(in_group("io")).spawn(gate.hold(())).unwrap();
    for (priority, name) in [(0, "c"), (-1, "e"), (5, "a"), (0, "d"), (5, "b")] {
        recording(&jobs, with_priority(priority), name, &order);
    }
    gate.open();
    jobs.wait_all().unwrap();
    assert_eq!(*order.lock().unwrap(), ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_paused_group_starts_nothing_but_its_running_jobs_go_on() {
    let jobs = JobManager::new();
    let (gate, group) = (Gate::new(), jobs.group("io"));
    let runs = jobs.named("runs").with(in_group("io")).spawn(gate.hold(1)).unwrap();
    assert_eq!([group.pause(), group.pause(), group.is_paused()], [true, false, true]);
    let waits = jobs.named("waits").with(in_group("io")).spawn(|| 2).unwrap();
    gate.open();
    assert_eq!(runs.join().unwrap(), &1);
    assert_eq!(waits.state(), State::Queued);
    expect!["group io is paused; resume it"].assert_eq(&why(&waits));
    expect!["io: 0 running, 1 waiting, no limit, paused"].assert_eq(&group.to_string());
    assert_eq!([group.resume(), group.resume(), group.is_paused()], [true, false, false]);
    assert_eq!(waits.join().unwrap(), &2);
}

#[test]
fn a_limit_can_be_changed_while_jobs_wait() {
    let jobs = limited(1);
    let (gate, group) = (Gate::new(), jobs.group("io"));
    let all: Vec<_> = (0..5).map(|_| jobs.named("copy").with(in_group("io")).spawn(gate.hold(())).unwrap()).collect();
    assert_eq!((group.running(), group.waiting()), (1, 4));
    group.set_limit(3).unwrap();
    assert_eq!((group.running(), group.waiting()), (3, 2));
    group.set_limit(1).unwrap();
    assert_eq!((group.limit(), group.running()), (Some(1), 3));
    expect!["group io runs 3 jobs, its limit is 1; it is next"].assert_eq(&why(&all[3]));
    group.set_limit(None).unwrap();
    assert_eq!((group.limit(), group.running(), group.waiting()), (None, 5, 0));
}

#[test]
fn a_limit_of_zero_is_refused_and_changes_nothing() {
    let jobs = limited(2);
    let error = jobs.group("io").set_limit(0).unwrap_err();
    expect!["with a limit of 0 no job of group io would ever start; pause the group instead"]
        .assert_eq(&error.to_string());
    assert_eq!(jobs.group("io").limit(), Some(2));
}

#[test]
fn groups_are_created_on_first_use_listed_by_name_and_displayed_escaped() {
    let jobs = JobManager::new();
    assert!(jobs.groups().is_empty());
    jobs.named("one").with(in_group("net")).spawn(|| ()).unwrap().join().unwrap();
    let _ = jobs.group("\u{1b}[2J");
    jobs.group("disk").set_limit(1).unwrap();
    let shown: Vec<_> = jobs.groups().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            r"\u{1b}[2J: 0 running, 0 waiting, no limit",
            "disk: 0 running, 0 waiting, limit 1",
            "net: 0 running, 0 waiting, no limit"
        ]
    );
}

#[test]
fn a_waiting_job_ends_at_once_when_stopped_and_the_others_move_up() {
    let jobs = limited(1);
    let gate = Gate::new();
    jobs.named("runs").with(in_group("io")).spawn(gate.hold(())).unwrap();
    let value = Arc::new(());
    let captured = Arc::clone(&value);
    let stopped = jobs.named("stopped").with(in_group("io")).spawn(move || drop(captured)).unwrap();
    let next = jobs.named("next").with(in_group("io")).spawn(|| ()).unwrap();
    assert!(stopped.ask_stop("never mind"));
    assert_eq!((stopped.state(), stopped.times().started), (State::Finished(Outcome::Stopped), None));
    assert_eq!(stopped.failure().unwrap().message(), "never mind");
    // The value that the body captured is dropped with it.
    assert_eq!(Arc::strong_count(&value), 1);
    expect!["group io runs 1 job, its limit is 1; it is next"].assert_eq(&why(&next));
}

#[test]
fn a_job_stopped_on_its_way_to_a_thread_gives_its_slot_back() {
    let jobs = limited(1);
    stopped_unstarted(|| jobs.named("never mind").with(in_group("io")).spawn(|| ()).unwrap());
    assert_eq!(jobs.group("io").running(), 0);
    jobs.named("next").with(in_group("io")).spawn(|| ()).unwrap().join().unwrap();
}

#[test]
fn a_body_dropped_before_it_started_may_use_the_manager_and_panic() {
    struct Nosy(Handle);
    impl Drop for Nosy {
        fn drop(&mut self) {
            self.0.group("io").pause();
            panic!("{}", self.0.running().len());
        }
    }
    let jobs = limited(1);
    let gate = Gate::new();
    jobs.named("runs").with(in_group("io")).spawn(gate.hold(())).unwrap();
    let nosy = Nosy(jobs.handle());
    let job = jobs.named("nosy").with(in_group("io")).spawn(move || drop(nosy)).unwrap();
    in_time("stopping a waiting job", move || job.ask_stop("enough"));
    assert!(jobs.group("io").is_paused());
}

#[test]
fn waiting_for_jobs_of_the_same_full_group_never_deadlocks() {
    fn nest(jobs: &Handle, depth: u32) -> u32 {
        if depth == 0 {
            return 0;
        }
        let (inner, outer) = (jobs.clone(), jobs.named("inner").group("io"));
        let job = outer.spawn(move || nest(&inner, depth - 1)).unwrap();
        match depth % 3 {
            0 => drop(job.join().unwrap()),
            1 => wait_all([&job]).unwrap(),
            _ => drop(wait_any_timeout([&job], GUARD).unwrap()),
        }
        job.join().unwrap() + 1
    }
    let jobs = limited(1);
    let handle = jobs.handle();
    let depth = in_time("nesting jobs in a full group", move || {
        let inner = handle.clone();
        *handle.named("outer").with(in_group("io")).spawn(move || nest(&inner, 20)).unwrap().join().unwrap()
    });
    assert_eq!((depth, jobs.group("io").running()), (20, 0));
}

#[test]
fn waiting_across_two_full_groups_never_deadlocks() {
    let jobs = limited(1);
    jobs.group("net").set_limit(1).unwrap();
    let handle = jobs.handle();
    let sum = in_time("nesting jobs across groups", move || {
        let outer = |own: &'static str, other: &'static str| {
            let (spawner, jobs) = (handle.named("outer").group(own), handle.clone());
            let body = move || {
                let inner = |group| jobs.named("inner").with(in_group(group)).spawn(|| 1).unwrap();
                let both = [inner(other), inner(own)];
                both.iter().map(|job| *job.join().unwrap()).sum::<i32>()
            };
            spawner.spawn(body).unwrap()
        };
        let both: Vec<_> = (0..10).flat_map(|_| [outer("io", "net"), outer("net", "io")]).collect();
        both.iter().map(|job| *job.join().unwrap()).sum::<i32>()
    });
    assert_eq!(sum, 40);
}

#[test]
fn a_lent_slot_is_returned_before_any_new_job_starts() {
    let jobs = limited(1);
    let (handle, order) = (jobs.handle(), Arc::default());
    let started = Gate::new();
    let (pass, own) = (started.pass(), Arc::clone(&order));
    let outer = jobs
        .named("outer")
        .with(in_group("io"))
        .spawn(move || {
            pass.wait();
            let inner = recording(&handle, with_priority(9), "inner", &own);
            inner.join().unwrap();
            own.lock().unwrap().push("outer again");
        })
        .unwrap();
    // This job is in the queue the whole time and starts last.
    let late = recording(&jobs, with_priority(5), "late", &order);
    started.open();
    wait_all([&outer, &late]).unwrap();
    assert_eq!(*order.lock().unwrap(), ["inner", "outer again", "late"]);
}

/// A job of `io` that waits first for a job outside the group and then for `gate`, and a job that took its slot meanwhile.
fn lender(jobs: &JobManager, awaited: &Gate, taker: &Gate, gate: &Gate) -> (Job<()>, Job<()>) {
    let other = jobs.spawn("awaited", awaited.hold(())).unwrap();
    let pass = gate.pass();
    let body = move |job: &bgjobs::Context| {
        let waited = job.wait_for(&other);
        pass.wait();
        Ok(waited?)
    };
    let lender = jobs.named("lender").with(in_group("io")).spawn_with(body).unwrap();
    let taker = jobs.named("taker").with(in_group("io")).spawn(taker.hold(())).unwrap();
    wait_until("the slot is lent and taken", || taker.state() == State::Running);
    assert_eq!(jobs.group("io").running(), 1);
    (lender, taker)
}

#[test]
fn a_lender_whose_slot_is_taken_waits_for_it_and_says_so() {
    let jobs = limited(1);
    let (awaited, held, gate) = (Gate::new(), Gate::new(), Gate::new());
    let (lender, taker) = lender(&jobs, &awaited, &held, &gate);
    expect!["it waits for the end of job #0 (awaited, running)"].assert_eq(&why(&lender));
    awaited.open();
    wait_until("the lender wants its slot back", || matches!(lender.why()[..], [WaitReason::Full { .. }]));
    expect!["group io runs 1 job, its limit is 1; it is next"].assert_eq(&why(&lender));
    assert_eq!(lender.state(), State::Running);
    held.open();
    taker.join().unwrap();
    wait_until("the lender goes on", || lender.why().is_empty());
    assert_eq!(jobs.group("io").running(), 1);
    gate.open();
    lender.join().unwrap();
}

#[test]
fn a_lender_stopped_while_it_waits_goes_on_at_once_even_if_its_slot_is_taken() {
    for in_line in [false, true] {
        let jobs = limited(1);
        let (awaited, held, gate) = (Gate::new(), Gate::new(), Gate::new());
        let (lender, taker) = lender(&jobs, &awaited, &held, &gate);
        if in_line {
            awaited.open();
            wait_until("the lender wants its slot back", || matches!(lender.why()[..], [WaitReason::Full { .. }]));
        }
        lender.ask_stop("enough");
        wait_until("both jobs have slots", || jobs.group("io").running() == 2);
        let next = jobs.named("next").with(in_group("io")).spawn(|| ()).unwrap();
        gate.open();
        lender.wait().unwrap();
        // The limit holds again: the lender has ended, the taker runs.
        assert_eq!((next.state(), taker.state()), (State::Queued, State::Running));
        held.open();
        next.join().unwrap();
        assert_eq!(lender.state() == State::Finished(Outcome::Stopped), !in_line);
    }
}

#[test]
fn a_lender_whose_wait_times_out_goes_on_at_once_even_if_its_slot_is_taken() {
    let jobs = limited(1);
    let (awaited, held) = (Gate::new(), Gate::new());
    let other = jobs.spawn("awaited", awaited.hold(())).unwrap();
    let body = move || wait_any_timeout([&other], std::time::Duration::from_millis(20)).unwrap_err();
    let lender = jobs.named("lender").with(in_group("io")).spawn(body).unwrap();
    let taker = jobs.named("taker").with(in_group("io")).spawn(held.hold(())).unwrap();
    assert!(matches!(lender.join().unwrap(), WaitError::TimedOut { .. }));
    assert_eq!((taker.state(), jobs.group("io").running()), (State::Running, 1));
}

#[test]
fn waiting_for_ended_jobs_lends_no_slot() {
    let jobs = limited(1);
    let ended: Vec<_> = (0..2).map(|_| AnyJob::from(jobs.spawn("ended", || ()).unwrap())).collect();
    wait_all(&ended).unwrap();
    let (gate, order) = (Gate::new(), Arc::<Mutex<Vec<&str>>>::default());
    let (pass, own) = (gate.pass(), Arc::clone(&order));
    let body = move || {
        pass.wait();
        wait_all(&ended).unwrap();
        wait_any(&ended).unwrap();
        own.lock().unwrap().push("outer");
    };
    jobs.named("outer").with(in_group("io")).spawn(body).unwrap();
    recording(&jobs, in_group("io"), "next", &order);
    gate.open();
    jobs.wait_all().unwrap();
    assert_eq!(*order.lock().unwrap(), ["outer", "next"]);
}

#[test]
fn a_job_on_a_dedicated_thread_respects_the_limit_too() {
    let jobs = limited(1);
    let gate = Gate::new();
    let dedicated = Options { stack_size: Some(1 << 20), ..in_group("io") };
    jobs.named("runs").with(in_group("io")).spawn(gate.hold(())).unwrap();
    let name = || std::thread::current().name().map(str::to_owned);
    let job = jobs.named("alone").with(dedicated).spawn(name).unwrap();
    assert_eq!((job.state(), jobs.threads()), (State::Queued, 1));
    gate.open();
    assert_eq!(job.join().unwrap().as_deref(), Some("alone"));
}
