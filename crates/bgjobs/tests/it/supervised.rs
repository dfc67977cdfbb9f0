//! Commands with a supervisor, in tests whose `main` is not ours: the test binary runs itself again, as one test that
//! turns off at [`bgjobs::supervise`].

use std::env;

use bgjobs::{AnyJob, JobManager, Stream};

/// Jobs whose commands have a supervisor.
pub(crate) fn supervised() -> JobManager {
    let own = env::current_exe().unwrap().into_os_string();
    let rest = ["supervised::a_program_that_is_no_supervisor_goes_on", "--exact", "--nocapture", "--"];
    bgjobs::supervise_by([own].into_iter().chain(rest.map(Into::into)));
    JobManager::new()
}

#[test]
fn a_program_that_is_no_supervisor_goes_on() {
    let jobs = supervised();
    bgjobs::supervise();
    assert_eq!(jobs.spawn("on", || 1).unwrap().join().unwrap(), &1);
}

/// What a job printed to `stream`.
pub(crate) fn printed(job: &AnyJob, stream: Stream) -> Vec<String> {
    let lines = job.log().tail(usize::MAX).into_iter().filter(|line| line.stream == stream);
    lines.map(|line| line.text).collect()
}
