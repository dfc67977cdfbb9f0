//! Summaries: everything known about a job, as data.

use std::time::{Duration, SystemTime};

use bgjobs::{Failure, JobManager, Outcome, State};

#[cfg(feature = "serde")]
use bgjobs::Retry;

use crate::gate::{Gate, wait_until};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_running_job_reports_its_progress_and_the_remaining_time() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let pass = gate.pass();
    let before = SystemTime::now();
    let job = jobs.spawn_with("load", move |job| {
        job.print("one\ntwo");
        job.progress(1, 4);
        let _ = job.checkpoint("parsing");
        pass.wait();
        Ok(())
    });
    let job = job.unwrap();
    wait_until("the job has a place", || job.place().is_some());
    let summary = job.summary();
    assert_eq!((summary.id, &*summary.name, summary.daemon), (0.into(), "load", false));
    assert_eq!((summary.state, summary.finished), (State::Running, None));
    assert!(before - SECOND < summary.created && summary.created <= summary.started.unwrap());
    assert_eq!((summary.lines, summary.place.as_deref()), (2, Some("parsing")));
    assert_eq!(summary.progress.unwrap().total, Some(4));
    // A quarter is done, so three times the time so far remains; the clock has moved on in between.
    assert!(summary.remaining.unwrap() >= 3 * summary.ran.unwrap());
    assert!(summary.failure.is_none() && summary.stop_reason.is_none());
    gate.open();
    job.wait().unwrap();
    assert_eq!(job.summary().remaining, None, "nothing is left");
}

#[test]
fn a_dead_job_says_why_it_died() {
    let jobs = JobManager::new();
    let failed = jobs.try_spawn("load", || Err::<(), _>(Failure::new("no rows"))).unwrap();
    let stopped = jobs.spawn_with("watch", |job| Ok(job.sleep(Duration::MAX)?)).unwrap();
    stopped.stop("enough", crate::gate::GUARD);
    failed.wait().unwrap();
    let summary = failed.summary();
    assert_eq!(summary.state, State::Finished(Outcome::Failed));
    assert_eq!(summary.failure.unwrap().message(), "no rows");
    let summary = stopped.summary();
    assert_eq!(summary.state, State::Finished(Outcome::Stopped));
    assert_eq!(summary.stop_reason, Some("enough".into()));
    assert!(summary.finished.unwrap() <= SystemTime::now() + SECOND);
}

#[test]
fn a_job_counts_the_lines_it_printed() {
    let jobs = JobManager::new();
    let job = jobs.spawn_with("print", |job| {
        job.print("one");
        Ok(())
    });
    let job = job.unwrap();
    job.wait().unwrap();
    assert_eq!(job.printed(), 1);
    let silent = jobs.spawn("silent", || ()).unwrap();
    assert_eq!(silent.printed(), 0);
}

#[cfg(feature = "serde")]
#[test]
fn a_summary_is_serialized_with_its_field_names() {
    use serde_json::{Value, json};

    let jobs = JobManager::new();
    let done = jobs.spawn_with("fit \u{1b}", |job| {
        job.print("one");
        job.progress(2, 4);
        job.say("fitting");
        Ok(())
    });
    done.unwrap().wait().unwrap();
    let cause = std::io::Error::new(std::io::ErrorKind::NotFound, "no such table");
    let frame = bgjobs::Frame { source: Some("In[3]".into()), line: Some(2), ..bgjobs::Frame::default() };
    let failure = Failure::from_error(Outer(cause)).with_frames(vec![frame]);
    jobs.try_spawn("load", move || Err::<(), _>(failure)).unwrap().wait().unwrap();

    let mut seen: Vec<_> = jobs.all().iter().map(|job| serde_json::to_value(job.summary()).unwrap()).collect();
    for summary in &mut seen {
        // Times differ from run to run; only their form is checked.
        for time in ["created", "started", "finished"] {
            let text = summary[time].take();
            let text = text.as_str().unwrap();
            assert!(text.len() == "2026-03-01T14:03:21.250000Z".len() && text.ends_with('Z'), "{text}");
        }
        assert!(summary["ran"].take().as_f64().unwrap() < 60.0);
    }
    let expected = json!([
        {
            "id": 0, "name": "fit \u{1b}", "daemon": false, "state": "done",
            "created": null, "started": null, "finished": null, "ran": null, "cpu": null,
            "progress": { "done": 2, "total": 4, "text": "fitting" }, "remaining": null, "place": null,
            "group": null, "why": [], "attempts": [], "stop_reason": null, "failure": null, "lines": 1,
        },
        {
            "id": 1, "name": "load", "daemon": false, "state": "failed",
            "created": null, "started": null, "finished": null, "ran": null, "cpu": null,
            "progress": null, "remaining": null, "place": null,
            "group": null, "why": [], "attempts": [], "stop_reason": null,
            "failure": {
                "kind": "error", "message": "outer", "causes": ["no such table"],
                "frames": [{ "function": null, "source": "In[3]", "line": 2, "column": null, "text": null }],
            },
            "lines": 0,
        },
    ]);
    assert_eq!(Value::Array(seen), expected);

    let mut line = serde_json::to_value(&jobs.get(0).unwrap().log().tail(1)[0]).unwrap();
    assert!(line["time"].take().as_str().unwrap().ends_with('Z'));
    assert_eq!(line, json!({ "time": null, "stream": "out", "text": "one", "continues": false }));
}

#[cfg(feature = "serde")]
#[test]
fn each_state_is_serialized_as_one_word() {
    let states = [State::Created, State::Queued, State::Running, State::Stopping];
    let ends = [Outcome::Done, Outcome::Failed, Outcome::Stopped].map(State::Finished);
    let words = serde_json::to_string(&(states, ends)).unwrap();
    assert_eq!(words, r#"[["created","queued","running","stopping"],["done","failed","stopped"]]"#);
}

#[cfg(feature = "serde")]
#[test]
fn reasons_to_wait_are_serialized_as_text_and_attempts_one_by_one() {
    let jobs = JobManager::new();
    let disk = jobs.group("disk");
    disk.pause();
    let waiting = jobs.named("copy").with(crate::support::in_group("disk")).spawn(|| ()).unwrap();
    let summary = serde_json::to_value(waiting.summary()).unwrap();
    assert_eq!((&summary["group"], &summary["state"]), (&"disk".into(), &"queued".into()));
    assert_eq!(summary["why"], serde_json::json!(["group disk is paused; resume it"]));
    disk.resume();

    let retry = Retry { attempts: 2, backoff: Duration::ZERO, ..Retry::default() };
    let fails = |_: &bgjobs::Context| Err::<(), _>(Failure::new("no rows"));
    let failed = jobs.named("load").retry(retry).spawn_with(fails).unwrap();
    failed.wait().unwrap();
    let attempts = &serde_json::to_value(failed.summary()).unwrap()["attempts"];
    assert_eq!((&attempts[1]["number"], &attempts[1]["failure"]["message"]), (&2.into(), &"no rows".into()));
    assert!(attempts[0]["ended"].as_str() <= attempts[1]["started"].as_str());
}

/// An error with a cause.
#[cfg(feature = "serde")]
#[derive(Debug)]
struct Outer(std::io::Error);

#[cfg(feature = "serde")]
impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("outer")
    }
}

#[cfg(feature = "serde")]
impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
