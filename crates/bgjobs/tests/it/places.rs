//! The place of a body, as its own locators report it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bgjobs::{AnyJob, Context, Frame, JobManager, Place, Verdict};

use crate::gate::{GUARD, Gate, wait_until};

fn frame(function: &str, line: u32) -> Frame {
    Frame { function: Some(function.to_owned()), line: Some(line), ..Frame::default() }
}

fn place(job: &AnyJob) -> Option<String> {
    job.place().map(|place| place.to_string())
}

#[test]
fn a_body_is_asked_for_its_place_only_on_demand_and_only_while_it_runs() {
    let jobs = JobManager::new();
    let (at, gate) = (Gate::new(), Gate::new());
    let (up, pass) = (at.opener(), gate.pass());
    let asked = Arc::new(AtomicBool::new(false));
    let body = {
        let asked = Arc::clone(&asked);
        move |job: &Context| {
            job.checkpoint("starting")?;
            let context = job.clone();
            let _located = job.locate(move || {
                asked.store(true, Ordering::Relaxed);
                // This reference keeps the job alive only while the body runs.
                assert_eq!(context.id().get(), 0);
                Some(Place::new(vec![frame("main", 1), frame("fit", 3)]))
            });
            up.open();
            pass.wait();
            Ok(())
        }
    };
    let job = jobs.spawn_with("fit", body).unwrap();
    at.pass().wait();
    assert!(!asked.load(Ordering::Relaxed));
    assert_eq!(place(&job).as_deref(), Some("starting (line 3 of fit)"));
    assert!(asked.load(Ordering::Relaxed));
    assert_eq!(job.place().unwrap().frames.len(), 2);
    gate.open();
    job.join().unwrap();
    let place = job.place().unwrap();
    assert_eq!(&*place.text, "starting", "its own checkpoint stays");
}

#[test]
fn a_locator_that_panics_or_returns_none_is_ignored() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    for (name, locator) in
        [("panics", (|| panic!("nobody knows")) as fn() -> Option<Place>), ("does not know", || None)]
    {
        let pass = gate.pass();
        let body = move |job: &Context| {
            let _located = job.locate(locator);
            job.checkpoint("reading")?;
            pass.wait();
            Ok(())
        };
        let job = jobs.spawn_with(name, body).unwrap();
        wait_until("the job has a place", || job.place().is_some());
        assert!(place(&job).unwrap().starts_with("reading (line "), "{name}");
    }
}

#[test]
fn a_nested_locator_extends_the_outer_one_until_dropped() {
    let jobs = JobManager::new();
    let (at, gate, left, end) = (Gate::new(), Gate::new(), Gate::new(), Gate::new());
    let (up, pass, out, over) = (at.opener(), gate.pass(), left.opener(), end.pass());
    let body = move |job: &Context| {
        let _outer = job.locate(|| Some(Place { text: "calling".into(), ..Place::new(vec![frame("main", 1)]) }));
        let inner = job.locate(|| Some(Place::new(vec![frame("fit", 3)])));
        let _unknown = job.locate(|| None);
        up.open();
        pass.wait();
        drop(inner);
        out.open();
        over.wait();
        Ok(())
    };
    let job = jobs.spawn_with("fit", body).unwrap();
    at.pass().wait();
    assert_eq!(place(&job).as_deref(), Some("calling (line 3 of fit)"));
    gate.open();
    left.pass().wait();
    assert_eq!(place(&job).as_deref(), Some("calling (line 1 of main)"));
    end.open();
    job.join().unwrap();
    assert_eq!(job.place(), None);
}

#[test]
fn a_locator_may_ask_for_the_place_of_its_own_job() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let pass = gate.pass();
    let body = move |job: &Context| {
        let own = job.job().clone();
        let inside = AtomicBool::new(false);
        let _located = job.locate(move || {
            // If the engine held a lock here, this call would deadlock.
            if !inside.swap(true, Ordering::Relaxed) {
                return own.place();
            }
            Some(Place::new(vec![frame("inner", 2)]))
        });
        pass.wait();
        Ok(())
    };
    let job = jobs.spawn_with("asks", body).unwrap();
    wait_until("the locator answers", || place(&job).as_deref() == Some("line 2 of inner"));
}

