//! The texts of the original, matched to the character.

use bgjobs::{Failure, JobManager};

use crate::gate::Gate;

/// A manager with three running jobs, two completed, two failed and one stopped, in mixed order.
fn mixed() -> (JobManager, Gate) {
    let (jobs, gate) = (JobManager::new(), Gate::new());
    jobs.spawn("run one", gate.hold(())).unwrap();
    jobs.spawn("fit one", || 1).unwrap().wait().unwrap();
    jobs.try_spawn("die one", || Err::<(), _>(Failure::new("no rows"))).unwrap().wait().unwrap();
    jobs.spawn("run two", gate.hold(())).unwrap();
    jobs.try_spawn("die two", || Err::<(), _>(Failure::new("no columns"))).unwrap().wait().unwrap();
    jobs.spawn("fit two", || 2).unwrap().wait().unwrap();
    jobs.spawn("run three", gate.hold(())).unwrap();
    jobs.try_spawn("stop", || Err::<(), _>(Failure::stopped("enough"))).unwrap().wait().unwrap();
    (jobs, gate)
}

#[test]
fn status_shows_the_three_lists_each_in_number_order() {
    let (jobs, gate) = mixed();
    let expected = "\
Running jobs:
0 : run one
3 : run two
6 : run three

Completed jobs:
1 : fit one
5 : fit two

Dead jobs:
2 : die one
4 : die two
7 : stop

";
    assert_eq!(jobs.status().to_string(), expected);
    gate.open();
}

#[test]
fn an_empty_list_is_not_shown() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    assert_eq!(jobs.status().to_string(), "");
    jobs.spawn("run", gate.hold(())).unwrap();
    assert_eq!(jobs.status().to_string(), "Running jobs:\n0 : run\n\n");
    gate.open();
    jobs.wait_all().unwrap();
    assert_eq!(jobs.status().to_string(), "Completed jobs:\n0 : run\n\n");
}

#[test]
fn a_report_shows_newly_finished_jobs_in_number_order_and_once() {
    let jobs = JobManager::new();
    let (first, second) = (Gate::new(), Gate::new());
    let mut notices = jobs.notices();
    let late = jobs.spawn("late", first.hold(())).unwrap();
    let later = jobs.spawn("later", second.hold(())).unwrap();
    jobs.try_spawn("die", || Err::<(), _>(Failure::new("no rows"))).unwrap().wait().unwrap();
    second.open();
    later.wait().unwrap();
    first.open();
    late.wait().unwrap();
    let expected = "\
Completed jobs:
0 : late
1 : later

Dead, call jobs.traceback() for details jobs:
2 : die

";
    let report = notices.report();
    assert!(!report.is_empty());
    assert_eq!(report.to_string(), expected);
    let report = notices.report();
    assert!(report.is_empty());
    assert_eq!(report.to_string(), "");
}

#[test]
fn status_words_and_codes_match_the_original() {
    let (jobs, gate) = mixed();
    let words = |id: u64| {
        let job = jobs.get(id).unwrap();
        (job.status(), job.stat_code(), job.is_finished())
    };
    // A thread may not have taken the first job yet.
    assert!([("Created", 0, false), ("Running", 1, false)].contains(&words(0)));
    assert_eq!(words(1), ("Completed", 2, true));
    assert_eq!(words(2), ("Dead (Exception), call jobs.traceback() for details", -1, true));
    assert_eq!(words(7), ("Dead (Stopped), call jobs.traceback() for details", -1, true));
    gate.open();
}

#[test]
fn a_missing_result_is_explained_in_the_words_of_the_original() {
    let (jobs, gate) = mixed();
    let text = |id: u64| jobs.result::<i32>(id).map_err(|error| (error.to_string(), format!("{error:#}")));
    let pair = |short: &str, rest: &str| Err((short.to_owned(), format!("{short}{rest}")));
    assert_eq!(jobs.result::<i32>(1).unwrap(), 1);
    assert_eq!(jobs.result::<()>(0).unwrap_err().to_string(), "<BackgroundJob has not completed>");
    let died = "<BackgroundJob died, call jobs.traceback() for details>";
    assert_eq!(jobs.result::<()>(2).unwrap_err().to_string(), died);
    assert_eq!(format!("{:#}", jobs.result::<()>(2).unwrap_err()), format!("{died}; job #2: no rows"));
    assert_eq!(jobs.result::<()>(7).unwrap_err().to_string(), died);
    assert_eq!(text(99), pair("Job #99 not found", "; the newest job is #7"));
    assert_eq!(
        text(0),
        pair("the result of job #0 is of type `()`, not of type `i32`; ask for what its body returns", "")
    );
    gate.open();
}

