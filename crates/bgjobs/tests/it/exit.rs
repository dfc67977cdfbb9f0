//! What happens to jobs when their manager is dropped or the process ends.
//!
//! Each test covers one row of the table in ARCHITECTURE.md, for running jobs, daemons and jobs that have not started.

use std::{
    process,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use bgjobs::{Context, Failure, Job, JobManager, Options, Outcome, ShutdownError, SpawnError, State};

use crate::{
    child::{self, say},
    gate::{Gate, wait_until},
    support::{daemon, in_group},
};

/// A body that sleeps until it is stopped, and then says so.
fn watch(job: &Context) -> Result<(), Failure> {
    job.sleep(Duration::MAX).inspect_err(|stopped| say(&format!("daemon {stopped:#}")))?;
    Ok(())
}

/// Starts a job that ends soon, and a daemon that ends when it is asked to.
fn start(jobs: &JobManager) -> Job<()> {
    let gate = Gate::new();
    let pass = gate.pass();
    let body = move || {
        pass.wait();
        say("job ended");
    };
    jobs.spawn("job", body).unwrap();
    let daemon = jobs.named("daemon").with(daemon()).spawn_with(watch).unwrap();
    wait_until("both jobs run", || jobs.running().iter().all(|job| job.state() == State::Running));
    gate.open_soon();
    // The thread that opens the gate has its own reference.
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
        // The daemon was asked to stop, but not waited for.
        daemon.wait().unwrap();
        let late = handle.spawn("late", || ());
        assert!(matches!(late, Err(SpawnError::ShutDown)) && handle.all().is_empty());
        assert_eq!(daemon.failure().unwrap().message(), "the manager was shut down");
    };
    let Some(end) = child::run(scenario) else { return };
    let mut messages = end.messages.clone();
    messages.sort();
    assert_eq!(messages, ["daemon stopped: the manager was shut down", "dropped", "job ended"]);
    let index = |text| end.messages.iter().position(|message| message == text);
    assert!(index("job ended") < index("dropped"));
    assert!(end.code == Some(0) && end.noise.is_empty() && end.stderr.is_empty(), "{end:?}");
}

#[test]
fn a_shutdown_acts_like_a_drop_but_preserves_the_lists() {
    let jobs = JobManager::new();
    let (first, second) = (Gate::new(), Gate::new());
    let outer = jobs.handle();
    let (pass, inner) = (first.pass(), second.hold(2));
    let job = jobs
        .spawn("outer", move || {
            pass.wait();
            // During the shutdown jobs may start jobs, and the shutdown waits for those as well.
            outer.spawn("inner", inner).unwrap();
            1
        })
        .unwrap();
    let watch = |job: &Context| Ok(job.sleep(Duration::MAX)?);
    let daemon = jobs.named("daemon").with(daemon()).spawn_with(watch).unwrap();
    first.open_soon();
    second.open_soon();
    jobs.shutdown().unwrap();
    assert_eq!(job.outcome().unwrap().unwrap(), &1);
    assert_eq!(jobs.result::<i32>(2).unwrap(), 2);
    daemon.wait().unwrap();
    assert_eq!(daemon.state(), State::Finished(Outcome::Stopped));
    assert_eq!(jobs.all().len(), 3);
    jobs.shutdown().unwrap();
    wait_until("all threads have ended", || jobs.threads() == 0);
}

#[test]
fn a_job_dropped_with_its_manager_still_counts_as_started() {
    let jobs = JobManager::new();
    let handle = jobs.handle();
    jobs.spawn("job", || ()).unwrap();
    drop(jobs);
    assert_eq!(handle.get(0).unwrap_err().reason, bgjobs::UnknownReason::ManagerDropped);
}

#[test]
fn a_daemon_that_ignores_its_stop_does_not_delay_the_drop() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.named("deaf").with(daemon()).spawn(gate.hold(1)).unwrap();
    wait_until("the daemon runs", || job.state() == State::Running);
    drop(jobs);
    assert_eq!(job.state(), State::Stopping);
    gate.open();
    assert_eq!(job.join().unwrap(), &1);
}

