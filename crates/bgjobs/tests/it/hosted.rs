//! Jobs that a host runs on its own threads.

use std::{
    error::Error,
    fmt,
    time::{Duration, Instant},
};

use bgjobs::{
    After, AfterError, AnyJob, Due, Failure, Handle, Hosted, JobManager, Outcome, SpawnError, State, StopReason, Turn,
    Verdict, WaitError,
};

use crate::{
    gate::wait_until,
    support::{daemon, why},
};

/// What is due now, as text.
fn due(jobs: &Handle) -> String {
    let text = |due: &Due| match due {
        Due::Begin(job) => format!("begin {job}"),
        Due::Ended(job) => format!("{job} ended"),
        Due::TimeUp(job) => format!("time of {job} is up"),
        Due::Resume(job) => format!("resume {job}"),
        _ => "something else".to_owned(),
    };
    jobs.take_due().iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Two jobs of a group that runs one at a time, the first of which has begun.
fn one_at_a_time(jobs: &JobManager) -> (Turn, Hosted) {
    jobs.group("disk").set_limit(1).unwrap();
    let [first, second] = ["first", "second"].map(|name| jobs.named(name).group("disk").host().unwrap());
    assert_eq!(due(jobs), "begin first");
    (first.begin().unwrap(), second)
}

/// A moment after `job`'s delay or time limit.
fn wait_for_the_time(jobs: &Handle) {
    let next = jobs.next_due().expect("a job depends on the time");
    std::thread::sleep(next.saturating_duration_since(Instant::now()));
}

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

#[test]
fn a_hosted_job_of_a_full_group_is_due_when_another_ends() {
    let jobs = JobManager::new();
    let (first, second) = one_at_a_time(&jobs);
    let waiting = second.job();
    assert_eq!(waiting.state(), State::Queued);
    assert_eq!(why(&waiting), "group disk runs 1 job, its limit is 1; it is next");
    assert!(!jobs.has_due());
    assert!(first.end(Ok(())));
    assert!(jobs.has_due());
    assert_eq!((due(&jobs).as_str(), waiting.state()), ("begin second", State::Created));
    assert!(!jobs.has_due());
    assert!(!second.begin().unwrap().end(Ok(())));
    assert_eq!(jobs.group("disk").running(), 0);
}

#[test]
fn a_hosted_job_is_due_when_its_group_is_resumed_or_gets_a_higher_limit() {
    let jobs = JobManager::new();
    let (first, second) = one_at_a_time(&jobs);
    let disk = jobs.group("disk");
    disk.pause();
    disk.set_limit(2).unwrap();
    assert_eq!(due(&jobs), "");
    disk.resume();
    assert_eq!(due(&jobs), "begin second");
    first.end(Ok(()));
    second.begin().unwrap().end(Ok(()));
}

#[test]
fn a_hosted_job_without_such_options_is_never_due() {
    let jobs = JobManager::new();
    let plain = jobs.named("plain").host().unwrap();
    plain.begin().unwrap().end(Ok(()));
    assert_eq!((due(&jobs).as_str(), jobs.next_due()), ("", None));
}

#[test]
fn a_hosted_job_that_follows_another_begins_or_ends_with_it() {
    let jobs = JobManager::new();
    let follow = |name: &'static str, after: After| jobs.named(name).after(after).host().unwrap();
    let load = jobs.named("load").host().unwrap();
    let job = load.job();
    let (fit, tidy) = (follow("fit", After::done(&job)), follow("tidy", After::ended(&job)));
    let report = follow("report", After::done(fit.job()));
    load.begin().unwrap().end(Err(Failure::new("no rows")));
    assert_eq!(due(&jobs), "fit ended, begin tidy, report ended");
    let failure = report.job().failure().unwrap();
    let cause = failure.error().unwrap().downcast_ref::<AfterError>().unwrap();
    assert_eq!(cause.job, fit.job().id());
    assert!(fit.begin().is_none() && report.begin().is_none());
    tidy.begin().unwrap().end(Ok(()));
}

#[test]
fn a_hosted_job_stopped_while_it_waits_has_ended() {
    let jobs = JobManager::new();
    let (first, second) = one_at_a_time(&jobs);
    assert!(second.job().ask_stop("enough"));
    assert_eq!(due(&jobs), "second ended");
    assert!(second.begin().is_none());
    first.end(Ok(()));
    assert_eq!(due(&jobs), "");
}

#[test]
fn a_hosted_job_stopped_at_its_turn_frees_its_place() {
    let jobs = JobManager::new();
    let (first, second) = one_at_a_time(&jobs);
    let third = jobs.named("third").group("disk").host().unwrap();
    first.end(Ok(()));
    assert!(second.job().ask_stop("enough"));
    assert_eq!(due(&jobs), "begin second, begin third");
    assert!(second.begin().is_none());
    third.begin().unwrap().end(Ok(()));
}

#[test]
fn a_delayed_hosted_job_is_due_at_its_time() {
    let jobs = JobManager::new();
    let delay = Duration::from_millis(30);
    let late = jobs.named("late").delay(delay).host().unwrap();
    let made = late.job().times().created;
    assert_eq!(due(&jobs), "");
    wait_for_the_time(&jobs);
    assert_eq!((due(&jobs).as_str(), jobs.next_due()), ("begin late", None));
    assert!(made.elapsed() >= delay);
    late.begin().unwrap().end(Ok(()));
    // The host tells the time, so no thread does.
    assert_eq!(jobs.threads(), 0);
}

#[test]
fn a_hosted_job_at_its_time_limit_is_asked_to_stop() {
    let jobs = JobManager::new();
    let slow = jobs.named("slow").time_limit(Duration::from_millis(10)).host().unwrap();
    assert_eq!((due(&jobs).as_str(), jobs.next_due()), ("begin slow", None));
    let turn = slow.begin().unwrap();
    wait_for_the_time(&jobs);
    assert_eq!(due(&jobs), "time of slow is up");
    let stopped = turn.context().check().unwrap_err();
    assert_eq!(stopped.reason(), &StopReason::TimeLimit(Duration::from_millis(10)));
    turn.end(Err(stopped.into()));
    assert_eq!((due(&jobs).as_str(), jobs.next_due()), ("", None));
}

#[test]
fn a_hosted_job_lends_its_place_while_it_waits() {
    let jobs = JobManager::new();
    let (first, second) = one_at_a_time(&jobs);
    let (waiting, awaited) = (jobs.get(0).unwrap(), second.job());
    first.begin_wait(&[awaited], 1, true).unwrap();
    assert_eq!(why(&waiting), "it waits for the end of job #1 (second, created)");
    assert_eq!(due(&jobs), "begin second");
    let turn = second.begin().unwrap();
    // Its wait is over, but the place is taken.
    assert!(!first.end_wait(false));
    assert_eq!(why(&waiting), "group disk runs 1 job, its limit is 1; it is next");
    turn.end(Ok(()));
    assert_eq!(due(&jobs), "resume first");
    assert!(first.end_wait(false));
    assert_eq!(jobs.group("disk").running(), 1);
    first.end(Ok(()));
}

#[test]
fn a_hosted_job_whose_wait_was_in_vain_goes_on_at_once() {
    let jobs = JobManager::new();
    let (first, second) = one_at_a_time(&jobs);
    first.begin_wait(&[second.job()], 1, false).unwrap();
    let turn = second.begin().unwrap();
    assert!(first.end_wait(true));
    assert_eq!(jobs.group("disk").running(), 2);
    turn.end(Ok(()));
    first.end(Ok(()));
}

#[test]
fn hosted_jobs_that_wait_for_each_other_learn_it() {
    let jobs = JobManager::new();
    let [one, two] = ["one", "two"].map(|name| jobs.named(name).host().unwrap());
    let both = [one.job(), two.job()];
    let [one, two] = [one, two].map(|hosted| hosted.begin().unwrap());
    let itself = one.begin_wait(&both[..1], 1, true).unwrap_err();
    assert!(matches!(itself, WaitError::Itself(id) if id == both[0].id()), "{itself}");
    one.begin_wait(&both[1..], 1, true).unwrap();
    let ring = two.begin_wait(&both[..1], 1, true).unwrap_err();
    assert!(matches!(&ring, WaitError::Ring(jobs) if jobs.len() == 2), "{ring}");
    // With a deadline the wait ends, and so does one for either of two.
    two.begin_wait(&both[..1], 1, false).unwrap();
    two.begin_wait(&both, 1, true).unwrap();
    assert!(two.end_wait(true) && one.end_wait(true));
    two.begin_wait(&both[..1], 1, true).unwrap();
    one.end(Ok(()));
    two.end(Ok(()));
}

#[test]
fn a_wait_for_another_managers_job_keeps_the_place() {
    let (jobs, others) = (JobManager::new(), JobManager::new());
    let (first, second) = one_at_a_time(&jobs);
    let other = others.named("other").host().unwrap();
    first.begin_wait(&[other.job()], 1, true).unwrap();
    assert_eq!((due(&jobs).as_str(), jobs.group("disk").running()), ("", 1));
    assert!(first.end_wait(false));
    other.begin().unwrap().end(Ok(()));
    first.end(Ok(()));
    second.begin().unwrap().end(Ok(()));
}

#[test]
fn the_attempts_of_a_hosted_job_are_recorded() {
    let jobs = JobManager::new();
    let (first, second) = one_at_a_time(&jobs);
    let tried = jobs.get(0).unwrap();
    first.begin_attempt(1);
    first.end_attempt(Some(&Failure::new("no route")));
    first.begin_pause(Duration::from_secs(60), 2, 3);
    assert!(why(&tried).ends_with("before attempt 2 of 3"), "{}", why(&tried));
    assert_eq!(due(&jobs), "begin second");
    second.begin().unwrap().end(Ok(()));
    assert!(first.end_wait(false));
    first.begin_attempt(2);
    assert_eq!(why(&tried), "");
    first.end_attempt(None);
    first.end(Ok(()));
    let failures = tried.attempts().into_iter().map(|attempt| attempt.failure.map(|why| why.message().to_owned()));
    assert_eq!(failures.collect::<Vec<_>>(), [Some("no route".to_owned()), None]);
}

/// An error that looks at the attempts of a job when it is dropped.
#[derive(Debug)]
struct Looks(AnyJob);

impl Drop for Looks {
    fn drop(&mut self) {
        assert_eq!(self.0.attempts().len(), 1);
    }
}

impl fmt::Display for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no route")
    }
}

