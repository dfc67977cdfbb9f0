//! The events and spans that the engine sends to the crate `tracing`.

use std::{
    io,
    sync::{Mutex, Once},
    time::Duration,
};

use bgjobs::{Context, Failure, JobManager};

use crate::gate::GUARD;

/// All that was told, by all tests of this process.
static TOLD: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        assert!(!String::from_utf8_lossy(text).contains("unlucky"), "a subscriber of the host");
        TOLD.lock().unwrap().extend(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn listen() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing_subscriber::fmt()
            .with_writer(|| Writer)
            .with_ansi(false)
            .without_time()
            .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
            .init();
    });
}

/// What was told of the jobs of that name, without how long they took.
fn told(name: &str) -> Vec<String> {
    let text = String::from_utf8(TOLD.lock().unwrap().clone()).unwrap();
    let without_times = |line: &str| {
        let words = line.split(' ').filter(|word| !word.starts_with("waited=") && !word.starts_with("ran="));
        words.collect::<Vec<_>>().join(" ").trim().to_owned()
    };
    text.lines().filter(|line| line.contains(&format!("name={name}"))).map(without_times).collect()
}

#[test]
fn start_stop_and_end_are_told_with_the_outcome() {
    listen();
    let jobs = JobManager::new();
    jobs.spawn("traced_done", || ()).unwrap().join().unwrap();
    let failed = jobs.try_spawn("traced_failed", || Err::<(), _>(Failure::new("no rows"))).unwrap();
    failed.wait().unwrap();
    let (up, is_up) = std::sync::mpsc::channel();
    let sleep = move |job: &Context| {
        up.send(()).unwrap();
        Ok(job.sleep(Duration::MAX)?)
    };
    let stopped = jobs.spawn_with("traced_stopped", sleep).unwrap();
    is_up.recv().unwrap();
    stopped.stop("enough", GUARD);
    assert_eq!(
        told("traced_done"),
        [
            "DEBUG bgjobs: job started id=0 name=traced_done",
            "DEBUG bgjobs: job ended id=0 name=traced_done outcome=\"done\"",
        ]
    );
    assert_eq!(
        told("traced_failed")[1],
        " WARN bgjobs: job ended id=1 name=traced_failed outcome=\"failed\" why=no rows".trim()
    );
    assert_eq!(
        told("traced_stopped"),
        [
            "DEBUG bgjobs: job started id=2 name=traced_stopped",
            "DEBUG bgjobs: job asked to stop id=2 name=traced_stopped reason=enough",
            "DEBUG bgjobs: job ended id=2 name=traced_stopped outcome=\"stopped\" why=enough",
        ]
    );
}

#[test]
fn a_hosted_job_and_one_that_never_starts_are_told_too() {
    listen();
    let jobs = JobManager::new();
    let hosted = jobs.with(bgjobs::Options::default()).host("traced_hosted").unwrap();
    hosted.begin().unwrap().end(Ok(()));
    assert_eq!(told("traced_hosted").len(), 2);
    let unstarted = jobs.with(bgjobs::Options::default()).host("traced_unstarted").unwrap();
    unstarted.job().ask_stop("not needed");
    assert_eq!(
        told("traced_unstarted"),
        [
            "DEBUG bgjobs: job asked to stop id=1 name=traced_unstarted reason=not needed",
            "DEBUG bgjobs: job ended id=1 name=traced_unstarted outcome=\"stopped\" why=not needed",
        ]
    );
}

#[test]
fn what_a_body_tells_belongs_to_its_job() {
    listen();
    let jobs = JobManager::new();
    jobs.spawn("traced_span", || tracing::info!("half way")).unwrap().join().unwrap();
    let line = " INFO job{id=0 name=traced_span}: it::traces: half way".trim();
    assert!(told("traced_span").iter().any(|told| told == line), "{:?}", told("traced_span"));
}

#[test]
fn a_subscriber_that_panics_harms_no_job() {
    listen();
    let jobs = JobManager::new();
    assert_eq!(jobs.spawn("unlucky", || 2).unwrap().join_timeout(GUARD).unwrap(), &2);
    assert_eq!(jobs.spawn("next", || 3).unwrap().join_timeout(GUARD).unwrap(), &3);
}
