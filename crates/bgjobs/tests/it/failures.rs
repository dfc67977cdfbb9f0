//! Panics and errors of bodies, and their tracebacks.

use std::{error::Error, fmt, time::Duration};

use bgjobs::{
    AnyJob, Context, Failure, FailureError, FailureKind, Handle, Job, JobManager, JoinError, Outcome, State, Verdict,
};

use crate::{gate::GUARD, support::on_fresh_thread};

/// Runs a body to its end and returns why it failed.
fn failure_of<T: Send + Sync + 'static>(body: impl FnOnce() -> T + Send + 'static) -> Failure {
    let jobs = JobManager::new();
    let job = jobs.spawn("die", body).unwrap();
    job.wait().unwrap();
    job.failure().expect("the body fails")
}

#[test]
fn a_panic_is_reported_with_its_message_and_location() {
    let line = line!() + 1;
    let failure = failure_of(|| -> u8 { panic!("no rows") });
    assert_eq!((failure.kind(), failure.message()), (FailureKind::Panic, "no rows"));
    let text = failure.traceback().to_string();
    let last = format!("\npanicked at {}:{line}:41: no rows", file!());
    assert!(text.starts_with("Traceback (most recent call last):\n") && text.ends_with(&last), "{text}");

    let n = std::hint::black_box(7);
    assert_eq!(failure_of(move || -> u8 { panic!("row {n}") }).message(), "row 7");
    assert_eq!(failure_of(move || [1, 2][n]).message(), "index out of bounds: the len is 2 but the index is 7");
    assert_eq!(failure_of(|| std::panic::panic_any(7_u8)).message(), "a value that is not text");
}

#[test]
fn a_panic_payload_can_be_taken_once() {
    let failure = failure_of(|| std::panic::panic_any(7_u8));
    assert_eq!(failure.clone().take_payload().unwrap().downcast_ref::<u8>(), Some(&7));
    assert!(failure.take_payload().is_none());
    assert!(failure.error().is_none());
}

#[inline(never)]
fn outer(n: u32) -> u32 {
    std::hint::black_box(middle(std::hint::black_box(n)) + 1)
}

#[inline(never)]
fn middle(n: u32) -> u32 {
    std::hint::black_box(inner(std::hint::black_box(n)) + 1)
}

#[inline(never)]
fn inner(n: u32) -> u32 {
    let rows: [u32; 3] = [1, 2, 3];
    // The frames of the standard library between this call and the panic are left out.
    rows.get(n as usize).copied().expect("a row")
}

/// The functions of the frames, outermost first, without their paths: an optimised program reports no more.
fn functions(failure: &Failure) -> Vec<String> {
    let own =
        |name: &str| if name.contains("closure") { "closure" } else { name.rsplit("::").next().unwrap() }.to_owned();
    failure.frames().iter().map(|frame| own(frame.function.as_deref().unwrap())).collect()
}

const CALLS: [&str; 3] = ["outer", "middle", "inner"];

#[test]
fn frames_run_from_the_body_to_the_panic_and_leave_out_the_machinery() {
    let failure = failure_of(|| outer(7));
    assert_eq!(functions(&failure), ["closure", "outer", "middle", "inner"]);
    for frame in failure.frames() {
        assert!(frame.source.as_deref().unwrap().ends_with("tests/it/failures.rs"), "{frame}");
        assert!(frame.line.is_some());
    }
    let text = failure.traceback().to_string();
    assert!(text.contains("tests/it/failures.rs, line ") && text.contains("outer\n"), "{text}");
}

#[test]
fn no_way_to_start_a_job_shows_the_engine_in_the_frames() {
    type Start = fn(&Handle) -> AnyJob;
    struct CustomBody;
    impl bgjobs::Body for CustomBody {
        type Output = u32;

        fn name(&self) -> bgjobs::Name {
            "custom".into()
        }

        fn call(self, _: &bgjobs::Context) -> Result<u32, Failure> {
            Ok(outer(7))
        }
    }
    fn on_own_thread(jobs: &Handle) -> Job<u32> {
        jobs.named("fresh thread").with(on_fresh_thread()).spawn(|| outer(7)).unwrap()
    }
    let starts: [Start; 4] = [
        |jobs| jobs.try_spawn("try", || Ok::<_, Failure>(outer(7))).unwrap().into(),
        |jobs| jobs.spawn_with("with", |_| Ok(outer(7))).unwrap().into(),
        |jobs| jobs.start(CustomBody).unwrap().into(),
        |jobs| on_own_thread(jobs).into(),
    ];
    let jobs = JobManager::new();
    for start in starts {
        let job = start(&jobs);
        job.wait().unwrap();
        let failure = job.failure().unwrap();
        let all_own =
            failure.frames().iter().all(|frame| frame.source.as_ref().unwrap().ends_with("tests/it/failures.rs"));
        assert!(all_own, "{}", failure.traceback());
        assert!(functions(&failure)[1..] == CALLS, "{}", failure.traceback());
    }
}

