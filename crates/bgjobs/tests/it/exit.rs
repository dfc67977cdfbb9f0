//! What becomes of jobs when their manager, or the process, goes.
//!
//! Each test plays one row of the table: a running job, a daemon and one that has not started.

use std::{
    process,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use bgjobs::{Context, Failure, JobManager, Options, Outcome, ShutdownError, SpawnError, State};

use crate::{
    child::{self, say},
    gate::{Gate, wait_until},
};

fn daemon() -> Options {
    Options { daemon: true, ..Options::default() }
}

/// A body that sleeps until it is stopped, and says so then.
fn watch(job: &Context) -> Result<(), Failure> {
    job.sleep(Duration::MAX).inspect_err(|stopped| say(&format!("daemon {stopped}")))?;
    Ok(())
}

/// Starts a job that ends soon, and a daemon that ends when it is asked to.
fn start(jobs: &JobManager) -> bgjobs::Job<()> {
    let gate = Gate::new();
    let pass = gate.pass();
    let body = move || {
        pass.wait();
        say("job ended");
    };
    jobs.spawn("job", body).unwrap();
    let daemon = jobs.with(daemon()).spawn_with("daemon", watch).unwrap();
    wait_until("both run", || jobs.running().iter().all(|job| job.state() == State::Running));
    gate.open_soon();
    // The thread that opens it holds what it needs.
    std::mem::forget(gate);
    daemon
}

#[test]
fn a_dropped_manager_waits_for_jobs_and_asks_daemons_to_stop() {
    let scenario = || {
        let jobs = JobManager::new();
        let (handle, daemon) = (jobs.handle(), start(&jobs));
        drop(jobs);
        say("dropped");
        // It was asked, not waited for.
        daemon.wait().unwrap();
        let late = handle.spawn("late", || ());
        assert!(matches!(late, Err(SpawnError::ShutDown)) && handle.all().is_empty());
        assert_eq!(daemon.failure().unwrap().message(), "the manager was shut down");
    };
    let Some(end) = child::run(scenario) else { return };
    let mut said = end.said.clone();
    said.sort();
    assert_eq!(said, ["daemon stopped: the manager was shut down", "dropped", "job ended"]);
    let place = |text| end.said.iter().position(|said| said == text);
    assert!(place("job ended") < place("dropped"));
    assert!(end.code == Some(0) && end.noise.is_empty() && end.stderr.is_empty(), "{end:?}");
}

#[test]
fn a_shutdown_does_as_a_drop_and_keeps_the_lists() {
    let jobs = JobManager::new();
    let (first, second) = (Gate::new(), Gate::new());
    let outer = jobs.handle();
    let (pass, inner) = (first.pass(), second.hold(2));
    let job = jobs
        .spawn("outer", move || {
            pass.wait();
            // While it waits jobs may start jobs, which are waited for as well.
            outer.spawn("inner", inner).unwrap();
            1
        })
        .unwrap();
    let watch = |job: &Context| Ok(job.sleep(Duration::MAX)?);
    let daemon = jobs.with(daemon()).spawn_with("daemon", watch).unwrap();
    first.open_soon();
    second.open_soon();
    jobs.shutdown().unwrap();
    assert_eq!(job.outcome().unwrap().unwrap(), &1);
    assert_eq!(jobs.result::<i32>(2).unwrap(), 2);
    daemon.wait().unwrap();
    assert_eq!(daemon.state(), State::Finished(Outcome::Stopped));
    assert_eq!(jobs.all().len(), 3);
    jobs.shutdown().unwrap();
    wait_until("the threads end", || jobs.threads() == 0);
}

#[test]
fn a_job_that_went_with_its_manager_was_started_all_the_same() {
    let jobs = JobManager::new();
    let handle = jobs.handle();
    jobs.spawn("job", || ()).unwrap();
    drop(jobs);
    assert_eq!(handle.get(0).unwrap_err(), bgjobs::UnknownJob { id: 0.into(), started: 1 });
}

#[test]
fn a_daemon_that_does_not_listen_holds_nobody_up() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.with(daemon()).spawn("deaf", gate.hold(1)).unwrap();
    wait_until("it runs", || job.state() == State::Running);
    drop(jobs);
    assert_eq!(job.state(), State::Stopping);
    gate.open();
    assert_eq!(job.join().unwrap(), &1);
}