impl Error for Looks {}

#[test]
fn an_attempt_that_is_ended_again_drops_its_first_failure_without_a_lock() {
    let jobs = JobManager::new();
    let turn = jobs.named("fetch").host().unwrap().begin().unwrap();
    turn.begin_attempt(1);
    turn.end_attempt(Some(&Failure::from_error(Looks(turn.context().job().clone()))));
    turn.end_attempt(None);
    assert!(turn.context().job().attempts()[0].failure.is_none());
    turn.end(Ok(()));
}

#[test]
fn a_hosted_job_after_an_unknown_one_is_not_made() {
    let jobs = JobManager::new();
    let made = jobs.named("late").delay(Duration::from_secs(60)).after(7).host();
    assert!(matches!(made, Err(SpawnError::Unknown(_))));
    assert_eq!((jobs.all().len(), jobs.next_due()), (0, None));
}

#[test]
fn a_shutdown_waits_for_hosted_jobs_that_wait() {
    let jobs = JobManager::new();
    let handle = jobs.handle();
    let (first, second) = one_at_a_time(&jobs);
    jobs.group("disk").pause();
    let job: AnyJob = second.job();
    let ends = std::thread::spawn(move || drop(jobs));
    first.end(Ok(()));
    wait_until("the shutdown resumes the group", || handle.has_due());
    assert_eq!(due(&handle), "begin second");
    second.begin().unwrap().end(Ok(()));
    ends.join().unwrap();
    assert_eq!(job.state(), State::Finished(Outcome::Done));
}