#[derive(Debug)]
struct Layer(&'static str, Option<Box<dyn Error + Send + Sync>>);

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Layer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|error| error as _)
    }
}

#[test]
fn a_caret_is_aligned_with_its_column_whatever_precedes_it() {
    let shown = |text: &str, column| {
        let frame = bgjobs::Frame { text: Some(text.to_owned()), column: Some(column), ..bgjobs::Frame::default() };
        let failure = Failure::new("wrong").with_frames(vec![frame]).traceback().to_string();
        failure.lines().skip(2).take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(shown("  ab + c", 8), ["    ab + c", "         ^"]);
    assert_eq!(shown("\"日本\" + c", 8), ["    \"日本\" + c", "             ^"]);
    assert_eq!(shown("a\u{7}b", 3), ["    a\\u{7}b", "          ^"]);
    assert_eq!(shown("ab", 9), ["    ab", "      ^"]);
}

#[test]
fn a_traceback_of_a_deep_recursion_omits_the_middle() {
    let frame = |line| bgjobs::Frame { source: Some("deep".to_owned()), line: Some(line), ..bgjobs::Frame::default() };
    let shown = |count| {
        let failure = Failure::new("too deep").with_frames((1..=count).map(frame).collect());
        assert_eq!(failure.frames().len(), count as usize);
        failure.traceback().to_string()
    };
    assert_eq!(shown(32).lines().count(), 1 + 32 + 1);
    let text = shown(1_000);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 16 + 1 + 16 + 1);
    assert_eq!(lines[16..19], ["  deep, line 16", "  ... 968 more ...", "  deep, line 985"]);
}

#[test]
fn an_error_retains_its_chain_of_sources() {
    let jobs = JobManager::new();
    let job = jobs
        .try_spawn("load", || {
            let cause = Layer("no such file", None);
            Err::<(), _>(Layer("can't load", Some(Layer("can't\nopen \u{1b}[2J", Some(cause.into())).into())))
        })
        .unwrap();
    let error = job.join().unwrap_err();
    let failure = job.failure().unwrap();
    assert_eq!((failure.kind(), failure.message()), (FailureKind::Error, "can't load"));
    assert_eq!(format!("{failure}"), "can't load");
    assert_eq!(format!("{failure:#}"), "can't load: can't\nopen \\u{1b}[2J: no such file");
    assert_eq!(
        failure.traceback().to_string(),
        "can't load\ncaused by: can't\nopen \\u{1b}[2J\ncaused by: no such file"
    );
    assert!(failure.error().unwrap().downcast_ref::<Layer>().unwrap().source().is_some());
    assert!(failure.take_payload().is_none());
    // An error of a join that is propagated with `?` has the chain too, and repeats no text.
    assert!(matches!(error, JoinError::Failed { .. }));
    assert_eq!(error.to_string(), "job #0 `load` failed");
    assert_eq!(format!("{error:#}"), "job #0 `load` failed: can't load: can't\nopen \\u{1b}[2J: no such file");
    assert_eq!(error.source().unwrap().to_string(), "can't load");
}

#[test]
fn an_error_propagated_by_a_body_shows_where() {
    let jobs = JobManager::new();
    let line = line!() + 1;
    let job = jobs.spawn_with("parse", |_| Ok("seven".parse::<u32>()?)).unwrap();
    job.wait().unwrap();
    let expected =
        format!("Traceback (most recent call last):\n  {}, line {line}\ninvalid digit found in string", file!());
    assert_eq!(job.failure().unwrap().traceback().to_string(), expected);
}

#[test]
fn a_panic_caught_by_the_body_leaves_no_trace_in_a_later_failure() {
    let caught = || assert!(std::panic::catch_unwind(|| panic!("caught")).is_err());
    let jobs = JobManager::new();
    let fine = jobs.spawn("fine", move || (caught(), 1).1).unwrap();
    assert_eq!(fine.join().unwrap(), &1);
    let failure = failure_of(move || -> u8 {
        caught();
        std::panic::resume_unwind(Box::new("thrown"))
    });
    assert_eq!(failure.traceback().to_string(), "panicked: thrown");
    let failure = failure_of(move || -> u8 {
        drop(std::panic::catch_unwind(|| std::panic::panic_any(1_u8)));
        std::panic::resume_unwind(Box::new(2_u16))
    });
    assert_eq!(failure.traceback().to_string(), "panicked: a value that is not text");
    let failure = failure_of(move || -> u8 {
        for _ in 0..20 {
            caught();
        }
        outer(7);
        0
    });
    assert_eq!(failure.message(), "a row");
    assert!(functions(&failure).iter().map(String::as_str).collect::<Vec<_>>().ends_with(&CALLS));
}