#[test]
fn a_daemon_that_has_not_started_never_does() {
    let mut unstarted = None;
    wait_until("a manager goes before its job has started", || {
        let jobs = JobManager::new();
        let ran = Arc::new(AtomicBool::new(false));
        let own = Arc::clone(&ran);
        let job = jobs.with(daemon()).spawn("never", move || own.store(true, Ordering::SeqCst)).unwrap();
        drop(jobs);
        job.wait().unwrap();
        unstarted = job.times().started.is_none().then_some((job, ran));
        unstarted.is_some()
    });
    let (job, ran) = unstarted.unwrap();
    assert_eq!((job.state(), ran.load(Ordering::SeqCst)), (State::Finished(Outcome::Stopped), false));
    assert_eq!(job.failure().unwrap().message(), "the manager was shut down");
}

#[test]
fn a_job_that_shuts_its_own_manager_down_is_refused() {
    static JOBS: LazyLock<JobManager> = LazyLock::new(JobManager::new);
    let job = JOBS.spawn("shut down", || JOBS.shutdown()).unwrap();
    let error = job.join().unwrap().unwrap_err();
    assert_eq!(error, ShutdownError::InsideJob(0.into()));
    let text = "job #0 can't shut down its own manager, which would wait for it; let another thread do it";
    assert_eq!(error.to_string(), text);
    assert_eq!(JOBS.spawn("next", || 2).unwrap().join().unwrap(), &2);
    // Another manager's job may.
    let other = JobManager::new();
    other.spawn("shut down", || JOBS.shutdown()).unwrap().join().unwrap().unwrap();
}

#[test]
fn a_manager_dropped_by_its_own_job_waits_for_the_others_and_not_for_those_that_wait_for_it() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let handle = jobs.handle();
    let other = handle.spawn("other", gate.hold(())).unwrap();
    let seen = other.clone();
    let (give, given) = mpsc::channel::<JobManager>();
    let dropper = handle
        .spawn("drop", move || {
            drop(given.recv().unwrap());
            seen.is_finished()
        })
        .unwrap();
    let own = dropper.clone();
    let waiter = handle.spawn("wait", move || own.wait().is_ok()).unwrap();
    gate.open_soon();
    give.send(jobs).unwrap();
    assert_eq!((dropper.join().unwrap(), waiter.join().unwrap()), (&true, &true));
    assert!(matches!(handle.spawn("late", || ()), Err(SpawnError::ShutDown)));
}

#[test]
fn a_return_of_main_with_a_static_manager_waits_for_nobody() {
    static JOBS: LazyLock<JobManager> = LazyLock::new(JobManager::new);
    let scenario = || {
        let gate = Gate::new();
        JOBS.spawn("job", gate.hold(())).unwrap();
        JOBS.with(daemon()).spawn_with("daemon", watch).unwrap();
        wait_until("both run", || JOBS.running().iter().all(|job| job.state() == State::Running));
        std::mem::forget(gate);
        say("main returns");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["main returns"]);
}

