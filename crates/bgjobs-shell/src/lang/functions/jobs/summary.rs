//! Jobs as data: maps that can be searched, and written as JSON.

use bgjobs::AnyJob;
use rhai::{Array, Dynamic, Map, export_module, serde::to_dynamic};

use crate::lang::{error::Result, eval::evaluation::Evaluation, jobs::Jobs};

#[export_module]
pub(super) mod of_summaries {
    use rhai::NativeCallContext;

    use super::{AnyJob, Array, Dynamic, Evaluation, Jobs, Result, summary_of};

    /// Everything known about the job, as a map.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn summary(context: NativeCallContext<'_>, job: &mut AnyJob) -> Result<Dynamic> {
        summary_of(job, &Evaluation::of(&context).jobs)
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
pub(crate) fn summary_of(job: &AnyJob, jobs: &Jobs) -> Result<Dynamic> {
    let mut summary = to_dynamic(job.summary())?;
    if let Some(mut map) = summary.write_lock::<Map>() {
        map.insert("folder".into(), folder_of(jobs, job));
    }
    Ok(summary)
}

/// The folder in which a job was started, or `()` if the shell did not start it.
pub(super) fn folder_of(jobs: &Jobs, job: &AnyJob) -> Dynamic {
    let folder = jobs.origin(job).map(|origin| origin.environment.folder().to_string_lossy().into_owned());
    folder.map_or(Dynamic::UNIT, Dynamic::from)
}

/// Everything known about all jobs, sorted by number.
pub(crate) fn summaries(jobs: &Jobs) -> Result<Array> {
    jobs.handle.all().iter().map(|job| summary_of(job, jobs)).collect()
}
