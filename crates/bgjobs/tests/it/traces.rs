//! The events and spans that the engine sends to the `tracing` crate.

use std::{
    io,
    sync::{Mutex, Once},
    time::Duration,
};

use bgjobs::{Context, Failure, JobManager, Options, Retry};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::{
    child,
    gate::{GUARD, Gate},
    support::{in_group, on_fresh_thread},
};

/// The output of all tests in this process.
static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        assert!(!String::from_utf8_lossy(text).contains("unlucky"), "a subscriber of the host");
        OUTPUT.lock().unwrap().extend(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says to the parent process which spans are closed.
struct Closed;

impl io::Write for Closed {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if let Some((span, _)) = String::from_utf8_lossy(text).split_once(": close") {
            child::say(span.trim());
        }
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

/// The traced lines of the jobs with that name, without their durations.
fn traced(name: &str) -> Vec<String> {
    let text = String::from_utf8(OUTPUT.lock().unwrap().clone()).unwrap();
    let without_times = |line: &str| {
        let words = line.split(' ').filter(|word| !word.starts_with("waited=") && !word.starts_with("ran="));
        words.collect::<Vec<_>>().join(" ").trim().to_owned()
    };
    text.lines().filter(|line| line.contains(&format!("name={name}"))).map(without_times).collect()
}

#[test]
fn starts_stops_and_ends_are_traced_with_the_outcome() {
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
        traced("traced_done"),
        [
            "DEBUG bgjobs: job started id=0 name=traced_done",
            "DEBUG bgjobs: job ended id=0 name=traced_done outcome=\"done\"",
        ]
    );
    assert_eq!(
        traced("traced_failed")[1],
        " WARN bgjobs: job ended id=1 name=traced_failed outcome=\"failed\" why=no rows".trim()
    );
    assert_eq!(
        traced("traced_stopped"),
        [
            "DEBUG bgjobs: job started id=2 name=traced_stopped",
            "DEBUG bgjobs: job asked to stop id=2 name=traced_stopped reason=enough",
            "DEBUG bgjobs: job ended id=2 name=traced_stopped outcome=\"stopped\" why=enough",
        ]
    );
}

#[test]
fn hosted_jobs_and_jobs_that_never_start_are_traced_too() {
    listen();
    let jobs = JobManager::new();
    let hosted = jobs.named("traced_hosted").with(bgjobs::Options::default()).host().unwrap();
    hosted.begin().unwrap().end(Ok(()));
    assert_eq!(traced("traced_hosted").len(), 2);
    let unstarted = jobs.named("traced_unstarted").with(bgjobs::Options::default()).host().unwrap();
    unstarted.job().ask_stop("not needed");
    assert_eq!(
        traced("traced_unstarted"),
        [
            "DEBUG bgjobs: job asked to stop id=1 name=traced_unstarted reason=not needed",
            "DEBUG bgjobs: job ended id=1 name=traced_unstarted outcome=\"stopped\" why=not needed",
        ]
    );
}

#[test]
fn events_of_a_body_belong_to_the_span_of_its_job() {
    listen();
    let jobs = JobManager::new();
    jobs.spawn("traced_span", || tracing::info!("half way")).unwrap().join().unwrap();
    let line = " INFO job{id=0 name=traced_span}: it::traces: half way".trim();
    assert!(traced("traced_span").iter().any(|traced| traced == line), "{:?}", traced("traced_span"));
}

#[test]
fn a_job_belongs_to_the_span_that_it_was_started_in_whatever_it_runs_on() {
    listen();
    let jobs = JobManager::new();
    let request = tracing::info_span!("request", number = 7);
    let bodies: [(&str, Options); 3] = [
        ("traced_pooled", Options::default()),
        ("traced_alone", on_fresh_thread()),
        ("traced_queued", Options { delay: Some(Duration::ZERO), ..in_group("disk") }),
    ];
    for (id, (name, options)) in bodies.into_iter().enumerate() {
        let job = request.in_scope(|| jobs.named(name).with(options).spawn(|| tracing::info!("half way")).unwrap());
        job.join().unwrap();
        assert_eq!(
            traced(name),
            [
                format!("DEBUG request{{number=7}}: bgjobs: job started id={id} name={name}"),
                format!("INFO request{{number=7}}:job{{id={id} name={name}}}: it::traces: half way"),
                format!("DEBUG request{{number=7}}: bgjobs: job ended id={id} name={name} outcome=\"done\""),
            ]
        );
    }
}

#[test]
fn the_attempts_of_a_retry_and_the_events_of_a_hosted_job_belong_to_the_span_of_their_start() {
    listen();
    let jobs = JobManager::new();
    let request = tracing::info_span!("request", number = 8).entered();
    let retry = Retry { attempts: 2, backoff: Duration::ZERO, ..Retry::default() };
    let body = |_: &Context| {
        tracing::info!("trying");
        Err::<(), _>(Failure::new("no answer"))
    };
    let job = jobs.named("traced_retried").retry(retry).spawn_with(body).unwrap();
    let hosted = jobs.named("traced_guest").host().unwrap();
    drop(request);
    job.wait().unwrap();
    hosted.begin().unwrap().end(Ok(()));
    let attempt = "INFO request{number=8}:job{id=0 name=traced_retried}: it::traces: trying";
    assert_eq!(traced("traced_retried").iter().filter(|line| *line == attempt).count(), 2);
    let of_guest = traced("traced_guest");
    assert_eq!(of_guest.len(), 2);
    assert!(of_guest.iter().all(|line| line.starts_with("DEBUG request{number=8}: bgjobs: job ")), "{of_guest:?}");
}

#[test]
fn a_job_keeps_the_span_of_its_start_open_until_its_end() {
    let scenario = || {
        let (jobs, gate) = (JobManager::new(), Gate::new());
        tracing_subscriber::fmt()
            .with_writer(|| Closed)
            .with_ansi(false)
            .without_time()
            .with_span_events(FmtSpan::CLOSE)
            .init();
        let job = tracing::info_span!("request").in_scope(|| jobs.spawn("held", gate.hold(())).unwrap());
        child::say("the span was dropped");
        gate.open();
        job.join().unwrap();
        child::say("the job has ended");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(
        0,
        &[
            "the span was dropped",
            "INFO request:job{id=0 name=held}: bgjobs",
            "INFO request: it::traces",
            "the job has ended",
        ],
    );
}

#[test]
fn a_subscriber_that_panics_at_each_step_of_a_span_harms_no_job() {
    let scenario = || {
        tracing_subscriber::fmt().with_writer(|| Writer).with_span_events(FmtSpan::FULL).init();
        let jobs = JobManager::new();
        assert_eq!(jobs.spawn("unlucky", || 2).unwrap().join_timeout(GUARD).unwrap(), &2);
        let failed = jobs.spawn("unlucky", || panic!("of the job")).unwrap();
        failed.wait_timeout(GUARD).unwrap();
        assert_eq!(failed.failure().unwrap().message(), "of the job");
        child::say("fine");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["fine"]);
}

#[test]
fn a_panicking_tracing_subscriber_harms_no_job() {
    listen();
    let jobs = JobManager::new();
    assert_eq!(jobs.spawn("unlucky", || 2).unwrap().join_timeout(GUARD).unwrap(), &2);
    assert_eq!(jobs.spawn("next", || 3).unwrap().join_timeout(GUARD).unwrap(), &3);
}