#[test]
fn a_daemon_that_has_not_started_when_its_manager_is_dropped_never_starts() {
    let mut unstarted = None;
    wait_until("a manager is dropped before its job has started", || {
        let jobs = JobManager::new();
        let ran = Arc::new(AtomicBool::new(false));
        let own = Arc::clone(&ran);
        let job = jobs.named("never").with(daemon()).spawn(move || own.store(true, Ordering::SeqCst)).unwrap();
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
fn a_job_cannot_shut_down_its_own_manager() {
    static JOBS: LazyLock<JobManager> = LazyLock::new(JobManager::new);
    let job = JOBS.spawn("shut down", || JOBS.shutdown()).unwrap();
    let error = job.join().unwrap().unwrap_err();
    assert_eq!(error, ShutdownError::InsideJob(0.into()));
    let text = "job #0 can't shut down its own manager, which would wait for it; let another thread do it";
    assert_eq!(error.to_string(), text);
    assert_eq!(JOBS.spawn("next", || 2).unwrap().join().unwrap(), &2);
    // A job of another manager may.
    let other = JobManager::new();
    other.spawn("shut down", || JOBS.shutdown()).unwrap().join().unwrap().unwrap();
}

#[test]
fn a_manager_dropped_by_its_own_job_waits_for_other_jobs_except_those_waiting_for_that_one() {
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
fn returning_from_main_with_a_static_manager_waits_for_no_job() {
    static JOBS: LazyLock<JobManager> = LazyLock::new(JobManager::new);
    let scenario = || {
        let gate = Gate::new();
        JOBS.spawn("job", gate.hold(())).unwrap();
        JOBS.named("daemon").with(daemon()).spawn_with(watch).unwrap();
        wait_until("both jobs run", || JOBS.running().iter().all(|job| job.state() == State::Running));
        std::mem::forget(gate);
        say("main returns");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["main returns"]);
}

#[test]
fn exiting_the_process_waits_for_no_job() {
    let scenario = || {
        let jobs = JobManager::new();
        let gate = Gate::new();
        jobs.spawn("job", gate.hold(())).unwrap();
        jobs.named("daemon").with(daemon()).spawn_with(watch).unwrap();
        wait_until("both jobs run", || jobs.running().iter().all(|job| job.state() == State::Running));
        say("main exits");
        process::exit(3);
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(3, &["main exits"]);
}

#[test]
fn a_job_that_exits_ends_the_process_at_once() {
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
fn a_panic_in_main_drops_the_manager_and_so_waits_for_its_jobs() {
    let scenario = || {
        let jobs = JobManager::new();
        start(&jobs);
        panic!("of main");
    };
    let Some(end) = child::run(scenario) else { return };
    assert_eq!((end.code, &end.messages[0][..]), (Some(101), "job ended"));
    assert_eq!(end.stderr.matches("panicked at").count(), 1, "{}", end.stderr);
    assert!(end.stderr.contains("\nof main\n"), "{}", end.stderr);
}

/// Jobs that wait for a slot, for a delay, for another job and for a paused group.
fn waiting(jobs: &JobManager, options: &Options) -> Vec<bgjobs::Job<()>> {
    jobs.group("io").set_limit(1).unwrap();
    jobs.group("paused").pause();
    let group = |name: &'static str| Options { group: Some(name.into()), ..options.clone() };
    let start = |options| jobs.named("waits").with(options).spawn(|| ()).unwrap();
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
fn a_shutdown_starts_waiting_jobs_and_waits_for_them_even_in_a_paused_group() {
    let jobs = JobManager::new();
    let started = waiting(&jobs, &Options::default());
    let handle = jobs.handle();
    // A group that is paused during the shutdown does not delay it either.
    let pauses = jobs.spawn("pauses", move || {
        handle.group("io").pause();
        handle.named("late").with(in_group("io")).spawn(|| ()).unwrap()
    });
    let jobs = crate::gate::in_time("shutting down with paused groups", move || {
        jobs.shutdown().unwrap();
        jobs
    });
    assert!(started.iter().all(|job| job.state() == State::Finished(Outcome::Done)));
    assert_eq!(pauses.unwrap().join().unwrap().state(), State::Finished(Outcome::Done));
    wait_until("all threads have ended, the clock thread too", || jobs.threads() == 0);
}

#[test]
fn a_shutdown_stops_daemons_that_wait_for_a_delay_or_a_job() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let runs = jobs.named("runs").with(daemon()).spawn(gate.hold(())).unwrap();
    let late = jobs.named("late").with(Options { delay: Some(Duration::MAX), ..daemon() }).spawn(|| ()).unwrap();
    let after = vec![bgjobs::After::done(&runs)];
    let next = jobs.named("next").with(Options { after, ..daemon() }).spawn(|| ()).unwrap();
    jobs.shutdown().unwrap();
    for job in [late, next] {
        assert_eq!(job.state(), State::Finished(Outcome::Stopped));
        assert_eq!(job.failure().unwrap().message(), "the manager was shut down");
    }
}

#[test]
fn a_manager_dropped_by_one_of_its_jobs_stops_the_waiting_ones() {
    let jobs = JobManager::new();
    jobs.group("io").set_limit(1).unwrap();
    let (send, receive) = mpsc::channel::<JobManager>();
    let drops = jobs.named("drops").with(in_group("io")).spawn(move || drop(receive.recv().unwrap())).unwrap();
    let waits = jobs.named("waits").with(in_group("io")).spawn(|| ()).unwrap();
    let late = Options { delay: Some(Duration::MAX), ..Options::default() };
    let late = jobs.named("late").with(late).spawn(|| ()).unwrap();
    send.send(jobs).unwrap();
    crate::gate::in_time("dropping the manager in a job of a full group", move || *drops.join().unwrap());
    assert_eq!([waits.state(), late.state()], [State::Finished(Outcome::Stopped); 2]);
}
