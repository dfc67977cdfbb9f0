//! What a manager does in the child of a fork, which has none of its threads. Each test runs in its own process.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    time::{Duration, Instant},
};

use bgjobs::{
    AnyJob, Job, JobManager, JoinError, LogCursor, Options, SpawnError, Verdict, WaitError, stop_all, wait_all,
    wait_any, wait_any_async,
};
use fork::{Fork, fork, waitpid_nohang};
use futures_lite::future::{block_on, poll_once};
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    child,
    gate::{GUARD, Gate, wait_until},
    support::{daemon, in_group, on_fresh_thread},
};

/// Calls `act` in a fork of this process, and returns once that has ended; false if `act` panicked or hung.
fn in_fork(act: impl FnOnce()) -> bool {
    let began = Instant::now();
    match fork().unwrap() {
        Fork::Child => process::exit(catch_unwind(AssertUnwindSafe(act)).map_or(1, |()| 0)),
        Fork::Parent(forked) => {
            let mut status = None;
            wait_until("the fork has ended", || {
                if began.elapsed() > GUARD / 4 {
                    kill_process(Pid::from_raw(forked).unwrap(), Signal::KILL).unwrap();
                }
                status = waitpid_nohang(forked).unwrap();
                status.is_some()
            });
            status == Some(0)
        }
    }
}

/// A manager with one busy and one idle worker, and its jobs that run and that has ended.
fn parent(gate: &Gate) -> (JobManager, Job<u32>, Job<u32>) {
    let jobs = JobManager::new();
    let held = jobs.named("held").with(daemon()).spawn(gate.hold(1)).unwrap();
    let ended = jobs.spawn("ended", || 2).unwrap();
    ended.wait().unwrap();
    wait_until("one worker runs", || held.times().started.is_some());
    (jobs, held, ended)
}

/// Runs `act` in a fork of a process with such a manager, and there says that nothing panicked.
fn scene(act: impl FnOnce(JobManager, Job<u32>, Job<u32>)) {
    let gate = Gate::new();
    let (jobs, held, ended) = parent(&gate);
    let handle = jobs.handle();
    // The fork drops what it gets, as a fork does at the end of its `main`.
    let mut jobs = Some((jobs, held.clone(), ended));
    let fine = in_fork(|| {
        let (jobs, held, ended) = jobs.take().unwrap();
        act(jobs, held, ended);
    });
    // Nothing of this has reached the parent.
    gate.open();
    assert_eq!(held.join_timeout(GUARD).unwrap(), &1);
    assert_eq!(handle.spawn("next", || 3).unwrap().join_timeout(GUARD).unwrap(), &3);
    child::say(if fine { "fine" } else { "not fine" });
}

#[test]
fn the_child_of_a_fork_starts_no_job_of_its_parents_manager_and_is_told_the_way_out() {
    let scenario = || {
        scene(|jobs, _, _| {
            let delayed = Options { delay: Some(Duration::ZERO), ..daemon() };
            let unlisted = Options { unlisted: true, ..daemon() };
            for options in [daemon(), on_fresh_thread(), in_group("disk"), delayed, unlisted] {
                let error = jobs.named("lost").with(options).spawn(|| ()).unwrap_err();
                assert!(matches!(error, SpawnError::Forked { .. }), "{error}");
                assert!(error.to_string().ends_with("; make a new manager here"), "{error}");
            }
        });
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["fine"]);
}

#[test]
fn a_manager_made_in_the_child_of_a_fork_works() {
    let scenario = || {
        scene(|_, _, _| {
            let jobs = JobManager::new();
            assert_eq!(jobs.spawn("fit", || 42).unwrap().join().unwrap(), &42);
            jobs.shutdown().unwrap();
        });
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["fine"]);
}

