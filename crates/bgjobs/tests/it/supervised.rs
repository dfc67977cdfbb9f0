//! Supervised commands in a test binary, whose `main` can't call [`bgjobs::supervise`]: the binary starts itself again to run
//! one test, which calls it.

use std::env;

use bgjobs::{AnyJob, JobManager, Stream};

/// A manager whose commands have a supervisor.
pub(crate) fn supervised() -> JobManager {
    let own = env::current_exe().unwrap().into_os_string();
    let arguments = ["supervised::a_program_that_is_not_a_supervisor_goes_on", "--exact", "--nocapture", "--"];
    bgjobs::supervise_by([own].into_iter().chain(arguments.map(Into::into)));
    JobManager::new()
}

#[test]
fn a_program_that_is_not_a_supervisor_goes_on() {
    let jobs = supervised();
    bgjobs::supervise();
    assert_eq!(jobs.spawn("on", || 1).unwrap().join().unwrap(), &1);
}

/// What a job printed to `stream`.
pub(crate) fn printed(job: &AnyJob, stream: Stream) -> Vec<String> {
    let lines = job.log().tail(usize::MAX).into_iter().filter(|line| line.stream == stream);
    lines.map(|line| line.text).collect()
}
