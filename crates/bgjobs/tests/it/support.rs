//! Helpers shared by several modules: options, views of jobs, and whether the long proofs run.

use bgjobs::{AnyJob, Options};

/// Options for a daemon. Tests that might hang use one, because a manager does not wait for it when a failed test unwinds.
pub(crate) fn daemon() -> Options {
    Options { daemon: true, ..Options::default() }
}

/// Options for a job in the group of that name.
pub(crate) fn in_group(name: &'static str) -> Options {
    Options { group: Some(name.into()), ..Options::default() }
}

/// Options for a job that runs on a dedicated thread.
pub(crate) fn on_fresh_thread() -> Options {
    Options { fresh_thread: true, ..Options::default() }
}

pub(crate) fn numbers(jobs: &[AnyJob]) -> Vec<u64> {
    jobs.iter().map(|job| job.id().get()).collect()
}

/// Why a job has not started or does not go on, as its user reads it.
pub(crate) fn why(job: &AnyJob) -> String {
    job.why().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Whether the long forms of the tests run: more cases, up to the limits of the system.
pub(crate) fn long_proofs() -> bool {
    std::env::var_os("BGJOBS_PROVE").is_some()
}
