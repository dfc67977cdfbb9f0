//! Jobs as data: maps that can be searched, and written as JSON.

use bgjobs::AnyJob;
use rhai::{Array, Dynamic, export_module, serde::to_dynamic};

use crate::lang::{error::Result, jobs::Jobs};

#[export_module]
pub(super) mod of_summaries {
    use super::{AnyJob, Array, Dynamic, Jobs, Result, summary_of};

    /// Everything known about the job, as a map.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn summary(job: &mut AnyJob) -> Result<Dynamic> {
        summary_of(job)
    }

    /// Everything known about all jobs, sorted by number, as maps.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn summaries(jobs: &mut Jobs) -> Result<Array> {
        super::summaries(jobs)
    }

    /// One line: what ended, what failed and why, what is unread and what still runs.
    #[rhai_fn(pure)]
    pub(super) fn digest(jobs: &mut Jobs) -> String {
        jobs.digest(None).to_string()
    }
}

/// Everything known about a job, as a map.
pub(crate) fn summary_of(job: &AnyJob) -> Result<Dynamic> {
    to_dynamic(job.summary())
}

/// Everything known about all jobs, sorted by number.
pub(crate) fn summaries(jobs: &Jobs) -> Result<Array> {
    jobs.handle.all().iter().map(summary_of).collect()
}
