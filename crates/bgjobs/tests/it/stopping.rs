//! Stopping jobs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bgjobs::{
    After, AnyJob, Context, Failure, FailureKind, JobManager, Outcome, State, StopReason, Stopped, Verdict, stop_all,
};

use crate::gate::{GUARD, Gate, stopped_unstarted, wait_until};

const SOON: Duration = Duration::from_millis(5);

/// The line where [`sleeper`] sleeps.
const SLEEPS: u32 = line!() + 4;

/// A body that sleeps until it is stopped.
fn sleeper(job: &Context) -> Result<(), Failure> {
    job.sleep(Duration::MAX)?;
    Ok(())
}

#[test]
fn a_job_that_heeds_the_request_is_stopped() {
    let jobs = JobManager::new();
    let job = jobs.spawn_with("sleep", sleeper).unwrap();
    wait_until("the job sleeps", || job.state() == State::Running);
    let verdict = job.stop("not needed", GUARD);
    let Verdict::Stopped { after, place: Some(place) } = &verdict else { panic!("{verdict}") };
    assert!(*after < GUARD);
    let frame = place.frames.last().unwrap();
    assert_eq!((frame.source.as_deref(), frame.line), (Some(file!()), Some(SLEEPS)));
    let text = verdict.to_string();
    assert!(text.starts_with(&format!("stopped at line {SLEEPS} of {} after ", file!())), "{text}");
    assert_eq!(
        (job.state(), job.status()),
        (State::Finished(Outcome::Stopped), "Dead (Stopped), call jobs.traceback() for details")
    );
    let failure = job.failure().unwrap();
    assert_eq!((failure.kind(), failure.message()), (FailureKind::Stop, "not needed"));
    assert_eq!(failure.error().unwrap().downcast_ref::<Stopped>().unwrap().reason(), &StopReason::from("not needed"));
    assert!(failure.traceback().to_string().ends_with("\nstopped: not needed"));
    assert_eq!(job.join().unwrap_err().to_string(), "job #0 `sleep` was stopped: not needed");
    assert_eq!(jobs.dead(), [(*job).clone()]);
}

#[test]
fn stopping_an_ended_job_changes_nothing() {
    let jobs = JobManager::new();
    let done = jobs.spawn("done", || ()).unwrap();
    let died = jobs.spawn("died", || panic!("x")).unwrap();
    let stopped = jobs.spawn_with("stopped", sleeper).unwrap();
    stopped.stop("first", GUARD);
    for (job, outcome, text) in [
        (AnyJob::from(done), Outcome::Done, "had completed before"),
        (died.into(), Outcome::Failed, "had failed before"),
        (stopped.clone().into(), Outcome::Stopped, "had stopped before"),
    ] {
        job.wait().unwrap();
        let reason = job.stop_reason();
        let verdict = job.stop("too late", Duration::ZERO);
        assert!(
            matches!(verdict, Verdict::FinishedFirst { outcome: seen, asked: false } if seen == outcome),
            "{verdict:?}"
        );
        assert_eq!(verdict.to_string(), text);
        assert!(!job.ask_stop("too late"));
        assert_eq!(job.stop_reason(), reason);
    }
    assert_eq!(stopped.stop_reason(), Some("first".into()));
}

#[test]
fn a_job_that_completes_despite_the_request_counts_as_completed_first() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("deaf", gate.hold(1)).unwrap();
    wait_until("the job runs", || job.state() == State::Running);
    gate.open_soon();
    let verdict = job.stop("x", GUARD);
    assert!(matches!(verdict, Verdict::FinishedFirst { outcome: Outcome::Done, asked: true }));
    assert_eq!(verdict.to_string(), "had completed before it heard of the stop");
    assert_eq!((job.join().unwrap(), job.stop_reason()), (&1, Some("x".into())));
}

