//! Jobs that a host runs on its own threads.

use std::time::Duration;

use bgjobs::{Failure, JobManager, Outcome, SpawnError, State, Verdict};

use crate::support::daemon;

#[test]
fn a_hosted_job_goes_through_the_same_states_as_any_other() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let hosted = jobs.named("fit").host().unwrap();
    let job = hosted.job();
    assert_eq!((job.state(), jobs.running().len()), (State::Created, 1));

    let turn = hosted.begin().unwrap();
    assert_eq!(job.state(), State::Running);
    turn.context().print("half");
    assert!(!notices.has_news());

    turn.end(Ok(()));
    assert_eq!(job.state(), State::Finished(Outcome::Done));
    assert_eq!(notices.report().to_string(), "Completed jobs:\n0 : fit\n\n");
    assert_eq!(job.log().len(), 1);
    assert!(job.times().ran().is_some());
    assert_eq!(jobs.threads(), 0);
}

#[test]
fn a_hosted_job_fails_or_stops_as_its_host_says() {
    let jobs = JobManager::new();
    let [fails, stops] = ["fails", "stops"].map(|name| jobs.named(name).with(daemon()).host().unwrap());
    let (failed, stopped) = (fails.job(), stops.job());
    fails.begin().unwrap().end(Err(Failure::new("no rows")));
    stops.begin().unwrap().end(Err(Failure::stopped("enough")));
    assert_eq!(failed.failure().unwrap().message(), "no rows");
    assert_eq!([failed.state(), stopped.state()], [Outcome::Failed, Outcome::Stopped].map(State::Finished));
    assert!(failed.is_daemon());
}

#[test]
fn a_hosted_job_stopped_before_it_begins_never_begins() {
    let jobs = JobManager::new();
    let hosted = jobs.named("late").host().unwrap();
    let verdict = hosted.job().stop("not needed", Duration::ZERO);
    assert!(matches!(verdict, Verdict::Stopped { .. }), "{verdict}");
    assert!(hosted.begin().is_none());
}

#[test]
fn a_hosted_job_learns_of_its_stop_from_its_context() {
    let jobs = JobManager::new();
    let hosted = jobs.named("busy").host().unwrap();
    let job = hosted.job();
    let turn = hosted.begin().unwrap();
    assert!(turn.context().check().is_ok());
    assert!(job.ask_stop("enough"));
    let stopped = turn.context().check().unwrap_err();
    turn.end(Err(stopped.into()));
    assert_eq!(job.state(), State::Finished(Outcome::Stopped));
}

#[test]
fn a_hosted_job_dropped_by_its_host_fails() {
    let jobs = JobManager::new();
    let [unbegun, begun] = ["unbegun", "begun"].map(|name| jobs.named(name).host().unwrap());
    let both = [unbegun.job(), begun.job()];
    drop(unbegun);
    drop(begun.begin());
    for job in both {
        assert_eq!(job.failure().unwrap().message(), "its host dropped it before its end");
    }
}

#[test]
fn a_manager_that_was_shut_down_hosts_no_jobs() {
    let jobs = JobManager::new();
    let handle = jobs.handle();
    drop(jobs);
    assert!(matches!(handle.named("late").host(), Err(SpawnError::ShutDown)));
}
