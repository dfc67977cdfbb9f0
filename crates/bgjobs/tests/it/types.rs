//! What may go to other threads, and what may be shared by them.

use std::{cell::Cell, panic::UnwindSafe};

use bgjobs::{
    AnyJob, Config, Context, Failure, Handle, Job, JobId, JobManager, JoinFuture, Log, LogCursor, Name, Notices,
    Options, OwnedJoinFuture, Report, SpawnError, Status, Take, Traceback, Tracebacks, Verdict,
};

const fn everywhere<T: Send + Sync + 'static>() {}
const fn in_futures<T: Send>() {}

#[test]
fn all_that_is_public_may_be_sent_and_shared() {
    everywhere::<JobManager>();
    everywhere::<Handle>();
    everywhere::<AnyJob>();
    everywhere::<Job<String>>();
    everywhere::<Context>();
    everywhere::<Notices>();
    everywhere::<Failure>();
    everywhere::<Traceback>();
    everywhere::<Tracebacks>();
    everywhere::<Log>();
    everywhere::<LogCursor>();
    everywhere::<Name>();
    everywhere::<JobId>();
    everywhere::<Status>();
    everywhere::<Report>();
    everywhere::<Verdict>();
    everywhere::<SpawnError>();
    everywhere::<Config>();
    everywhere::<Options>();
    // A result that is only `Send` becomes one that may be shared.
    everywhere::<Take<Cell<u8>>>();
    in_futures::<JoinFuture<'static, String>>();
    in_futures::<OwnedJoinFuture<String>>();
}

#[test]
fn a_handle_says_nothing_about_the_thread_safety_of_its_result() {
    // The result is behind the record, whose maker has checked it.
    const fn sendable<T: Send + Sync>() {}
    sendable::<Job<Cell<u8>>>();
}

#[test]
fn what_a_caught_panic_leaves_behind_may_be_used_on() {
    const fn safe<T: UnwindSafe>() {}
    safe::<JobId>();
    safe::<Name>();
}