#[test]
fn a_caught_panic_that_is_resumed_keeps_its_frames() {
    let failure = failure_of(|| -> u8 {
        let payload = std::panic::catch_unwind(|| outer(7)).unwrap_err();
        drop(std::panic::catch_unwind(|| panic!("another")));
        std::panic::resume_unwind(payload)
    });
    assert!(functions(&failure).contains(&"inner".to_owned()));
}

#[test]
fn tracebacks_escape_terminal_control_characters() {
    let failure = failure_of(|| -> u8 { panic!("a\tb\nc\u{1b}[2J\r\u{202e}") });
    assert!(failure.traceback().to_string().ends_with(": a\tb\nc\\u{1b}[2J\\r\\u{202e}"));
    assert_eq!(failure.message(), "a\tb\nc\u{1b}[2J\r\u{202e}");
    assert_eq!(format!("{failure}"), "a\tb\nc\\u{1b}[2J\\r\\u{202e}");
}

#[test]
fn a_stop_wrapped_in_another_error_is_a_stop() {
    let jobs = JobManager::new();
    let body = |job: &Context| -> Result<(), Failure> {
        job.job().ask_stop("enough");
        Ok(job.check().map_err(|stopped| Layer("can't load", Some(stopped.into())))?)
    };
    let job = jobs.spawn_with("stop", body).unwrap();
    job.wait().unwrap();
    assert_eq!(job.state(), State::Finished(Outcome::Stopped));
    let failure = job.failure().unwrap();
    assert_eq!((failure.kind(), failure.message()), (FailureKind::Stop, "enough"));
    assert!(failure.error().unwrap().is::<Layer>());
    assert!(failure.traceback().to_string().ends_with("\nstopped: enough"));
}

#[test]
fn joining_a_stopped_job_with_a_question_mark_is_a_failure_not_a_stop() {
    let jobs = JobManager::new();
    let other = jobs.try_spawn("stop", || Err::<(), _>(Failure::stopped("enough"))).unwrap();
    let joiner = jobs.spawn_with("join", move |_| Ok(other.join().copied()?)).unwrap();
    joiner.wait().unwrap();
    assert_eq!(joiner.state(), State::Finished(Outcome::Failed));
    assert_eq!(joiner.failure().unwrap().message(), "job #0 `stop` was stopped: enough");
}

/// A body as people write it with `anyhow`.
fn with_anyhow(job: &Context) -> anyhow::Result<Vec<u8>> {
    use anyhow::Context;
    job.check()?;
    std::fs::read("no such file").context("can't load the rows")
}

/// The same with `eyre`.
fn with_eyre(job: &Context) -> eyre::Result<Vec<u8>> {
    use eyre::WrapErr;
    job.check()?;
    std::fs::read("no such file").wrap_err("can't load the rows")
}

#[test]
fn bodies_return_errors_of_anyhow_and_eyre_with_their_causes() {
    let jobs = JobManager::new();
    let bodies = [
        jobs.spawn_with("anyhow", |job| with_anyhow(job).map_err(Failure::from_error)),
        jobs.spawn_with("eyre", |job| with_eyre(job).map_err(Failure::from_error)),
        jobs.try_spawn("anyhow", || anyhow::Context::context(std::fs::read("no such file"), "can't load the rows")),
        jobs.try_spawn("eyre", || eyre::WrapErr::wrap_err(std::fs::read("no such file"), "can't load the rows")),
    ];
    for job in bodies {
        let error = job.unwrap().join().unwrap_err();
        let JoinError::Failed { failure, .. } = &error else { panic!("{error}") };
        assert_eq!(failure.message(), "can't load the rows");
        let mut causes = std::iter::successors(error.source(), |&error| error.source());
        assert!(causes.any(<dyn Error>::is::<std::io::Error>), "{error:#}");
        assert!(
            format!("{error:#}").ends_with("can't load the rows: No such file or directory (os error 2)"),
            "{error:#}"
        );
    }
}

#[test]
fn a_stop_stays_a_stop_inside_errors_of_anyhow_and_eyre() {
    type Body = fn(&Context) -> Result<(), Failure>;
    let jobs = JobManager::new();
    let bodies: [Body; 4] = [
        |job| Err(Failure::from_error(anyhow::Error::from(job.sleep(Duration::MAX).unwrap_err()))),
        |job| Err(Failure::from_error(anyhow::Error::from(job.sleep(Duration::MAX).unwrap_err()).context("in a file"))),
        |job| Err(Failure::from_error(eyre::Report::from(job.sleep(Duration::MAX).unwrap_err()))),
        |job| Err(Failure::from_error(eyre::Report::from(job.sleep(Duration::MAX).unwrap_err()).wrap_err("in a file"))),
    ];
    for body in bodies {
        let job = jobs.spawn_with("sleeps", body).unwrap();
        assert!(matches!(job.stop("enough", GUARD), Verdict::Stopped { .. }));
        assert_eq!(job.failure().unwrap().message(), "enough");
    }
}

