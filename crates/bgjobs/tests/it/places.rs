//! Where a body is, by its own way to tell.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bgjobs::{AnyJob, Context, Frame, JobManager, Place, Verdict};

use crate::gate::{GUARD, Gate, wait_until};

fn frame(function: &str, line: u32) -> Frame {
    Frame { function: Some(function.to_owned()), line: Some(line), ..Frame::default() }
}

fn told(job: &AnyJob) -> Option<String> {
    job.place().map(|place| place.to_string())
}

#[test]
fn a_body_is_asked_where_it_is_only_when_somebody_wants_to_know_and_until_it_ends() {
    let jobs = JobManager::new();
    let (at, gate) = (Gate::new(), Gate::new());
    let (up, pass) = (at.opener(), gate.pass());
    let asked = Arc::new(AtomicBool::new(false));
    let body = {
        let asked = Arc::clone(&asked);
        move |job: &Context| {
            job.checkpoint("starting")?;
            let kept = job.clone();
            let _located = job.locate(move || {
                asked.store(true, Ordering::Relaxed);
                // Only as long as the body runs does this keep the job alive.
                assert_eq!(kept.id().get(), 0);
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
    assert_eq!(told(&job).as_deref(), Some("line 3 of fit"));
    assert!(asked.load(Ordering::Relaxed));
    assert_eq!(job.place().unwrap().frames.len(), 2);
    gate.open();
    job.join().unwrap();
    let place = job.place().unwrap();
    assert_eq!(&*place.text, "starting", "what it said itself stays");
}

#[test]
fn a_way_to_tell_that_panics_or_does_not_know_is_as_none() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    for (name, provider) in
        [("panics", (|| panic!("nobody knows")) as fn() -> Option<Place>), ("does not know", || None)]
    {
        let pass = gate.pass();
        let body = move |job: &Context| {
            let _located = job.locate(provider);
            job.checkpoint("reading")?;
            pass.wait();
            Ok(())
        };
        let job = jobs.spawn_with(name, body).unwrap();
        wait_until("it says where it is", || job.place().is_some());
        assert!(told(&job).unwrap().starts_with("reading (line "), "{name}");
    }
}

#[test]
fn a_way_to_tell_inside_another_adds_to_it_until_it_is_dropped() {
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
    assert_eq!(told(&job).as_deref(), Some("calling (line 3 of fit)"));
    gate.open();
    left.pass().wait();
    assert_eq!(told(&job).as_deref(), Some("calling (line 1 of main)"));
    end.open();
    job.join().unwrap();
    assert_eq!(job.place(), None);
}

#[test]
fn the_calls_that_a_body_is_in_may_ask_for_its_place_again() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let pass = gate.pass();
    let body = move |job: &Context| {
        let own = job.job().clone();
        let inside = AtomicBool::new(false);
        let _located = job.locate(move || {
            // A lock that is held here would never be had again.
            if !inside.swap(true, Ordering::Relaxed) {
                return own.place();
            }
            Some(Place::new(vec![frame("inner", 2)]))
        });
        pass.wait();
        Ok(())
    };
    let job = jobs.spawn_with("asks", body).unwrap();
    wait_until("it can tell", || told(&job).as_deref() == Some("line 2 of inner"));
}

#[test]
fn a_verdict_tells_where_the_job_was_when_it_heard() {
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
fn a_job_that_stops_without_frames_was_at_its_last_checkpoint() {
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
    assert!(text.starts_with("stopped at reading (line ") && text.contains(" of crates"), "{text}");
}
