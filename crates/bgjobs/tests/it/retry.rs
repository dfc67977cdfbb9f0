//! Jobs that are retried when they fail.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bgjobs::{
    Context, Failure, FailureKind, Job, JobManager, Options, Outcome, Place, Retry, State, Verdict, WaitReason,
};
use expect_test::expect;

use crate::{
    gate::{GUARD, Gate, wait_until},
    support::in_group,
};

fn without_backoff(attempts: u32) -> Retry {
    Retry { attempts, backoff: Duration::ZERO, ..Retry::default() }
}

/// A job whose body fails `times` times, every other time by a panic, and then returns the number of its attempts.
fn failing(jobs: &JobManager, times: u32, retry: Retry) -> Job<u32> {
    let count = AtomicU32::new(0);
    let body = move |_: &Context| match count.fetch_add(1, Ordering::Relaxed) + 1 {
        n if n > times => Ok(n),
        n if n % 2 == 0 => panic!("panic {n}"),
        n => Err(Failure::new(format!("error {n}"))),
    };
    jobs.named("fetch").retry(retry).spawn_with(body).unwrap()
}

fn failures(job: &Job<u32>) -> Vec<Option<String>> {
    job.attempts().into_iter().map(|attempt| attempt.failure.map(|failure| failure.to_string())).collect()
}

#[test]
fn a_body_is_called_until_it_succeeds_and_every_attempt_is_recorded() {
    let jobs = JobManager::new();
    let job = failing(&jobs, 2, without_backoff(5));
    assert_eq!(job.join().unwrap(), &3);
    assert_eq!(failures(&job), [Some("error 1".to_owned()), Some("panic 2".to_owned()), None]);
    let attempts = job.attempts();
    assert_eq!(attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2, 3]);
    let mut times = attempts.iter().flat_map(|attempt| [attempt.started, attempt.ended.unwrap()]);
    assert!(times.clone().is_sorted() && times.next().unwrap() >= job.times().started.unwrap());
    assert!(jobs.spawn("plain", || ()).unwrap().attempts().is_empty());
}

#[test]
fn the_last_failure_becomes_the_failure_of_the_job() {
    let jobs = JobManager::new();
    for (attempts, made) in [(0, 1), (1, 1), (2, 2), (3, 3)] {
        let job = failing(&jobs, u32::MAX, without_backoff(attempts));
        job.wait().unwrap();
        assert_eq!((job.state(), job.attempts().len()), (State::Finished(Outcome::Failed), made));
    }
    let dead: Vec<_> = jobs.dead().iter().map(|job| job.failure().unwrap()).collect();
    assert_eq!(dead.iter().map(Failure::message).collect::<Vec<_>>(), ["error 1", "error 1", "panic 2", "error 3"]);
    assert_eq!(dead[2].kind(), FailureKind::Panic);
    assert!(dead[2].traceback().to_string().contains("tests/it/retry.rs"), "{}", dead[2].traceback());
}

#[test]
fn each_retry_waits_longer_and_says_so() {
    let jobs = JobManager::new();
    let backoff = Duration::from_millis(20);
    let job = failing(&jobs, 2, Retry { backoff, ..Retry::default() });
    job.join().unwrap();
    let attempts = job.attempts();
    let pause = |n: usize| attempts[n].started.duration_since(attempts[n - 1].ended.unwrap());
    assert!(pause(1) >= backoff && pause(2) >= backoff * 2);

    let slow = failing(&jobs, 9, Retry { attempts: 5, backoff: GUARD, longest: Duration::from_secs(2) });
    wait_until("the job waits for its next attempt", || !slow.why().is_empty());
    let [WaitReason::Attempt { left, number: 2, of: 5 }] = slow.why()[..] else { panic!("{:?}", slow.why()) };
    assert!(left <= Duration::from_secs(2) && left > Duration::from_secs(1), "{left:?}");
    let waiting = WaitReason::Attempt { left: Duration::from_secs(2), number: 2, of: 5 };
    expect!["it waits 2.0s before attempt 2 of 5"].assert_eq(&waiting.to_string());
    assert_eq!(slow.attempts().len(), 1);
    // A stop ends the wait at once.
    let asked = Instant::now();
    slow.ask_stop("enough");
    slow.wait().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(1));
    assert_eq!(slow.state(), State::Finished(Outcome::Stopped));
    assert_eq!(slow.failure().unwrap().message(), "enough");
    assert!(slow.why().is_empty());
}

#[test]
fn between_attempts_a_job_has_no_place_and_a_stop_names_none() {
    let jobs = JobManager::new();
    let body = |job: &Context| {
        std::mem::forget(job.locate(|| Some(Place::new(Vec::new()))));
        job.checkpoint("asking")?;
        Err::<(), _>(Failure::new("no answer"))
    };
    let retry = Retry { attempts: 2, backoff: GUARD, longest: GUARD };
    let job = jobs.named("fetch").retry(retry).spawn_with(body).unwrap();
    wait_until("the job waits for its next attempt", || !job.why().is_empty());
    assert_eq!(job.place(), None);
    let verdict = job.stop("enough", GUARD);
    assert!(matches!(verdict, Verdict::Stopped { place: None, .. }), "{verdict:?}");
    expect!["stopped: enough"].assert_eq(&job.failure().unwrap().traceback().to_string());
}

#[test]
fn an_attempt_that_was_stopped_is_not_retried() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let pass = gate.pass();
    let body = move |job: &Context| {
        pass.wait();
        Ok(job.check()?)
    };
    let job = jobs.named("watch").retry(without_backoff(9)).spawn_with(body).unwrap();
    job.ask_stop("enough");
    gate.open();
    job.wait().unwrap();
    assert!(job.attempts().len() <= 1, "{:?}", job.attempts());
    assert_eq!(job.state(), State::Finished(Outcome::Stopped));
}

#[test]
fn between_attempts_a_job_lends_its_slot() {
    let jobs = JobManager::new();
    jobs.group("io").set_limit(1).unwrap();
    let count = Arc::new(AtomicU32::new(0));
    let calls = Arc::clone(&count);
    let body = move |_: &Context| {
        calls.fetch_add(1, Ordering::Relaxed);
        Err::<(), _>(Failure::new("no answer"))
    };
    let retry = Retry { attempts: 2, backoff: GUARD, longest: GUARD };
    let slow = jobs.named("slow").with(in_group("io")).retry(retry).spawn_with(body).unwrap();
    jobs.named("other").with(in_group("io")).spawn(|| ()).unwrap().join().unwrap();
    assert_eq!((count.load(Ordering::Relaxed), slow.state()), (1, State::Running));
    slow.ask_stop("enough");
}

#[test]
fn a_time_limit_covers_all_attempts_together() {
    let jobs = JobManager::new();
    let options = Options { time_limit: Some(Duration::from_millis(30)), ..Options::default() };
    let retry = Retry { attempts: u32::MAX, backoff: Duration::from_millis(1), ..Retry::default() };
    let body = |_: &Context| Err::<(), _>(Failure::new("no answer"));
    let job = jobs.named("fetch").with(options).retry(retry).spawn_with(body).unwrap();
    job.wait().unwrap();
    assert_eq!(job.failure().unwrap().message(), "time limit of 30ms");
}

#[test]
fn only_the_newest_of_many_attempts_are_remembered() {
    let jobs = JobManager::new();
    let job = failing(&jobs, 150, without_backoff(u32::MAX));
    assert_eq!(job.join().unwrap(), &151);
    let attempts = job.attempts();
    assert_eq!((attempts.len(), attempts[0].number, attempts[99].number), (100, 52, 151));
}