#[test]
fn an_exit_of_the_process_waits_for_nobody() {
    let scenario = || {
        let jobs = JobManager::new();
        let gate = Gate::new();
        jobs.spawn("job", gate.hold(())).unwrap();
        jobs.with(daemon()).spawn_with("daemon", watch).unwrap();
        wait_until("both run", || jobs.running().iter().all(|job| job.state() == State::Running));
        say("main exits");
        process::exit(3);
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(3, &["main exits"]);
}

#[test]
fn an_exit_by_a_job_ends_the_process_at_once() {
    let scenario = || {
        let jobs = JobManager::new();
        let gate = Gate::new();
        jobs.spawn("job", gate.hold(())).unwrap();
        jobs.spawn("exit", || process::exit(4)).unwrap();
        drop(jobs);
        say("not reached");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(4, &[]);
}

#[test]
fn a_panic_of_main_waits_for_jobs_as_the_manager_is_dropped() {
    let scenario = || {
        let jobs = JobManager::new();
        start(&jobs);
        panic!("of main");
    };
    let Some(end) = child::run(scenario) else { return };
    assert_eq!((end.code, &end.said[0][..]), (Some(101), "job ended"));
    assert_eq!(end.stderr.matches("panicked at").count(), 1, "{}", end.stderr);
    assert!(end.stderr.contains("\nof main\n"), "{}", end.stderr);
}

/// Jobs that wait for a place, for a time, for another job and for their paused group.
fn waiting(jobs: &JobManager, options: &Options) -> Vec<bgjobs::Job<()>> {
    jobs.group("io").set_limit(1).unwrap();
    jobs.group("paused").pause();
    let group = |name: &'static str| Options { group: Some(name.into()), ..options.clone() };
    let start = |options| jobs.with(options).spawn("waits", || ()).unwrap();
    let held = start(group("paused"));
    let first = start(group("io"));
    vec![
        start(group("io")),
        start(Options { delay: Some(Duration::from_millis(30)), ..options.clone() }),
        start(Options { after: vec![bgjobs::After::done(&held)], ..group("io") }),
        held,
        first,
    ]
}

#[test]
fn a_shutdown_starts_what_waits_and_waits_for_it_though_its_group_is_paused() {
    let jobs = JobManager::new();
    let started = waiting(&jobs, &Options::default());
    let handle = jobs.handle();
    // Whoever pauses meanwhile holds nobody up either.
    let pauses = jobs.spawn("pauses", move || {
        handle.group("io").pause();
        handle.with(Options { group: Some("io".into()), ..Options::default() }).spawn("late", || ()).unwrap()
    });
    let jobs = crate::gate::in_time("a shutdown with paused groups", move || {
        jobs.shutdown().unwrap();
        jobs
    });
    assert!(started.iter().all(|job| job.state() == State::Finished(Outcome::Done)));
    assert_eq!(pauses.unwrap().join().unwrap().state(), State::Finished(Outcome::Done));
    wait_until("the threads end, that which tells the time too", || jobs.threads() == 0);
}

#[test]
fn a_shutdown_stops_daemons_that_wait_for_a_time_or_a_job() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let runs = jobs.with(daemon()).spawn("runs", gate.hold(())).unwrap();
    let late = jobs.with(Options { delay: Some(Duration::MAX), ..daemon() }).spawn("late", || ()).unwrap();
    let after = vec![bgjobs::After::done(&runs)];
    let next = jobs.with(Options { after, ..daemon() }).spawn("next", || ()).unwrap();
    jobs.shutdown().unwrap();
    for job in [late, next] {
        assert_eq!(job.state(), State::Finished(Outcome::Stopped));
        assert_eq!(job.failure().unwrap().message(), "the manager was shut down");
    }
}

#[test]
fn a_manager_dropped_by_one_of_its_jobs_stops_those_that_wait() {
    let jobs = JobManager::new();
    jobs.group("io").set_limit(1).unwrap();
    let group = || Options { group: Some("io".into()), ..Options::default() };
    let (send, receive) = mpsc::channel::<JobManager>();
    let drops = jobs.with(group()).spawn("drops", move || drop(receive.recv().unwrap())).unwrap();
    let waits = jobs.with(group()).spawn("waits", || ()).unwrap();
    let late = Options { delay: Some(Duration::MAX), ..Options::default() };
    let late = jobs.with(late).spawn("late", || ()).unwrap();
    send.send(jobs).unwrap();
    crate::gate::in_time("a drop by a job of a full group", move || *drops.join().unwrap());
    assert_eq!([waits.state(), late.state()], [State::Finished(Outcome::Stopped); 2]);
}