#[test]
fn anything_that_boxes_as_an_error_is_an_error_of_a_body() {
    let jobs = JobManager::new();
    let boxed = || -> Result<(), Box<dyn Error + Send + Sync>> { Err("boxed".into()) };
    let own = Failure::new("own");
    let all = [
        jobs.try_spawn("text", || Err::<(), _>("text")),
        jobs.try_spawn("string", || Err::<(), _>("string".to_owned())),
        jobs.try_spawn("boxed", boxed),
        jobs.try_spawn("own", || Err::<(), _>(own)),
        jobs.try_spawn("error", || "error".parse::<u32>().map(drop)),
    ];
    let messages = all.map(|job| {
        let job = job.unwrap();
        job.wait().unwrap();
        job.failure().unwrap().message().to_owned()
    });
    assert_eq!(messages, ["text", "string", "boxed", "own", "invalid digit found in string"]);
}

#[test]
fn a_failure_passes_through_other_error_types_and_back() {
    let cause = std::io::Error::other("no rows");
    let failure = Failure::from(cause);
    let frames = failure.frames().to_vec();
    let through_anyhow = || -> anyhow::Result<()> { Err(failure.clone().into_error())? };
    let error = through_anyhow().unwrap_err();
    assert_eq!(format!("{error:#}"), "the body failed: no rows");
    assert_eq!(error.downcast_ref::<FailureError>().unwrap().failure().message(), "no rows");
    let through_box = || -> Result<(), Box<dyn Error + Send + Sync>> { Err(failure.clone())? };
    let back = Failure::from_error(through_box().unwrap_err());
    assert_eq!((back.message(), back.frames()), ("no rows", &*frames));
    assert!(back.error().unwrap().is::<std::io::Error>());
    let panicked = JobManager::new().spawn("panics", || panic!("no rows")).unwrap();
    let panicked: bgjobs::Job<()> = panicked;
    panicked.wait().unwrap();
    let error = panicked.failure().unwrap().into_error();
    assert_eq!((error.to_string(), error.source().is_some()), ("no rows".to_owned(), false));
}

#[test]
fn main_prints_a_traceback_also_from_a_box_but_the_causes_from_anyhow_and_eyre() {
    let jobs = JobManager::new();
    let load = jobs.spawn_with("load", |_| Ok(std::fs::read("no such file")?)).unwrap();
    let error = load.join().unwrap_err();
    let boxed: Box<dyn Error> = error.clone().into();
    assert!(format!("{boxed:?}").contains("\nTraceback (most recent call last):\n"), "{boxed:?}");
    let [anyhow, eyre] =
        [format!("{:?}", anyhow::Error::from(error.clone())), format!("{:?}", eyre::Report::new(error))];
    for report in [anyhow, eyre] {
        assert!(report.starts_with("job #0 `load` failed\n\nCaused by:\n    No such file or directory"), "{report}");
        assert!(!report.contains("Traceback"), "{report}");
    }
}

#[test]
fn every_error_reads_as_a_sentence_when_main_returns_it() {
    let jobs = JobManager::new();
    jobs.try_spawn("load", || Err::<(), _>(Layer("can't load", Some(Layer("no rows", None).into())))).unwrap();
    let job = jobs.get(0).unwrap().downcast::<()>().unwrap();
    let traceback = "can't load\ncaused by: no rows";
    assert_eq!(
        format!("{:?}", job.join().unwrap_err()),
        format!("job #0 `load` failed: can't load: no rows\n{traceback}")
    );
    let text = format!("{:?}", jobs.result::<()>(0).unwrap_err());
    assert!(text.starts_with("<BackgroundJob died,") && text.ends_with(traceback), "{text}");
    assert_eq!(format!("{:?}", jobs.get(7).unwrap_err()), "Job #7 not found; the newest job is #0");
    assert_eq!(format!("{:?}", jobs.group("io").set_limit(0).unwrap_err()).split(' ').next(), Some("with"));
    assert_eq!(
        format!("{:?}", "four".parse::<bgjobs::JobId>().unwrap_err()),
        "`four` is not a job number; write 4 or #4"
    );
    jobs.shutdown().unwrap();
    let error = jobs.spawn("late", || ()).unwrap_err();
    assert!(format!("{error:?}").starts_with("the manager was shut down; "));
}