#[test]
fn a_body_that_ignores_the_request_is_reported_with_its_last_place() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let pass = gate.pass();
    let line = line!() + 2;
    let body = move |job: &Context| {
        job.checkpoint("reading\n")?;
        pass.wait();
        job.check()?;
        Ok(())
    };
    let job = jobs.spawn_with("deaf", body).unwrap();
    wait_until("the job has a place", || job.place().is_some());
    let verdict = job.stop("enough", SOON);
    let Verdict::StillRunning { after, place: Some(place) } = &verdict else { panic!("{verdict}") };
    assert!(*after >= SOON && &*place.text == "reading\n");
    let frame = place.frames.last().unwrap();
    assert_eq!((frame.source.as_deref(), frame.line), (Some(file!()), Some(line)));
    let (text, file) = (verdict.to_string(), file!());
    assert!(text.starts_with("still running "), "{text}");
    assert!(text.contains(&format!(" after the request, in reading\\n (line {line} of {file}) for ")), "{text}");
    assert_eq!(job.state(), State::Stopping);
    // The request stands, and the job can be asked again.
    gate.open();
    assert!(matches!(
        job.stop("again", GUARD),
        Verdict::Stopped { .. } | Verdict::FinishedFirst { outcome: Outcome::Stopped, .. }
    ));
    assert_eq!(job.failure().unwrap().message(), "enough");
}

#[test]
fn a_body_without_a_checkpoint_has_no_place_in_the_verdict() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("deaf", gate.hold(())).unwrap();
    wait_until("the job runs", || job.state() == State::Running);
    let verdict = job.stop("enough", Duration::ZERO);
    assert!(matches!(verdict, Verdict::StillRunning { place: None, .. }), "{verdict}");
    assert!(verdict.to_string().ends_with(" after the request"));
    gate.open();
}

#[test]
fn the_first_stop_request_returns_true_and_its_reason_wins() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("deaf", gate.hold(())).unwrap();
    wait_until("the job runs", || job.state() == State::Running);
    assert_eq!(job.stop_reason(), None);
    assert_eq!([job.ask_stop("first"), job.ask_stop("second")], [true, false]);
    assert_eq!(job.stop_reason(), Some("first".into()));
    gate.open();
}

#[test]
fn of_many_simultaneous_stop_requests_exactly_one_is_first_and_its_reason_wins() {
    for _ in 0..50 {
        let jobs = JobManager::new();
        let gate = Gate::new();
        let job = jobs.spawn("deaf", gate.hold(())).unwrap();
        let barrier = std::sync::Barrier::new(4);
        let first: Vec<_> = std::thread::scope(|scope| {
            let ask = |n: u32| {
                let (job, barrier) = (&job, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    job.ask_stop(n.to_string()).then_some(n)
                })
            };
            [0, 1, 2, 3].map(ask).into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(first.len(), 1);
        assert_eq!(job.stop_reason(), Some(first[0].to_string().into()));
        gate.open();
    }
}

#[test]
fn a_job_stopped_before_it_started_ends_at_once_and_its_body_never_runs() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let started = Arc::new(AtomicUsize::new(0));
    let job = stopped_unstarted(|| {
        let own = Arc::clone(&started);
        jobs.spawn("never", move || own.fetch_add(1, Ordering::SeqCst)).unwrap()
    });
    let all = jobs.all();
    assert_eq!(started.load(Ordering::SeqCst), all.iter().filter(|job| job.times().started.is_some()).count());
    assert_eq!(
        (job.state(), job.status()),
        (State::Finished(Outcome::Stopped), "Dead (Stopped), call jobs.traceback() for details")
    );
    assert_eq!(job.failure().unwrap().traceback().to_string(), "stopped: never mind");
    assert_eq!((job.times().ran(), job.stop_reason()), (None, Some("never mind".into())));
    assert_eq!((job.cpu_time(), job.summary().cpu), (None, None));
    assert!(matches!(job.stop("again", Duration::ZERO), Verdict::FinishedFirst { outcome: Outcome::Stopped, .. }));
    assert_eq!(notices.look(), all);
    assert!(jobs.dead().contains(&job));
    assert_eq!(jobs.spawn("next", || 2).unwrap().join().unwrap(), &2);
}

