//! The jobs that a variable holds.

use bgjobs::AnyJob;
use rhai::Array;

use super::value::Value;

/// A job, or all jobs of an array of nothing else; none for other values.
pub(crate) fn held_jobs(value: &Value) -> Option<Vec<AnyJob>> {
    let data = value.data();
    if let Some(job) = data.read_lock::<AnyJob>() {
        return Some(vec![job.clone()]);
    }
    data.read_lock::<Array>()?.iter().map(|item| Some(item.read_lock::<AnyJob>()?.clone())).collect()
}
