//! The process-wide panic hook, which the engine shares with its host. Each test runs in its own process.
//!
//! Those that read frames take a second or two, because each process looks up its debug information anew.

use std::{any::Any, cell::RefCell, panic::PanicHookInfo, sync::mpsc, thread, time::Duration};

use bgjobs::{Config, Context, Failure, Handle, Job, JobManager, PanicHook, Retry};

use crate::child;

#[test]
fn panics_outside_jobs_reach_the_hook_of_the_host_and_panics_of_jobs_do_not() {
    let scenario = || {
        std::panic::set_hook(Box::new(|info| {
            let payload: &dyn Any = info.payload();
            child::say(&format!("hook: {}", payload.downcast_ref::<&str>().unwrap()));
        }));
        let jobs = JobManager::new();
        jobs.spawn("die", || panic!("of a job")).unwrap().wait().unwrap();
        jobs.spawn("lend", || thread::spawn(|| panic!("of a thread of a job")).join().is_err())
            .unwrap()
            .wait()
            .unwrap();
        thread::spawn(|| panic!("of a thread")).join().unwrap_err();
        child::say(&format!("dead: {}", jobs.dead().len()));
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["hook: of a thread of a job", "hook: of a thread", "dead: 1"]);
}

#[test]
fn the_first_manager_may_be_created_while_a_panic_unwinds() {
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            child::say(&format!("{}", JobManager::new().spawn("late", || 1).unwrap().join().unwrap()));
        }
    }
    let scenario = || {
        std::panic::set_hook(Box::new(|_| child::say("hook")));
        let unwinding = || {
            let _guard = Guard;
            panic!("of main");
        };
        std::panic::catch_unwind(unwinding).unwrap_err();
        JobManager::new().spawn("die", || panic!("of a job")).unwrap().wait().unwrap();
        child::say("alive");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["hook", "1", "alive"]);
}

thread_local! {
    static JOBS: JobManager = JobManager::new();
    static JOB: RefCell<Option<Job<Vec<u8>>>> = const { RefCell::new(None) };
}

#[test]
fn a_manager_and_a_job_may_live_in_thread_locals() {
    let scenario = || {
        let user = || {
            let job = JOBS.with(|jobs| jobs.spawn("stored", || vec![1]).unwrap());
            job.wait().unwrap();
            JOB.set(Some(job));
            JOBS.with(|jobs| {
                jobs.flush();
                // Its result is dropped here; that of the stored job is dropped after the thread's other thread-locals.
                drop(jobs.spawn("dropped", || vec![2]).unwrap());
                jobs.wait_all().unwrap();
                jobs.flush();
            });
        };
        thread::spawn(user).join().unwrap();
        child::say("alive");
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["alive"]);
}

/// Sets a hook that says what it sees, under the name `name`.
fn set_hook(name: &'static str) {
    std::panic::set_hook(Box::new(move |info| seen(name, info)));
}

/// Sets a hook that says what it sees and then calls the hook before it.
fn chain_hook(name: &'static str) {
    let old = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        seen(name, info);
        old(info);
    }));
}

fn seen(name: &str, info: &PanicHookInfo<'_>) {
    let text = info.payload().downcast_ref::<&str>().expect("the bodies panic with literals");
    child::say(&format!("{name}: {text}"));
}

/// Lets a job panic, and asserts that its place and frames are kept.
#[track_caller]
fn die(jobs: &Handle) {
    let job = jobs.spawn("die", || panic!("of a job")).unwrap();
    job.wait().unwrap();
    let failure = job.failure().unwrap();
    let traceback = failure.traceback().to_string();
    assert!(traceback.contains("panic_hook.rs:") && traceback.ends_with(": of a job"), "{traceback}");
    assert!(!failure.frames().is_empty(), "{traceback}");
}

fn die_outside() {
    thread::spawn(|| panic!("of a thread")).join().unwrap_err();
}

/// A manager whose jobs' panics the program's own hook sees.
fn loud() -> JobManager {
    JobManager::with_config(Config { panic_hook: PanicHook::Program, ..Config::default() })
}

#[test]
fn a_hook_set_later_sees_what_one_set_before_does_and_places_are_kept() {
    let scenario = || {
        let jobs = JobManager::new();
        set_hook("first");
        die(&jobs);
        die_outside();
        // A worker of the job before runs the next one.
        set_hook("second");
        die(&jobs);
        die_outside();
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["first: of a thread", "second: of a thread"]);
}

#[test]
fn the_programs_hook_sees_the_panics_of_jobs_if_it_is_chosen_and_places_are_kept() {
    let scenario = || {
        set_hook("before");
        let jobs = loud();
        die(&jobs);
        set_hook("after");
        die(&jobs);
        die_outside();
        // The choice is the manager's.
        die(&JobManager::new());
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["before: of a job", "after: of a job", "after: of a thread"]);
}