#[test]
fn each_traceback_is_printed_under_its_dead_job() {
    let (jobs, gate) = mixed();
    let expected = "\
Traceback for: <BackgroundJob #2: die one>
no rows

Traceback for: <BackgroundJob #4: die two>
no columns

Traceback for: <BackgroundJob #7: stop>
stopped: enough

";
    assert_eq!(jobs.tracebacks().to_string(), expected);
    assert_eq!(jobs.tracebacks().iter().map(|(job, _)| job.id().get()).collect::<Vec<_>>(), [2, 4, 7]);
    assert_eq!(jobs.traceback(2).unwrap().to_string(), "no rows");
    let asked = |id: u64| jobs.traceback(id).unwrap_err().to_string();
    assert_eq!(asked(99), "Job #99 not found");
    assert_eq!(asked(1), "job #1 is completed; only a job that died has a traceback");
    gate.open();
}

#[test]
fn a_flush_report_uses_singular_and_plural() {
    let (jobs, gate) = mixed();
    assert_eq!(jobs.flush().to_string(), "Flushing 2 Completed jobs.\nFlushing 3 Dead jobs.\n");
    assert_eq!(jobs.flush().to_string(), "No jobs to flush.\n");
    assert_eq!(jobs.status().to_string(), "Running jobs:\n0 : run one\n3 : run two\n6 : run three\n\n");
    gate.open();
    jobs.wait_all().unwrap();
    assert_eq!(jobs.flush().to_string(), "Flushing 3 Completed jobs.\n");
    jobs.spawn("fit", || 1).unwrap().wait().unwrap();
    assert_eq!(jobs.flush().to_string(), "Flushing 1 Completed job.\n");
    jobs.spawn("die", || -> () { panic!("x") }).unwrap().wait().unwrap();
    assert_eq!(jobs.flush().to_string(), "Flushing 1 Dead job.\n");
}

#[test]
fn a_refused_removal_says_why() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let texts = |id: u64| {
        let error = jobs.remove(id).unwrap_err();
        (error.to_string(), format!("{error:#}"))
    };
    let pair = |short: &str, rest: &str| (short.to_owned(), format!("{short}{rest}"));
    assert_eq!(texts(0), pair("Job #0 not found", "; no job was started yet"));
    for _ in 0..2 {
        jobs.spawn("fit", || 1).unwrap().wait().unwrap();
    }
    jobs.spawn("run", gate.hold(())).unwrap();
    assert_eq!(texts(2), pair("Job #2 is still running, it can not be removed.", " Wait for it or stop it first."));
    assert_eq!(texts(99), pair("Job #99 not found", "; the newest job is #2"));
    jobs.remove(0).unwrap();
    assert_eq!(texts(0), pair("Job #0 not found", "; it was removed or flushed"));
    assert_eq!(jobs.get(0).unwrap_err().to_string(), "Job #0 not found");
    gate.open();
}

#[test]
fn a_job_displays_as_its_name_and_its_debug_form_adds_the_number() {
    let jobs = JobManager::new();
    let job = jobs.named("fit(x)").spawn(|| 1).unwrap();
    assert_eq!(format!("{job}|{job:?}"), "fit(x)|<BackgroundJob #0: fit(x)>");
    let job = jobs.get(0).unwrap();
    assert_eq!(format!("{job}|{job:?}"), "fit(x)|<BackgroundJob #0: fit(x)>");
}

#[test]
fn terminal_control_characters_in_a_name_are_escaped_wherever_it_is_shown() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let name = "a\n\u{1b}[2J\u{202e}\u{61c}é";
    let job = jobs.try_spawn(name, || Err::<(), _>(Failure::new("x"))).unwrap();
    job.wait().unwrap();
    let shown = r"a\n\u{1b}[2J\u{202e}\u{61c}é";
    assert_eq!(**job.name(), *name);
    assert_eq!(format!("{job}|{job:?}"), format!("{shown}|<BackgroundJob #0: {shown}>"));
    assert_eq!(jobs.status().to_string(), format!("Dead jobs:\n0 : {shown}\n\n"));
    assert!(notices.report().to_string().ends_with(&format!(" jobs:\n0 : {shown}\n\n")));
    assert_eq!(jobs.tracebacks().to_string(), format!("Traceback for: <BackgroundJob #0: {shown}>\nx\n\n"));
}
