//! Jobs that start after a delay or after other jobs, and jobs with a time limit.

use std::time::{Duration, Instant};

use bgjobs::{
    After, AfterError, Config, JobManager, JoinError, Options, Outcome, SpawnError, State, StopReason, WaitError,
    WaitReason,
};
use expect_test::expect;

use crate::{
    gate::{GUARD, Gate, in_time, wait_until},
    support::{in_group, why},
};

const SOON: Duration = Duration::from_millis(30);

fn after(conditions: impl Into<Vec<After>>) -> Options {
    Options { after: conditions.into(), ..Options::default() }
}

fn delayed(delay: Duration) -> Options {
    Options { delay: Some(delay), ..Options::default() }
}

fn limited(time_limit: Duration) -> Options {
    Options { time_limit: Some(time_limit), ..Options::default() }
}

fn stopped() -> State {
    State::Finished(Outcome::Stopped)
}

#[test]
fn a_job_starts_when_all_jobs_it_follows_are_done() {
    let jobs = JobManager::new();
    let (first, second) = (Gate::new(), Gate::new());
    let [one, two] = [&first, &second].map(|gate| jobs.spawn("load", gate.hold(1)).unwrap());
    let next = jobs.named("fit").with(after([After::done(&one), After::done(&two)])).spawn(|| 2).unwrap();
    wait_until("both jobs run", || two.state() == State::Running && one.state() == State::Running);
    expect!["it starts after job #0 (load, running) is done; it starts after job #1 (load, running) is done"]
        .assert_eq(&why(&next));
    first.open();
    one.join().unwrap();
    expect!["it starts after job #1 (load, running) is done"].assert_eq(&why(&next));
    assert_eq!((next.state(), next.times().started), (State::Queued, None));
    second.open();
    assert_eq!(next.join().unwrap(), &2);
    assert!(next.times().started.unwrap() >= two.times().finished.unwrap());
}

#[test]
fn a_job_that_runs_no_longer_waits_for_the_job_it_followed() {
    let jobs = JobManager::new();
    let (first, second) = (Gate::new(), Gate::new());
    let load = jobs.spawn("load", first.hold(1)).unwrap();
    let fit = jobs.named("fit").with(after([After::done(&load)])).spawn(second.hold(2)).unwrap();
    first.open();
    wait_until("it runs", || fit.state() == State::Running);
    assert_eq!(fit.why(), []);
    second.open();
    assert_eq!(fit.join().unwrap(), &2);
}

#[test]
fn a_job_finds_the_job_it_follows_finished() {
    let jobs = JobManager::new();
    for _ in 0..200 {
        let load = jobs.spawn("load", || 7).unwrap();
        let same = load.clone();
        let fit =
            jobs.named("fit").with(after([After::done(&load)])).spawn(move || same.outcome().unwrap().copied().ok());
        assert_eq!(fit.unwrap().join().unwrap(), &Some(7));
    }
}