#[test]
fn a_panic_that_a_body_catches_is_seen_as_any_of_its_job() {
    let scenario = || {
        set_hook("hook");
        let body = || std::panic::catch_unwind(|| panic!("caught")).is_err();
        assert!(JobManager::new().spawn("quiet", body).unwrap().join().unwrap());
        assert!(loud().spawn("loud", body).unwrap().join().unwrap());
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["hook: caught"]);
}

#[test]
fn a_panic_in_a_retried_attempt_or_a_call_of_the_library_is_seen_as_that_of_a_job() {
    let scenario = || {
        set_hook("hook");
        for jobs in [JobManager::new(), loud()] {
            let retry = Retry { attempts: 2, backoff: Duration::ZERO, ..Retry::default() };
            let body = |_: &Context| -> Result<(), Failure> { panic!("of an attempt") };
            jobs.named("retried").retry(retry).spawn_with(body).unwrap().wait().unwrap();
            let notices = jobs.notices();
            let (held, all_dropped) = mpsc::channel::<()>();
            notices.wake(move || {
                let _held = &held;
                panic!("of an alarm");
            });
            jobs.spawn("end", || ()).unwrap().wait().unwrap();
            jobs.shutdown().unwrap();
            // This thread makes the next call itself.
            notices.wake(|| panic!("of an alarm due at once"));
            assert!(all_dropped.recv().is_err(), "the alarm was dropped after its call");
        }
    };
    let Some(end) = child::run(scenario) else { return };
    let mut messages = end.messages.clone();
    messages.sort_unstable();
    assert_eq!(
        messages,
        ["hook: of an alarm", "hook: of an alarm due at once", "hook: of an attempt", "hook: of an attempt"],
        "{end:?}"
    );
}

#[test]
fn hooks_that_call_the_hook_before_them_may_be_set_at_any_time() {
    let scenario = || {
        set_hook("base");
        chain_hook("before");
        let jobs = JobManager::new();
        chain_hook("after");
        die(&jobs);
        die_outside();
        die(&loud());
    };
    let Some(end) = child::run(scenario) else { return };
    let of_thread = ["after: of a thread", "before: of a thread", "base: of a thread"];
    let of_job = ["after: of a job", "before: of a job", "base: of a job"];
    end.is(0, &[of_thread, of_job].concat());
}

#[test]
fn a_hook_that_was_taken_and_is_put_back_works_as_before_however_often() {
    let scenario = || {
        set_hook("hook");
        let jobs = JobManager::new();
        for _ in 0..1_000 {
            let old = std::panic::take_hook();
            std::panic::set_hook(Box::new(|_| {}));
            jobs.spawn("die", || panic!("in between")).unwrap().wait().unwrap();
            std::panic::set_hook(old);
            jobs.spawn("die", || panic!("afterwards")).unwrap().wait().unwrap();
        }
        die(&jobs);
        die_outside();
        die(&loud());
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["hook: of a thread", "hook: of a job"]);
}

#[test]
fn a_hook_that_keeps_ours_without_calling_it_costs_at_most_the_place_of_one_panic() {
    let scenario = || {
        let jobs = JobManager::new();
        die(&jobs);
        let old = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let _kept = &old;
            seen("hook", info);
        }));
        // The worker lives, so the hook is not looked at.
        let job = jobs.spawn("die", || panic!("unplaced")).unwrap();
        job.wait().unwrap();
        child::say(&job.failure().unwrap().traceback().to_string());
        die(&jobs);
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["hook: unplaced", "panicked: unplaced"]);
}

#[test]
fn managers_may_be_made_and_hooks_set_by_many_threads_at_once() {
    let scenario = || {
        let one = |number: usize| {
            for round in 0..50 {
                if round % 10 == number {
                    chain_hook("hook");
                }
                let jobs = JobManager::new();
                jobs.spawn("die", || panic!("of a job")).unwrap().wait().unwrap();
                assert_eq!(jobs.dead().len(), 1);
            }
        };
        // Jobs may panic while another thread changes the hook, and are then seen by whatever is set.
        std::panic::set_hook(Box::new(|_| {}));
        thread::scope(|scope| (0..4).for_each(|number| drop(scope.spawn(move || one(number)))));
        set_hook("last");
        die(&JobManager::new());
        die_outside();
    };
    let Some(end) = child::run(scenario) else { return };
    assert_eq!((end.code, end.messages.last().unwrap().as_str()), (Some(0), "last: of a thread"), "{end:?}");
    assert!(!end.messages.contains(&"last: of a job".to_owned()), "{end:?}");
}
