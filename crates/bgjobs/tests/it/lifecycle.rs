//! The life of a job, from its start to its last handle.

use std::{
    collections::HashSet,
    sync::{Arc, Barrier},
    time::Instant,
};

use bgjobs::{
    Body, Context, Failure, JobId, JobManager, Name, Outcome, ResultError, SpawnError, State, Take, UnknownReason,
};

use crate::{
    gate::{GUARD, Gate, wait_until},
    support::{daemon, on_fresh_thread},
};

#[test]
fn jobs_are_numbered_from_zero_in_start_order() {
    let jobs = JobManager::new();
    let ids: Vec<_> = (0..600).map(|n| jobs.spawn(format!("{n}"), || ()).unwrap().id().get()).collect();
    assert_eq!(ids, (0..600).collect::<Vec<_>>());
    assert_eq!(jobs.all().iter().map(|job| job.id().get()).collect::<Vec<_>>(), ids);
}

#[test]
fn a_number_is_never_reused() {
    let jobs = JobManager::new();
    jobs.spawn("one", || ()).unwrap().wait().unwrap();
    jobs.flush();
    assert_eq!(jobs.spawn("two", || ()).unwrap().id(), JobId::from(1));
    assert_eq!(jobs.get(0).unwrap_err().reason, UnknownReason::Removed);
}

#[test]
fn every_job_runs_at_once_on_a_thread_that_runs_no_other_job() {
    const COUNT: usize = 100;
    let jobs = JobManager::new();
    // No job passes the barrier until all have reached it.
    let barrier = Arc::new(Barrier::new(COUNT));
    let started: Vec<_> = (0..COUNT)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            let body = move || {
                barrier.wait();
                std::thread::current().id()
            };
            jobs.spawn("meet", body).unwrap()
        })
        .collect();
    let threads: HashSet<_> = started.iter().map(|job| *job.join_timeout(GUARD).unwrap()).collect();
    assert_eq!(threads.len(), COUNT);
    assert!(!threads.contains(&std::thread::current().id()));
}

#[test]
fn a_job_goes_from_running_to_finished_and_its_times_follow() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let before = Instant::now();
    let job = jobs.spawn("held", gate.hold(1)).unwrap();
    assert_eq!(jobs.running(), [(*job).clone()]);
    wait_until("the job runs", || job.state() == State::Running);
    let running = job.times();
    assert!(running.created >= before && running.started.unwrap() >= running.created && running.finished.is_none());
    assert!(running.ran() <= job.times().ran());
    assert!(job.outcome().is_none() && job.failure().is_none() && !job.is_finished());

    gate.open();
    assert_eq!(job.join().unwrap(), &1);
    let ended = job.times();
    assert_eq!(job.state(), State::Finished(Outcome::Done));
    assert_eq!((ended.created, ended.started), (running.created, running.started));
    assert!(ended.finished.unwrap() >= ended.started.unwrap() && ended.finished.unwrap() <= Instant::now());
    assert_eq!(ended.ran().unwrap(), ended.finished.unwrap() - ended.started.unwrap());
    assert_eq!(job.times(), ended);
}

#[test]
fn a_job_stays_created_until_a_thread_takes_it() {
    let gate = Gate::new();
    wait_until("a job is observed before a thread takes it", || {
        let jobs = JobManager::new();
        let job = jobs.named("held").with(daemon()).spawn(gate.hold(())).unwrap();
        let times = job.times();
        let seen = (times.started, times.finished, job.cpu_time(), job.status(), job.stat_code(), job.state());
        seen == (None, None, None, "Created", 0, State::Created)
    });
}

#[test]
fn a_forgotten_job_is_in_no_list_but_its_handles_still_work() {
    let jobs = JobManager::new();
    let removed = jobs.spawn("removed", || "a".to_owned()).unwrap();
    let flushed = jobs.try_spawn("flushed", || Err::<(), _>(Failure::new("b"))).unwrap();
    jobs.wait_all().unwrap();
    assert_eq!(jobs.remove(&removed).unwrap(), *removed);
    assert_eq!(jobs.all(), [(*flushed).clone()]);
    jobs.flush();
    assert!(jobs.all().is_empty() && jobs.status().to_string().is_empty());
    assert!(jobs.get(&flushed).is_err());
    assert_eq!(removed.join().unwrap(), "a");
    assert_eq!(flushed.failure().unwrap().message(), "b");
    assert_eq!(
        format!("{removed:?} {}", flushed.status()),
        "<BackgroundJob #0: removed> Dead (Exception), call jobs.traceback() for details"
    );
}

#[test]
fn a_job_whose_handle_is_dropped_runs_on_and_stays_in_the_lists() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    drop(jobs.spawn("detached", gate.hold(7)).unwrap());
    assert_eq!(jobs.running().len(), 1);
    gate.open();
    jobs.get(0).unwrap().wait().unwrap();
    assert_eq!(jobs.result::<i32>(0).unwrap(), 7);
}

