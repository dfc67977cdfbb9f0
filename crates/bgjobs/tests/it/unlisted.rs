//! Jobs that are in no list until they are listed explicitly.

use std::sync::mpsc;

use bgjobs::{AnyJob, Handle, JobManager, Outcome, Spawner, State, WaitError};

use crate::gate::{GUARD, Gate, wait_until};

fn unlisted<'a>(jobs: &'a Handle, name: &str) -> Spawner<'a> {
    jobs.named(name).unlisted()
}

#[test]
fn an_unlisted_job_runs_without_a_notice() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let line = unlisted(&jobs, "line").spawn(|| 42).unwrap();
    assert_eq!(line.join().unwrap(), &42);
    assert!(!line.is_listed());
    assert_eq!(format!("{line:?}"), "<BackgroundJob #-: line>");
    assert!(jobs.all().is_empty() && notices.report().is_empty());
    assert_eq!(line.list(), None, "it has ended");
    assert_eq!(jobs.spawn("first", || ()).unwrap().id().get(), 0, "no number was used");
    assert_eq!(jobs.get(line.id()).unwrap_err().id, line.id());
}

#[test]
fn a_job_listed_late_behaves_like_any_other_from_then_on() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let gate = Gate::new();
    jobs.spawn("first", || ()).unwrap().join().unwrap();
    let line = unlisted(&jobs, "line").spawn(gate.hold(42)).unwrap();
    assert_eq!(line.list().map(bgjobs::JobId::get), Some(1));
    assert_eq!(line.list().map(bgjobs::JobId::get), Some(1), "a second time changes nothing");
    assert!(line.is_listed());
    assert_eq!(jobs.running(), [AnyJob::clone(&line)]);
    gate.open();
    assert_eq!(jobs.get(1).unwrap().downcast::<i32>().unwrap().join().unwrap(), &42);
    assert_eq!(notices.report().to_string(), "Completed jobs:\n0 : first\n1 : line\n\n");
    assert_eq!(jobs.remove(1).unwrap().name(), &"line");
}

#[test]
fn waiting_for_a_job_before_it_is_listed_ends_with_the_job() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let line = unlisted(&jobs, "line").spawn(gate.hold(42)).unwrap();
    let waiter = jobs.spawn_with("waiter", {
        let line = line.clone();
        move |job| {
            job.checkpoint("waiting")?;
            Ok(*line.join()?)
        }
    });
    let waiter = waiter.unwrap();
    wait_until("the waiter waits", || waiter.place().is_some());
    line.list().unwrap();
    gate.open();
    assert_eq!(waiter.join().unwrap(), &42);
}

#[test]
fn an_unlisted_job_can_be_stopped_before_and_after_it_is_listed() {
    let jobs = JobManager::new();
    for listed in [false, true] {
        let line = unlisted(&jobs, "line").spawn_with(|job| Ok(job.sleep(GUARD)?)).unwrap();
        wait_until("the job runs", || line.state() == State::Running);
        if listed {
            line.list().unwrap();
        }
        line.stop("not needed", GUARD);
        assert_eq!(line.state(), State::Finished(Outcome::Stopped));
    }
    assert_eq!(jobs.dead().len(), 1);
}

#[test]
fn a_job_knows_its_number_as_soon_as_it_has_one() {
    let jobs = JobManager::new();
    let (handle, gate) = (jobs.handle(), Gate::new());
    let pass = gate.pass();
    let (sender, receiver) = mpsc::channel();
    let line = unlisted(&jobs, "line").spawn(move || {
        sender.send(handle.current().map(|id| id.to_string())).unwrap();
        pass.wait();
        handle.current().map(|id| id.to_string())
    });
    let line = line.unwrap();
    assert_eq!(receiver.recv().unwrap().as_deref(), Some("-"));
    line.list().unwrap();
    gate.open();
    assert_eq!(line.join().unwrap().as_deref(), Some("0"));
}

#[test]
fn an_unlisted_job_that_waits_for_itself_or_in_a_ring_gets_an_error() {
    let jobs = JobManager::new();
    let (send, receive) = mpsc::channel::<AnyJob>();
    let line = unlisted(&jobs, "line").spawn(move || receive.recv().unwrap().wait()).unwrap();
    send.send(AnyJob::clone(&line)).unwrap();
    assert!(matches!(line.join().unwrap(), Err(WaitError::Itself(_))));

    let (send, receive) = mpsc::channel::<AnyJob>();
    let line = unlisted(&jobs, "line").spawn(move || receive.recv().unwrap().wait()).unwrap();
    let other = jobs.spawn("other", {
        let line = AnyJob::clone(&line);
        move || line.wait()
    });
    let other = other.unwrap();
    send.send(AnyJob::clone(&other)).unwrap();
    let failed = [line.join().unwrap(), other.join().unwrap()].iter().filter(|wait| wait.is_err()).count();
    assert_eq!(failed, 1, "one of the two waits fails, and so the other ends");
}

#[test]
fn a_dropped_manager_does_not_wait_for_unlisted_jobs() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let line = unlisted(&jobs, "line").spawn(gate.hold(42)).unwrap();
    wait_until("the job runs", || line.state() == State::Running);
    drop(jobs);
    assert!(!line.is_finished());
    assert_eq!(line.list(), None, "a job can no longer be listed");
    gate.open();
    assert_eq!(line.join().unwrap(), &42);
}

#[test]
fn an_unlisted_job_ends_even_if_a_shutdown_prevents_it_from_starting() {
    // Either its worker or the shutdown may be first; it ends in both cases.
    for _ in 0..100 {
        let jobs = JobManager::new();
        let line = unlisted(&jobs, "line").spawn(|| 42).unwrap();
        drop(jobs);
        line.wait().unwrap();
    }
}
