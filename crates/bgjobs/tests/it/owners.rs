//! A job belongs to its manager: a job in hand never stands for another manager's job of the same number.

use bgjobs::{After, AnyJob, Config, Due, Job, JobManager, SpawnError, UnknownReason};

/// Two managers, each with a finished job of number 0.
fn twins() -> ((JobManager, Job<i32>), (JobManager, Job<i32>)) {
    let twin = |result| {
        let jobs = JobManager::with_config(Config::default());
        let job = jobs.spawn("job", move || result).unwrap();
        job.wait().unwrap();
        (jobs, job)
    };
    (twin(1), twin(2))
}

#[test]
fn every_method_that_takes_a_job_refuses_one_of_another_manager() {
    let ((jobs, own), (_others, other)) = twins();
    let foreign = "Job #0 not found; it belongs to another manager";
    assert_eq!(format!("{:#}", jobs.get(&other).unwrap_err()), foreign);
    assert_eq!(format!("{:#}", jobs.remove(&other).unwrap_err()), foreign);
    assert_eq!(format!("{:#}", jobs.result::<i32>(&other).unwrap_err()), foreign);
    assert_eq!(format!("{:#}", jobs.traceback(&other).unwrap_err()), foreign);
    for after in [After::done(&other), After::ended(&*other), After::done(other.clone())] {
        let error = jobs.named("follows").after(after).spawn(|| ()).unwrap_err();
        let SpawnError::Unknown(error) = error else { panic!("{error}") };
        assert_eq!(error.reason, UnknownReason::OfAnotherManager);
    }
    assert_eq!(jobs.all(), [AnyJob::clone(&own)], "the own job of that number is untouched");
}

#[test]
fn a_subscriber_skips_no_job_of_another_manager() {
    let (jobs, others) = (JobManager::new(), JobManager::new());
    let mut notices = jobs.notices();
    let (own, other) = (jobs.spawn("own", || ()).unwrap(), others.spawn("other", || ()).unwrap());
    bgjobs::wait_all([&*own, &*other]).unwrap();
    assert!(!notices.mark_seen(&other));
    assert!(notices.has_news());
    assert!(notices.mark_seen(&own) && !notices.mark_seen(&own), "a job is skipped once");
    assert!(!notices.has_news());
}

#[test]
fn a_job_in_hand_means_itself_and_a_number_means_what_is_listed() {
    let ((jobs, own), _) = twins();
    assert_eq!(jobs.get(&own).unwrap(), *own);
    assert_eq!(jobs.get(own.id()).unwrap(), *own);
    assert_eq!(jobs.get(0).unwrap(), *own);
    assert_eq!(jobs.result::<i32>(own.clone()).unwrap(), 1);
    assert_eq!(jobs.remove(&own).unwrap(), *own);
    assert_eq!(jobs.get(&own).unwrap_err().reason, UnknownReason::Removed);
}

#[test]
fn a_job_in_hand_can_be_followed_after_a_flush() {
    let ((jobs, own), _) = twins();
    let failed = jobs.try_spawn("fails", || Err::<(), _>("no rows")).unwrap();
    failed.wait().unwrap();
    jobs.flush();
    assert_eq!(jobs.named("next").after(&own).spawn(|| 3).unwrap().join().unwrap(), &3);
    assert_eq!(jobs.named("next").after(After::ended(&failed)).spawn(|| 4).unwrap().join().unwrap(), &4);
    let never = jobs.named("never").after(&failed).spawn(|| ()).unwrap();
    never.wait().unwrap();
    assert_eq!(never.failure().unwrap().message(), "job #1 failed, so this one did not start");
    let error = jobs.named("by number").after(own.id()).spawn(|| ()).unwrap_err();
    assert!(matches!(error, SpawnError::Unknown(error) if error.reason == UnknownReason::Removed));
}

#[test]
fn an_unlisted_job_can_be_followed_while_it_runs_and_after_its_end() {
    let jobs = JobManager::new();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let line = jobs.named("line").unlisted().spawn(move || gate.recv().is_ok()).unwrap();
    let follows = jobs.named("follows").after(&line).spawn(|| 1).unwrap();
    assert_eq!(jobs.get(&line).unwrap_err().reason, UnknownReason::Unlisted);
    assert!(!follows.is_finished());
    go.send(()).unwrap();
    assert_eq!(follows.join().unwrap(), &1);
    assert_eq!(jobs.named("later").after(&line).spawn(|| 2).unwrap().join().unwrap(), &2);
}

#[test]
fn a_handle_that_outlives_its_manager_says_that_it_was_dropped() {
    let jobs = JobManager::new();
    let handle = jobs.handle();
    jobs.spawn("job", || ()).unwrap();
    drop(jobs);
    assert_eq!(format!("{:#}", handle.get(0).unwrap_err()), "Job #0 not found; its manager was dropped");
}

#[test]
fn a_job_is_the_same_key_wherever_it_comes_from() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let hosted = jobs.named("hosted").group("disk").host().unwrap();
    let spawned = jobs.spawn("spawned", || 1).unwrap();
    #[expect(clippy::mutable_key_type, reason = "a job hashes by its address, which does not change")]
    let known: std::collections::HashSet<AnyJob> = [hosted.job(), (*spawned).clone()].into();
    let due = jobs.take_due();
    assert!(matches!(&due[..], [Due::Begin(job)] if known.contains(job)), "{due:?}");
    hosted.begin().unwrap().end(Ok(()));
    spawned.wait().unwrap();
    assert!(jobs.all().iter().chain(&notices.look()).all(|job| known.contains(job)));
    assert!(known.contains(&jobs.get(spawned.id()).unwrap()));
}
