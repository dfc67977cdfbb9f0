//! Which types may be sent to other threads, shared between them, used after a caught panic, and used as keys.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    panic::{RefUnwindSafe, UnwindSafe, catch_unwind},
    sync::Mutex,
};

use bgjobs::{
    AnyJob, Config, Context, EndFuture, Failure, Group, Handle, Job, JobId, JobManager, JoinError, JoinFuture, Log,
    LogCursor, Name, Notices, Options, Report, SpawnError, Status, Take, Traceback, Tracebacks, Verdict,
    stop_all_async, wait_all_async, wait_any_async,
};

const fn send_and_sync<T: Send + Sync + 'static>() {}
const fn send<T: Send>() {}

#[test]
fn every_public_type_is_send_and_sync() {
    send_and_sync::<JobManager>();
    send_and_sync::<Handle>();
    send_and_sync::<AnyJob>();
    send_and_sync::<Job<String>>();
    send_and_sync::<Context>();
    send_and_sync::<Notices>();
    send_and_sync::<Failure>();
    send_and_sync::<Traceback>();
    send_and_sync::<Tracebacks>();
    send_and_sync::<Log>();
    send_and_sync::<LogCursor>();
    send_and_sync::<Name>();
    send_and_sync::<JobId>();
    send_and_sync::<Status>();
    send_and_sync::<Report>();
    send_and_sync::<Verdict>();
    send_and_sync::<SpawnError>();
    send_and_sync::<Config>();
    send_and_sync::<Options>();
    // `Take` makes a result that is only `Send` shareable.
    send_and_sync::<Take<Cell<u8>>>();
    send::<JoinFuture<'static, String>>();
}

#[test]
fn every_future_may_be_polled_by_any_thread() {
    const fn is_send(_: &impl Send) {}
    let jobs = JobManager::new();
    let list = [jobs.spawn("one", || 1).unwrap()];
    is_send(&wait_all_async(&list));
    is_send(&wait_any_async(list.clone()));
    is_send(&stop_all_async(&list, "enough"));
    is_send(&list[0].stop_async("enough"));
    is_send(&jobs.wait_all_async());
    is_send(&jobs.shutdown_async());
    is_send(&jobs.notices().wait_async());
    send::<EndFuture>();
}

#[test]
fn a_handle_is_thread_safe_whatever_its_result() {
    // The bounds of `spawn` already require a thread-safe result.
    send_and_sync::<Job<Cell<u8>>>();
}

#[test]
fn values_may_be_used_after_a_caught_panic() {
    const fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
    unwind_safe::<JobId>();
    unwind_safe::<Name>();
    unwind_safe::<JobManager>();
    unwind_safe::<Handle>();
    unwind_safe::<Group>();
    unwind_safe::<AnyJob>();
    unwind_safe::<Job<Mutex<Cell<u8>>>>();
    unwind_safe::<Context>();
    unwind_safe::<Notices>();
    unwind_safe::<Failure>();
    unwind_safe::<Traceback>();
    unwind_safe::<JoinError>();
    unwind_safe::<Status>();
    unwind_safe::<Log>();
    unwind_safe::<Options>();
    unwind_safe::<Take<Cell<u8>>>();
}

#[test]
fn a_body_may_catch_the_panic_of_what_it_hands_its_context() {
    let jobs = JobManager::new();
    let plugin = |job: &Context| -> Result<u32, Failure> { panic!("job {} has a bad plugin", job.id()) };
    let job = jobs.spawn_with("plugin", move |job| Ok(catch_unwind(|| plugin(job)).is_err())).unwrap();
    assert!(catch_unwind(|| *job.join().unwrap()).unwrap());
}

#[test]
fn equal_jobs_and_equal_groups_have_equal_hashes() {
    let (jobs, hashes) = (JobManager::new(), RandomState::new());
    let (one, two) = (jobs.spawn("square", || 1).unwrap(), jobs.spawn("square", || 1).unwrap());
    assert_eq!(hashes.hash_one(&one), hashes.hash_one(one.clone()));
    assert_eq!(hashes.hash_one(&one), hashes.hash_one(AnyJob::from(one.clone())));
    assert_ne!(hashes.hash_one(&one), hashes.hash_one(&two));
    assert_eq!(hashes.hash_one(jobs.group("disk")), hashes.hash_one(jobs.group("disk")));
    assert_ne!(hashes.hash_one(jobs.group("disk")), hashes.hash_one(jobs.group("net")));
    assert_ne!(hashes.hash_one(jobs.group("disk")), hashes.hash_one(JobManager::new().group("disk")));
}