#[test]
fn the_child_of_a_fork_reads_ended_jobs_and_does_not_wait_for_running_ones() {
    let scenario = || {
        scene(|jobs, held, ended| {
            assert_eq!(ended.join().unwrap(), &2);
            let stayed = |result: Result<(), WaitError>| {
                let error = result.unwrap_err();
                assert!(matches!(&error, WaitError::Forked { job, .. } if *job == held.id()), "{error}");
                assert!(error.to_string().ends_with("start it again with a new manager here"), "{error}");
            };
            let both = [AnyJob::from(held.clone()), ended.clone().into()];
            stayed(held.wait());
            stayed(held.wait_timeout(GUARD));
            stayed(held.follow(&mut LogCursor::default()).map(drop));
            stayed(wait_all(&both));
            stayed(jobs.wait_all());
            stayed(wait_any(&both[..1]).map(drop));
            stayed(block_on(wait_any_async(&both[..1])).map(drop));
            assert_eq!(*block_on(wait_any_async(&both)).unwrap(), both[1]);
            assert_eq!(*wait_any(&both).unwrap(), both[1]);
            assert!(matches!(held.join(), Err(JoinError::Wait(WaitError::Forked { .. }))));
            assert!(matches!(block_on(async { (&held).await }), Err(JoinError::Wait(WaitError::Forked { .. }))));
            assert!(block_on(poll_once((&both[0]).into_future())).is_none(), "it has no error to return");
            assert!(matches!(block_on(held.clone().into_future()), Err(JoinError::Wait(WaitError::Forked { .. }))));
        });
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["fine"]);
}

#[test]
fn the_child_of_a_fork_stops_no_job_of_its_parent_and_its_manager_ends_at_once() {
    let scenario = || {
        scene(|jobs, held, _| {
            let verdict = held.stop("not needed here", GUARD);
            assert!(matches!(verdict, Verdict::StillRunning { place: None, .. }), "{verdict:?}");
            assert_eq!(stop_all([&held], "nor here", GUARD).len(), 1);
            let verdict = block_on(held.stop_async("nor here"));
            assert!(matches!(verdict, Verdict::StillRunning { place: None, .. }), "{verdict:?}");
            let notices = jobs.notices();
            assert!(!notices.wait());
            block_on(jobs.shutdown_async()).unwrap();
            jobs.shutdown().unwrap();
            drop(jobs);
        });
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["fine"]);
}

#[test]
fn a_body_that_forks_goes_on_in_the_child_and_may_wait_for_nothing_there() {
    let scenario = || {
        let jobs = JobManager::new();
        let handle = jobs.handle();
        let gate = Gate::new();
        let held = jobs.named("held").with(daemon()).spawn(gate.hold(1)).unwrap();
        let forks = move || {
            in_fork(|| {
                assert!(matches!(handle.spawn("lost", || ()), Err(SpawnError::Forked { .. })));
                assert!(matches!(held.wait(), Err(WaitError::Forked { .. })));
            })
        };
        let options = [Options::default(), in_group("disk")];
        for options in options {
            assert!(jobs.named("forks").with(options).spawn(forks.clone()).unwrap().join().unwrap());
        }
        child::say("fine");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["fine"]);
}

#[test]
fn a_host_goes_on_with_its_own_jobs_in_the_child_of_a_fork() {
    let scenario = || {
        let jobs = JobManager::new();
        let hosted = |name: &'static str| jobs.named(name).host().unwrap();
        let before = hosted("before");
        let fine = in_fork(|| {
            let (there, own) = (before.job(), hosted("own"));
            let job = own.job();
            let waiter = job.clone();
            let waits = std::thread::spawn(move || waiter.wait());
            own.begin().unwrap().end(Ok(()));
            assert_eq!((waits.join().unwrap(), job.wait()), (Ok(()), Ok(())));
            assert!(matches!(there.wait(), Err(WaitError::Forked { .. })));
        });
        before.begin().unwrap().end(Ok(()));
        child::say(if fine { "fine" } else { "not fine" });
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["fine"]);
}