#[test]
fn a_verdict_says_where_the_job_noticed_the_stop() {
    let jobs = JobManager::new();
    let (at, gate) = (Gate::new(), Gate::new());
    let (up, pass) = (at.opener(), gate.pass());
    let body = move |job: &Context| -> Result<(), bgjobs::Failure> {
        let _located =
            job.locate(|| Some(Place { text: "native function `sh`".into(), ..Place::new(vec![frame("f", 3)]) }));
        up.open();
        pass.wait();
        let stop = bgjobs::Failure::stopped("enough");
        Err(stop.with_frames(vec![frame("main", 1), frame("f", 4)]))
    };
    let job = jobs.spawn_with("f", body).unwrap();
    at.pass().wait();
    let verdict = job.stop("enough", std::time::Duration::ZERO);
    assert!(matches!(verdict, Verdict::StillRunning { .. }));
    let text = verdict.to_string();
    assert!(text.contains(" after the request, in native function `sh` (line 3 of f) for "), "{text}");
    gate.open_soon();
    let verdict = job.stop("enough", GUARD);
    let text = verdict.to_string();
    assert!(text.starts_with("stopped at line 4 of f after "), "{text}");
}

#[test]
fn a_job_that_stops_without_frames_is_placed_at_its_last_checkpoint() {
    let jobs = JobManager::new();
    let (at, gate) = (Gate::new(), Gate::new());
    let (up, pass) = (at.opener(), gate.pass());
    let body = move |job: &Context| -> Result<(), bgjobs::Failure> {
        job.checkpoint("reading")?;
        up.open();
        pass.wait();
        Err(bgjobs::Failure::stopped("enough"))
    };
    let job = jobs.spawn_with("read", body).unwrap();
    at.pass().wait();
    gate.open_soon();
    let text = job.stop("enough", GUARD).to_string();
    assert!(text.starts_with("stopped at reading (line ") && text.contains(&format!(" of {}", file!())), "{text}");
}

#[test]
fn a_verdict_tells_the_last_checkpoint_and_the_line_that_noticed_the_stop() {
    let jobs = JobManager::new();
    let (at, gate) = (Gate::new(), Gate::new());
    let (up, pass) = (at.opener(), gate.pass());
    let go_on = gate.opener();
    let body = move |job: &Context| -> Result<(), bgjobs::Failure> {
        job.checkpoint("parsing row 5")?;
        let _asked = job.on_stop(move || go_on.open());
        up.open();
        pass.wait();
        job.check()?;
        Ok(())
    };
    let job = jobs.spawn_with("parse", body).unwrap();
    at.pass().wait();
    let verdict = job.stop("enough", GUARD);
    let Verdict::Stopped { place: Some(place), .. } = &verdict else { panic!("{verdict:?}") };
    let line = place.frames.last().unwrap().line.unwrap();
    assert_eq!((&*place.text, line), ("parsing row 5", job.failure().unwrap().frames()[0].line.unwrap()));
    assert!(verdict.to_string().starts_with(&format!("stopped at parsing row 5 (line {line} of ")), "{verdict}");
    assert_eq!(job.place().unwrap().text, place.text, "the place of the job says the same");
}

#[test]
fn a_verdict_on_a_retried_job_tells_the_checkpoint_of_its_attempt() {
    let jobs = JobManager::new();
    let (at, gate) = (Gate::new(), Gate::new());
    let (up, pass) = (at.opener(), gate.pass());
    let go_on = std::sync::Arc::new(gate.opener());
    let body = move |job: &Context| -> Result<(), bgjobs::Failure> {
        job.checkpoint("asking")?;
        let go_on = std::sync::Arc::clone(&go_on);
        let _asked = job.on_stop(move || go_on.open());
        up.open();
        pass.wait();
        Ok(job.check()?)
    };
    let job = jobs.named("fetch").retry(3).spawn_with(body).unwrap();
    at.pass().wait();
    let verdict = job.stop("enough", GUARD).to_string();
    assert!(verdict.starts_with("stopped at asking (line "), "{verdict}");
    assert_eq!(job.attempts().len(), 1);
}