#[test]
fn a_job_that_stops_itself_learns_at_once_that_it_still_runs() {
    let jobs = JobManager::new();
    let body = |job: &Context| {
        let verdict = job.job().stop("I have enough", GUARD);
        assert!(matches!(verdict, Verdict::StillRunning { .. }), "{verdict}");
        job.check()?;
        Ok(())
    };
    let job = jobs.spawn_with("self", body).unwrap();
    job.wait_timeout(GUARD / 2).unwrap();
    assert_eq!(job.failure().unwrap().message(), "I have enough");
}

#[test]
fn every_check_after_the_request_tells_the_body_to_stop() {
    let jobs = JobManager::new();
    let body = |job: &Context| {
        job.job().ask_stop("enough");
        let answers = [job.check(), job.checkpoint("here"), job.sleep(Duration::MAX)];
        Ok((
            job.is_stopping(),
            answers.into_iter().filter_map(Result::err).map(|stopped| format!("{stopped:#}")).collect::<Vec<_>>(),
        ))
    };
    let job = jobs.spawn_with("ask", body).unwrap();
    assert_eq!(job.join().unwrap(), &(true, vec!["stopped: enough".to_owned(); 3]));
}

#[test]
fn a_sleep_lasts_its_full_time_without_a_stop_request() {
    let jobs = JobManager::new();
    let body = |job: &Context| {
        let began = std::time::Instant::now();
        job.sleep(SOON)?;
        Ok(began.elapsed())
    };
    assert!(*jobs.spawn_with("sleep", body).unwrap().join().unwrap() >= SOON);
}

#[test]
fn a_job_that_runs_on_after_a_stop_request_is_stopping() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let job = jobs.spawn("deaf", gate.hold(())).unwrap();
    wait_until("the job runs", || job.state() == State::Running);
    assert!(job.ask_stop("not needed"));
    assert_eq!((job.state(), job.status(), job.stat_code()), (State::Stopping, "Stopping", 1));
    assert_eq!(jobs.running(), [AnyJob::clone(&job)]);
    gate.open();
    job.join().unwrap();
}