#[test]
fn a_manager_holds_results_of_any_type_and_returns_each_only_as_its_own_type() {
    let jobs = JobManager::new();
    jobs.spawn("number", || 7_u8).unwrap();
    jobs.spawn("text", || "seven".to_owned()).unwrap();
    jobs.wait_all().unwrap();
    let [number, text] = [jobs.get(0).unwrap(), jobs.get(1).unwrap()];
    assert!(number.is::<u8>() && !number.is::<i8>() && text.is::<String>());
    assert_eq!(number.clone().downcast::<String>().unwrap_err(), number);
    assert_eq!(number.downcast::<u8>().unwrap().join().unwrap(), &7);
    assert_eq!(jobs.result::<String>(1).unwrap(), "seven");
    let error = jobs.result::<u8>(1).unwrap_err();
    assert!(matches!(error, ResultError::OtherType { job, .. } if job == 1.into()));
    assert_eq!(
        error.to_string(),
        "the result of job #1 is of type `alloc::string::String`, not of type `u8`; ask for what its body returns"
    );
}

#[test]
fn a_dead_job_has_no_result_whatever_type_is_asked_for() {
    let jobs = JobManager::new();
    jobs.spawn("index", || -> u64 { panic!("no rows") }).unwrap().wait().unwrap();
    assert!(matches!(jobs.result::<u64>(0), Err(ResultError::Died(..))));
    assert!(matches!(jobs.result::<String>(0), Err(ResultError::Died(..))));
}

#[test]
fn a_result_can_be_borrowed_repeatedly_and_a_take_emptied_once() {
    let jobs = JobManager::new();
    let lent = jobs.spawn("lent", || vec![1, 2]).unwrap();
    assert!(std::ptr::eq(lent.join().unwrap(), lent.clone().join().unwrap()));
    let taken = jobs.spawn("taken", || Take::new(std::cell::Cell::new(3))).unwrap();
    assert_eq!(taken.join().unwrap().take().map(|cell| cell.get()), Some(3));
    assert!(taken.join().unwrap().take().is_none());
}

struct Countdown(u64);

impl Body for Countdown {
    type Output = &'static str;

    fn name(&self) -> Name {
        format!("countdown from {}", self.0).into()
    }

    fn call(self, job: &Context) -> Result<Self::Output, Failure> {
        for n in 0..self.0 {
            job.say("counting");
            job.progress(n + 1, self.0);
        }
        if self.0 == 0 { Err(Failure::new("nothing to count")) } else { Ok("lift-off") }
    }
}

#[test]
fn a_custom_body_supplies_its_own_name_and_code() {
    let jobs = JobManager::new();
    let job = jobs.start(Countdown(3)).unwrap();
    assert_eq!((job.join().unwrap(), &**job.name()), (&"lift-off", "countdown from 3"));
    let progress = job.progress().unwrap();
    assert_eq!((progress.done, progress.total, progress.text), (3, Some(3), Some("counting".into())));
    let job = jobs.start(Countdown(0)).unwrap();
    job.wait().unwrap();
    assert_eq!((job.failure().unwrap().message(), job.progress()), ("nothing to count", None));
}

#[test]
fn a_job_knows_its_number_and_its_manager_knows_which_job_is_calling() {
    let (jobs, other) = (JobManager::new(), JobManager::new());
    let (handle, other) = (jobs.handle(), other.handle());
    let body = move |job: &Context| Ok((job.id(), job.job().id(), handle.current(), other.current()));
    let seen = jobs.spawn_with("who", body).unwrap();
    assert_eq!(seen.join().unwrap(), &(0.into(), 0.into(), Some(0.into()), None));
    assert_eq!(jobs.current(), None);
}

#[test]
fn a_number_parses_the_way_it_is_displayed() {
    for (text, number) in [("0", 0), ("#4", 4), ("18446744073709551615", u64::MAX)] {
        assert_eq!(text.parse::<JobId>().unwrap().get(), number);
    }
    for text in ["", "#", "##4", "-1", "+4", "#+4", "4 ", "18446744073709551616", "x\u{1b}"] {
        let shown = bgjobs::one_line(text);
        let error = text.parse::<JobId>().unwrap_err().to_string();
        assert_eq!(error, format!("`{shown}` is not a job number; write 4 or #4"));
    }
    assert!(JobManager::new().get(u64::MAX).is_err());
}

#[test]
fn after_a_shutdown_nothing_starts_and_no_number_is_used() {
    let jobs = JobManager::new();
    jobs.spawn("early", || 1).unwrap();
    jobs.shutdown().unwrap();
    assert!(matches!(jobs.spawn("late", || 2), Err(SpawnError::ShutDown)));
    assert!(matches!(jobs.named("late").with(on_fresh_thread()).spawn(|| 2), Err(SpawnError::ShutDown)));
    assert_eq!(jobs.all().len(), 1);
    assert_eq!(jobs.get(1).unwrap_err().reason, UnknownReason::NotStarted { newest: Some(0.into()) });
    assert_eq!(jobs.result::<i32>(0).unwrap(), 1);
}
