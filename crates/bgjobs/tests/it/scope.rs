//! Jobs that borrow from the function that starts them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use bgjobs::{Config, JobManager, Outcome, SpawnError, State, Verdict};

use crate::gate::{GUARD, Gate, wait_until};

#[test]
fn scoped_jobs_borrow_and_have_ended_when_the_scope_returns() {
    let jobs = JobManager::new();
    let mut rows = vec![1, 2, 3];
    let seen = AtomicU32::new(0);
    let all = jobs.scope(|scope| {
        [0, 1, 2].map(|index| {
            let (rows, seen) = (&rows, &seen);
            scope.spawn("row", move || (seen.fetch_add(1, Ordering::Relaxed), rows[index]).1).unwrap()
        })
    });
    rows.clear();
    assert_eq!(seen.into_inner(), 3);
    assert_eq!(all.map(|job| *job.outcome().unwrap().unwrap()), [1, 2, 3]);
    assert_eq!((jobs.completed().len(), jobs.threads()), (3, 0));
}

#[test]
fn scoped_jobs_fail_print_and_report_like_all_others() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let text = String::from("no rows");
    let (panics, fails, prints) = jobs.scope(|scope| {
        let panics = scope.spawn("panics", || -> u32 { panic!("{text}") }).unwrap();
        let fails = scope.try_spawn("fails", || Err::<(), _>(&*text)).unwrap();
        let prints = scope.spawn_with("prints", |job| {
            job.print(&text);
            Ok(job.id())
        });
        (panics, fails, prints.unwrap())
    });
    assert_eq!([panics.state(), fails.state()], [State::Finished(Outcome::Failed); 2]);
    assert_eq!(fails.failure().unwrap().message(), "no rows");
    assert_eq!((prints.join().unwrap(), prints.printed()), (&prints.id(), 1));
    assert_eq!(notices.look().len(), 3);
}

#[test]
fn a_scoped_job_can_be_stopped_and_start_others_in_its_scope() {
    let jobs = JobManager::new();
    let hour = Duration::from_secs(3600);
    jobs.scope(|scope| {
        let sleeps = scope.spawn_with("sleeps", |job| Ok(job.sleep(hour)?)).unwrap();
        let inner = scope.clone();
        let outer = scope.spawn("outer", move || inner.spawn("inner", move || hour).unwrap()).unwrap();
        assert_eq!(outer.join().unwrap().join().unwrap(), &hour);
        assert!(matches!(sleeps.stop("enough", GUARD), Verdict::Stopped { .. }));
    });
}

#[test]
fn a_scope_whose_function_panics_still_waits_for_its_jobs() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let ended = AtomicU32::new(0);
    let panics = AssertUnwindSafe(|| {
        jobs.scope(|scope| {
            let pass = gate.pass();
            let ended = &ended;
            let body = move || {
                pass.wait();
                ended.fetch_add(1, Ordering::Relaxed);
            };
            scope.spawn("held", body).unwrap();
            gate.open_soon();
            panic!("in the scope");
        })
    });
    assert!(catch_unwind(panics).is_err());
    assert_eq!((ended.into_inner(), jobs.completed().len()), (1, 1));
}

#[test]
fn a_scope_of_a_manager_that_was_shut_down_starts_nothing() {
    let jobs = JobManager::with_config(Config { stack_size: Some(1 << 20), ..Config::default() });
    jobs.shutdown().unwrap();
    let value = std::sync::Arc::new(());
    let late = jobs.scope(|scope| {
        let captured = std::sync::Arc::clone(&value);
        scope.spawn("late", move || drop(captured)).map(drop)
    });
    assert!(matches!(late, Err(SpawnError::ShutDown)));
    assert_eq!(std::sync::Arc::strong_count(&value), 1, "the body is dropped");
    wait_until("no thread is left", || jobs.threads() == 0);
}
