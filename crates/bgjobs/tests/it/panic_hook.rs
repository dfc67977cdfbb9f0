//! The process-wide panic hook, which the engine shares with its host. Each test runs in its own process.

use std::{any::Any, cell::RefCell, thread};

use bgjobs::{Job, JobManager};

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
fn a_hook_set_later_by_the_host_sees_every_panic_and_jobs_still_fail() {
    let scenario = || {
        let jobs = JobManager::new();
        std::panic::set_hook(Box::new(|_| child::say("hook")));
        let job = jobs.spawn("die", || panic!("of a job")).unwrap();
        job.wait().unwrap();
        child::say(&job.failure().unwrap().traceback().to_string());
    };
    let Some(end) = child::run(scenario) else { return };
    end.is(0, &["hook", "panicked: of a job"]);
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
