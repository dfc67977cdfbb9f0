//! The end of a manager in async code: what its drop blocks, and the two ways out.

use std::{
    sync::{LazyLock, mpsc},
    thread,
    time::Duration,
};

use bgjobs::{Job, JobManager, ShutdownError, SpawnError};
use futures_lite::future::{block_on, poll_once};

use crate::{
    gate::{GUARD, Gate},
    support::{daemon, in_group},
};

/// A runtime with one thread, the caller's.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Starts a job that ends with an answer, which a task of this runtime gives when it is asked. Another thread may give
/// one too.
fn ask(jobs: &JobManager) -> (Job<&'static str>, mpsc::Sender<&'static str>) {
    let (answer, answered) = mpsc::channel();
    let (ask, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let own = answer.clone();
    tokio::spawn(async move {
        asked.recv().await.unwrap();
        own.send("the runtime").unwrap();
    });
    let body = move || {
        ask.send(()).unwrap();
        answered.recv().unwrap()
    };
    (jobs.spawn("ask", body).unwrap(), answer)
}

#[test]
fn a_drop_on_the_only_thread_of_a_runtime_keeps_the_runtime_from_the_job_that_needs_it() {
    runtime().block_on(async {
        let jobs = JobManager::new();
        let gate = Gate::new();
        let (job, answer) = ask(&jobs);
        let pass = gate.pass();
        let rescue = thread::spawn(move || {
            pass.wait();
            answer.send("another thread").unwrap();
        });
        gate.open_soon();
        drop(jobs);
        assert_eq!(job.join().unwrap(), &"another thread");
        rescue.join().unwrap();
    });
}

#[test]
fn after_an_awaited_shutdown_the_drop_waits_for_nothing() {
    runtime().block_on(async {
        let jobs = JobManager::new();
        let (job, _) = ask(&jobs);
        jobs.shutdown_async().await.unwrap();
        assert_eq!(job.outcome().unwrap().unwrap(), &"the runtime");
        drop(jobs);
    });
}

#[test]
fn a_detached_manager_is_dropped_without_blocking_the_runtime() {
    runtime().block_on(async {
        let jobs = JobManager::new();
        let (job, _) = ask(&jobs);
        drop(jobs.detach());
        assert_eq!(job.await.unwrap(), "the runtime");
    });
}

#[test]
fn an_awaited_shutdown_waits_for_the_jobs_that_jobs_start_and_asks_daemons_to_stop() {
    let jobs = JobManager::new();
    let (gate, handle) = (Gate::new(), jobs.handle());
    let pass = gate.pass();
    let outer = move || {
        pass.wait();
        handle.spawn("inner", || 7).unwrap()
    };
    let outer = jobs.spawn("outer", outer).unwrap();
    let daemon = jobs.named("daemon").with(daemon()).spawn_with(|job| Ok(job.sleep(Duration::MAX)?)).unwrap();
    jobs.group("paused").pause();
    let paused = jobs.named("paused").with(in_group("paused")).spawn(|| 8).unwrap();
    gate.open_soon();
    block_on(jobs.shutdown_async()).unwrap();
    assert_eq!(outer.outcome().unwrap().unwrap().outcome().unwrap().unwrap(), &7);
    assert_eq!(paused.outcome().unwrap().unwrap(), &8);
    daemon.wait().unwrap();
    assert_eq!(daemon.failure().unwrap().message(), "the manager was shut down");
    assert!(matches!(jobs.spawn("late", || ()), Err(SpawnError::ShutDown)));
    assert_eq!(jobs.all().len(), 4);
}

#[test]
fn an_awaited_shutdown_that_is_dropped_leaves_the_manager_open_and_its_pauses_ignored() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    jobs.spawn("held", gate.hold(())).unwrap();
    assert!(block_on(poll_once(jobs.shutdown_async())).is_none());
    jobs.group("paused").pause();
    jobs.named("another").with(in_group("paused")).spawn(|| ()).unwrap().join_timeout(GUARD).unwrap();
    gate.open();
}

#[test]
fn a_job_cannot_await_the_shutdown_of_its_own_manager() {
    static JOBS: LazyLock<JobManager> = LazyLock::new(JobManager::new);
    let job = JOBS.spawn("shut down", || block_on(JOBS.shutdown_async())).unwrap();
    assert_eq!(job.join().unwrap(), &Err(ShutdownError::InsideJob(job.id())));
}