#[test]
fn a_job_that_follows_success_fails_if_the_other_job_fails() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let pass = gate.pass();
    let load = jobs.spawn("load", move || {
        pass.wait();
        panic!("no rows")
    });
    let load: bgjobs::Job<()> = load.unwrap();
    let fit = jobs.named("fit").with(after([After::done(&load)])).spawn(|| ()).unwrap();
    let plot = jobs.named("plot").with(after([After::done(&fit)])).spawn(|| ()).unwrap();
    let tidy = jobs.named("tidy").with(after([After::ended(&fit), After::ended(&load)])).spawn(|| 3).unwrap();
    gate.open();
    assert_eq!(tidy.join().unwrap(), &3);
    assert_eq!([fit.state(), plot.state()], [State::Finished(Outcome::Failed); 2]);
    expect!["job #1 `fit` failed: job #0 failed, so this one did not start: no rows"]
        .assert_eq(&format!("{:#}", fit.join().unwrap_err()));
    expect![[r"
        job #1 failed, so this one did not start
        caused by: job #0 failed, so this one did not start
        caused by: no rows"]]
    .assert_eq(&jobs.traceback(2).unwrap().to_string());
    let failure = fit.failure().unwrap();
    let cause = failure.error().unwrap().downcast_ref::<AfterError>().unwrap();
    assert_eq!((cause.job, fit.times().started), (load.id(), None));
    assert_eq!(std::error::Error::source(cause).unwrap().to_string(), "no rows", "why the other job failed");
    assert_eq!(jobs.dead().len(), 3);
}

#[test]
fn a_job_that_follows_success_is_stopped_if_the_other_job_is_stopped() {
    let jobs = JobManager::new();
    let (gate, paused) = (Gate::new(), jobs.group("io"));
    paused.pause();
    let load = jobs.named("load").with(in_group("io")).spawn(gate.hold(())).unwrap();
    let fit = jobs.named("fit").with(after([After::done(&load)])).spawn(|| ()).unwrap();
    expect!["it starts after job #0 (load, queued) is done"].assert_eq(&why(&fit));
    load.ask_stop("enough");
    fit.wait().unwrap();
    expect!["job #0 was stopped, so this one did not start"].assert_eq(fit.failure().unwrap().message());
    assert_eq!(
        (fit.state(), fit.stop_reason()),
        (State::Finished(Outcome::Stopped), Some(StopReason::After(load.id())))
    );
}

#[test]
fn a_job_that_follows_an_ended_one_starts_at_once_or_never() {
    let jobs = JobManager::new();
    let (good, bad) = (jobs.spawn("good", || ()).unwrap(), jobs.try_spawn("bad", || Err::<(), _>(std::fmt::Error)));
    let bad = bad.unwrap();
    bgjobs::wait_all(jobs.running()).unwrap();
    let start = |after_what| jobs.named("next").with(after([after_what])).spawn(|| 1).unwrap();
    assert_eq!(start(After::done(&good)).join().unwrap(), &1);
    assert_eq!(start(After::ended(&bad)).join().unwrap(), &1);
    let never = start(After::done(&bad));
    // It fails at once, and is listed as dead.
    assert_eq!((never.state(), jobs.dead().len()), (State::Finished(Outcome::Failed), 2));
}

#[test]
fn a_job_cannot_follow_one_that_is_in_no_list_and_then_uses_no_number() {
    let jobs = JobManager::new();
    let text = |options| {
        let error = jobs.named("fit").with(options).spawn(|| ()).unwrap_err();
        assert!(matches!(error, SpawnError::Unknown(_)));
        format!("{error:#}")
    };
    expect!["a job can't start after job #0; name one that is in the lists: Job #0 not found; no job was started yet"]
        .assert_eq(&text(after([After::done(0)])));
    jobs.spawn("load", || ()).unwrap().join().unwrap();
    // The new job itself would get that number.
    expect!["a job can't start after job #1; name one that is in the lists: Job #1 not found; the newest job is #0"]
        .assert_eq(&text(after([After::done(0), After::ended(1)])));
    jobs.flush();
    let both = Options { time_limit: Some(GUARD), ..after([After::ended(0)]) };
    expect![
        "a job can't start after job #0; name one that is in the lists: Job #0 not found; it was removed or flushed"
    ]
    .assert_eq(&text(both));
    assert_eq!(jobs.spawn("next", || ()).unwrap().id().get(), 1);
}

#[test]
fn joining_a_job_that_follows_the_caller_reports_the_ring() {
    let jobs = JobManager::new();
    let handle = jobs.handle();
    let outer = jobs.spawn_with("outer", move |job| {
        let middle = handle.named("middle").with(after([After::ended(job.id())])).spawn(|| ())?;
        let inner = handle.named("inner").with(after([After::ended(&middle)])).spawn(|| ())?;
        let error = inner.join().unwrap_err();
        assert!(matches!(&error, JoinError::Wait(WaitError::Ring(ring)) if ring.len() == 3));
        // A wait with a timeout ends.
        assert!(matches!(job.wait_for_timeout(&inner, Duration::ZERO), Err(WaitError::TimedOut { .. })));
        Ok(error.to_string())
    });
    let outer = outer.unwrap();
    let text = in_time("joining a ring of jobs", move || outer.join().unwrap().clone());
    expect![
        "the wait would never end: #0 waits for #2 waits for #1 waits for #0; let one of them wait with a time limit"
    ]
    .assert_eq(&text);
    jobs.wait_all().unwrap();
}

#[test]
fn a_delayed_job_starts_after_its_delay_and_not_before() {
    let jobs = JobManager::with_config(Config { idle_timeout: Duration::ZERO, ..Config::default() });
    let began = Instant::now();
    let order = [3, 1, 2].map(|times| jobs.named("late").with(delayed(SOON * times)).spawn(Instant::now).unwrap());
    let far = jobs.named("never").with(delayed(Duration::MAX)).spawn(|| ()).unwrap();
    assert!(matches!(order[0].why()[..], [WaitReason::Delay { left }] if left <= SOON * 3));
    assert!(why(&order[0]).starts_with("it starts in "), "{}", why(&order[0]));
    for (job, times) in order.iter().zip([3, 1, 2]) {
        assert!(*job.join().unwrap() >= began + SOON * times);
    }
    assert!(far.ask_stop("enough"));
    assert_eq!(far.state(), stopped());
    wait_until("the clock thread has ended", || jobs.threads() == 0);
}

#[test]
fn a_job_waits_for_its_delay_its_predecessors_and_its_group() {
    let jobs = JobManager::new();
    let (gate, group) = (Gate::new(), jobs.group("io"));
    group.pause();
    let load = jobs.spawn("load", gate.hold(())).unwrap();
    let all = Options { delay: Some(SOON), after: vec![After::done(&load)], ..in_group("io") };
    let job = jobs.named("fit").with(all).spawn(|| ()).unwrap();
    assert_eq!((job.why().len(), group.waiting()), (3, 1));
    gate.open();
    wait_until("the job only waits for its group", || why(&job) == "group io is paused; resume it");
    group.resume();
    job.join().unwrap();
}

#[test]
fn a_job_is_asked_to_stop_at_its_time_limit() {
    let jobs = JobManager::with_config(Config { idle_timeout: Duration::ZERO, ..Config::default() });
    let watch = |job: &bgjobs::Context| Ok(job.sleep(GUARD)?);
    let job = jobs.named("watch").with(limited(SOON)).spawn_with(watch).unwrap();
    // Another job ends long before its own limit.
    let quick = jobs.named("quick").with(limited(GUARD)).spawn(|| 1).unwrap();
    job.wait().unwrap();
    assert_eq!((job.state(), quick.join().unwrap()), (stopped(), &1));
    assert_eq!(job.failure().unwrap().message(), "time limit of 30ms");
    assert!(job.times().ran().unwrap() >= SOON);
    wait_until("the clock thread has ended", || jobs.threads() == 0);
}

#[test]
fn a_time_limit_starts_counting_when_the_body_starts() {
    let jobs = JobManager::new();
    let group = jobs.group("io");
    group.pause();
    let options = Options { time_limit: Some(SOON), ..in_group("io") };
    let job = jobs.named("late").with(options).spawn_with(|job| Ok(job.is_stopping())).unwrap();
    let longer = jobs.named("longer").with(limited(SOON * 2)).spawn_with(|job| Ok(job.sleep(GUARD)?)).unwrap();
    longer.wait().unwrap();
    group.resume();
    assert_eq!(job.join().unwrap(), &false);
}

#[test]
fn a_body_that_ignores_its_time_limit_runs_on_with_a_visible_stop_request() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.named("deaf").with(limited(SOON)).spawn(gate.hold(5)).unwrap();
    wait_until("the job is asked to stop", || job.stop_reason().is_some());
    assert_eq!((job.stop_reason().unwrap().to_string(), job.is_finished()), ("time limit of 30ms".to_owned(), false));
    gate.open();
    assert_eq!(job.join().unwrap(), &5);
}

#[test]
fn one_clock_thread_runs_while_any_job_needs_the_time() {
    let jobs = JobManager::with_config(Config { idle_timeout: Duration::ZERO, ..Config::default() });
    let gate = Gate::new();
    let all: Vec<_> = (0..20).map(|_| jobs.named("late").with(delayed(GUARD)).spawn(gate.hold(())).unwrap()).collect();
    wait_until("only one of the clock threads is left", || jobs.threads() == 1);
    all[1..].iter().for_each(|job| assert!(job.ask_stop("enough")));
    assert_eq!(jobs.threads(), 1);
    all[0].ask_stop("enough");
    wait_until("the clock thread has ended", || jobs.threads() == 0);
}