#[test]
fn a_body_can_be_called_back_when_its_job_is_asked_to_stop() {
    let jobs = JobManager::new();
    let (gate, calls) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let (count, pass) = (Arc::clone(&calls), gate.pass());
    let job = jobs.spawn_with("heedful", move |job| {
        let counter = || {
            let count = Arc::clone(&count);
            move || {
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        drop(job.on_stop(counter()));
        let _swallowed = job.on_stop(|| panic!("never mind"));
        let _heard = job.on_stop(counter());
        job.checkpoint("ready")?;
        pass.wait();
        let _late = job.on_stop(counter());
        Ok(job.check()?)
    });
    let job = job.unwrap();
    wait_until("the job is ready", || job.place().is_some());
    job.ask_stop("not needed");
    job.ask_stop("really");
    assert_eq!(calls.load(Ordering::Relaxed), 1, "the callback runs once, and a dropped one does not run");
    gate.open();
    assert!(job.join().is_err());
    assert_eq!(calls.load(Ordering::Relaxed), 2, "a callback set after the request runs at once");
}

/// A verdict on a body that goes on once it is asked to stop.
fn verdict_on(body: impl FnOnce(&Context) -> Result<(), Failure> + Send + 'static) -> Verdict {
    let jobs = JobManager::new();
    let (at, gate) = (Gate::new(), Gate::new());
    let (up, pass) = (at.opener(), gate.pass());
    let job = jobs.spawn_with("body", move |job| {
        up.open();
        pass.wait();
        body(job)
    });
    let job = job.unwrap();
    at.pass().wait();
    gate.open_soon();
    job.stop("enough", GUARD)
}

#[test]
fn a_verdict_tells_a_body_that_heard_the_stop_and_kept_its_result_from_one_that_did_not_hear() {
    type Body = fn(&Context) -> Result<(), Failure>;
    fn wait_for_stop(job: &Context) {
        while job.job().state() != State::Stopping {
            std::thread::yield_now();
        }
    }
    let bodies: [(&str, Body); 6] = [
        ("heard of the stop and completed after ", |job| {
            wait_for_stop(job);
            let _ = job.check();
            Ok(())
        }),
        ("heard of the stop and completed after ", |job| {
            while !job.is_stopping() {}
            Ok(())
        }),
        ("heard of the stop and completed after ", |job| {
            let _ = job.sleep(Duration::MAX);
            Ok(())
        }),
        ("heard of the stop and failed after ", |job| {
            wait_for_stop(job);
            job.check().map_err(|_| Failure::new("no rows"))
        }),
        ("had completed before it heard of the stop", |job| {
            wait_for_stop(job);
            Ok(())
        }),
        ("had failed before it heard of the stop", |job| {
            wait_for_stop(job);
            Err(Failure::new("no rows"))
        }),
    ];
    for (text, body) in bodies {
        let verdict = verdict_on(body).to_string();
        assert!(verdict.starts_with(text), "{verdict}, not {text}");
    }
}

#[test]
fn a_call_at_a_stop_counts_as_hearing_it() {
    let verdict = verdict_on(|job| {
        let heard = Gate::new();
        let opener = heard.opener();
        let _call = job.on_stop(move || opener.open());
        heard.pass().wait();
        Ok(())
    });
    assert!(matches!(verdict, Verdict::Ended { outcome: Outcome::Done, .. }), "{verdict}");
}

#[test]
fn the_reason_for_a_stop_is_typed_and_reads_as_text() {
    let jobs = JobManager::new();
    let reasons = [
        (StopReason::from("enough"), "enough"),
        (StopReason::TimeLimit(SOON), "time limit of 5ms"),
        (StopReason::ShutDown, "the manager was shut down"),
        (StopReason::Group { group: "disk".into(), text: "full".into() }, "group disk was stopped: full"),
        (StopReason::After(3.into()), "job #3 was stopped, so this one did not start"),
    ];
    for (reason, text) in reasons {
        let job = jobs.spawn_with("sleeps", |job| Ok(job.sleep(Duration::MAX)?)).unwrap();
        assert!(matches!(job.stop(reason.clone(), GUARD), Verdict::Stopped { .. }));
        let failure = job.failure().unwrap();
        assert_eq!((reason.to_string(), failure.message()), (text.to_owned(), text));
        assert_eq!((failure.stop_reason(), job.stop_reason()), (Some(&reason), Some(reason.clone())));
    }
    let typed = String::from("quit\n");
    let job = jobs.spawn_with("sleeps", |job| Ok(job.sleep(Duration::MAX)?)).unwrap();
    job.ask_stop(typed.trim_end());
    assert_eq!(job.stop_reason(), Some("quit".into()));
}

#[test]
fn a_stopped_group_starts_none_of_its_waiting_jobs() {
    let jobs = JobManager::new();
    let disk = jobs.group("disk");
    disk.set_limit(1).unwrap();
    let copies = [0; 20].map(|_| disk.spawn_with("copy", |job| Ok(job.sleep(Duration::MAX)?)).unwrap());
    let other = jobs.spawn("other", || ()).unwrap();
    wait_until("one runs", || disk.running() == 1 && copies.iter().any(|copy| copy.state() == State::Running));
    assert_eq!(disk.jobs().len(), 20);
    let verdicts = disk.stop("it is full", GUARD);
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Stopped { .. })), "{verdicts:?}");
    let started = copies.iter().filter(|copy| copy.times().started.is_some());
    assert_eq!((verdicts.len(), started.count(), disk.jobs().len()), (20, 1, 0));
    assert!(other.join().is_ok());
}

#[test]
fn jobs_that_follow_each_other_and_are_stopped_together_are_each_stopped_by_the_caller() {
    let jobs = JobManager::new();
    let disk = jobs.group("disk");
    disk.pause();
    for first in 0..3 {
        let load = disk.spawn("load", || ()).unwrap();
        let fit = jobs.named("fit").after(&load).spawn(|| ()).unwrap();
        let tidy = jobs.named("tidy").after(After::ended(&fit)).spawn(|| ()).unwrap();
        let mut together = [load, fit, tidy];
        together.rotate_left(first);
        let verdicts = stop_all(&together, "enough", GUARD);
        assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Stopped { .. })), "{first}: {verdicts:?}");
        for job in &together {
            assert_eq!((job.stop_reason(), job.times().started), (Some("enough".into()), None), "{first}: {job}");
        }
    }
}
