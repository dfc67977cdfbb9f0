//! Jobs as data: maps that can be searched, and written as JSON.

use bgjobs::AnyJob;
use rhai::{Array, Dynamic, Module, export_module, exported_module, serde::to_dynamic};

use crate::{
    digest::Digest,
    lang::{error::Result, jobs::Jobs},
};

/// The functions as a module.
pub(super) fn module() -> Module {
    exported_module!(of_summaries)
}

#[export_module]
mod of_summaries {
    use super::{AnyJob, Array, Digest, Dynamic, Jobs, Result, summary_of};

    /// All that is known of the job, as a map.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn summary(job: &mut AnyJob) -> Result<Dynamic> {
        summary_of(job)
    }

    /// All that is known of all jobs, by number, as maps.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn summaries(jobs: &mut Jobs) -> Result<Array> {
        super::summaries(jobs)
    }

    /// One line of what ended, what failed and why, what is unread and what is left.
    #[rhai_fn(pure)]
    pub(super) fn digest(jobs: &mut Jobs) -> String {
        Digest::new(jobs, None).to_string()
    }
}

/// All that is known of a job, as a map.
pub(in crate::lang) fn summary_of(job: &AnyJob) -> Result<Dynamic> {
    to_dynamic(job.summary())
}

/// All that is known of all jobs, by number.
pub(in crate::lang) fn summaries(jobs: &Jobs) -> Result<Array> {
    jobs.handle.all().iter().map(summary_of).collect()
}
