//! Which types may be sent to other threads, shared between them, and used after a caught panic.

use std::{cell::Cell, panic::UnwindSafe};

use bgjobs::{
    AnyJob, Config, Context, EndFuture, Failure, Handle, Job, JobId, JobManager, JoinFuture, Log, LogCursor, Name,
    Notices, Options, Report, SpawnError, Status, Take, Traceback, Tracebacks, Verdict, stop_all_async, wait_all_async,
    wait_any_async,
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
    const fn unwind_safe<T: UnwindSafe>() {}
    unwind_safe::<JobId>();
    unwind_safe::<Name>();
}
