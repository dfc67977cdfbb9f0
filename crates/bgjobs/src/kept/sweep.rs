//! How much is kept: the newest output and the newest jobs, and each failure that nobody has seen.
//!
//! Knows nothing of running jobs, except that it leaves them alone.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::kept::{
    id::KeptId,
    job::KeptJob,
    log, private, result,
    root::Root,
    state::{self, KeptState},
};

/// The most folders that are removed at once, so that nobody waits for long.
pub(crate) const PORTION: usize = 20;

/// The file of a folder of kept jobs that holds its retention.
const FILE: &str = "retention.json";

/// How old what a killed process left half made must be before it goes.
const STALE: Duration = Duration::from_secs(60 * 60);

/// How much is kept of jobs that have ended.
///
/// ```
/// let retention = bgjobs::Retention::default();
/// assert_eq!((retention.jobs, retention.output), (200, 2 << 30));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How many jobs: the newest. Older ones go, but not a failed or lost one whose end nobody has seen.
    pub jobs: usize,
    /// How many bytes of output, of all jobs in sum: the newest. Older output goes, and its job stays.
    pub output: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { jobs: 200, output: 2 << 30 }
    }
}

impl Retention {
    /// The retention of a folder: that of its file, or the default.
    pub(crate) fn of(root: &Root) -> Self {
        let fields = private::fields(&root.path().join(FILE)).ok().flatten().unwrap_or_default();
        let number = |name| fields.get(name).and_then(serde_json::Value::as_u64);
        let Self { jobs, output } = Self::default();
        let jobs = number("jobs").map_or(jobs, |jobs| usize::try_from(jobs).unwrap_or(usize::MAX));
        Self { jobs, output: number("output").unwrap_or(output) }
    }
}

/// What a sweep has removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Whole jobs, from the oldest on.
    pub jobs: Vec<KeptId>,
    /// Jobs whose output is gone, and that are still there.
    pub outputs: Vec<KeptId>,
}

/// Removes what is more than `retention` allows, `portion` folders at most.
pub(crate) fn sweep(root: &Root, retention: Retention, portion: usize) -> io::Result<Swept> {
    tidy(root);
    let ids = root.ids()?;
    let mut swept = Swept::default();
    for &id in &ids[..ids.len().saturating_sub(retention.jobs)] {
        let job = KeptJob::new(root.clone(), id);
        if swept.jobs.len() < portion && job.is_settled() && job.remove().is_ok() {
            swept.jobs.push(id);
        }
    }
    let mut left = retention.output;
    for &id in ids.iter().rev() {
        let (folder, result) = (root.job(id).join(log::FOLDER), root.job(id).join(result::FILE));
        let size = size(&folder) + result.symlink_metadata().map_or(0, |data| data.size());
        let fits = left.checked_sub(size);
        left = fits.unwrap_or(0);
        if fits.is_some() || size == 0 || swept.outputs.len() == portion {
            continue;
        }
        let job = KeptJob::new(root.clone(), id);
        if matches!(job.state(), Ok(KeptState::Ended(_) | KeptState::Lost(_))) && state::is_free(&root.job(id)) {
            let _ = fs::remove_dir_all(folder);
            let _ = fs::remove_file(result);
            swept.outputs.push(id);
        }
    }
    swept.outputs.reverse();
    Ok(swept)
}

/// How many bytes the files of a folder hold.
fn size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|data| data.size()).sum()
}

/// Removes what killed processes have left: folders that were never published or are half removed, and signs of life.
fn tidy(root: &Root) {
    let is_stale = |path: &Path| {
        let changed = path.symlink_metadata().and_then(|data| data.modified());
        changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > STALE))
    };
    for entry in fs::read_dir(root.path()).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let is_hidden =
            name.to_str().is_some_and(|name| [".new-", ".old-", ".file-"].iter().any(|start| name.starts_with(start)));
        if is_hidden && is_stale(&path) {
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
    }
    for id in root.live_ids().unwrap_or_default() {
        let job = root.job(id);
        // A number is given before its folder; so only an old sign of life without a folder is a left-over one.
        let is_over = if job.exists() { state::is_free(&job) } else { is_stale(&root.live(id)) };
        if is_over {
            let _ = fs::remove_file(root.live(id));
        }
    }
}
