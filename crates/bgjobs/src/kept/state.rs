//! Where a kept job stands, as any process can see it: by its outcome, its lock and the machine it ran on.
//!
//! Knows nothing of what is done about it.

use std::{fmt, io, os::unix::fs::MetadataExt, path::Path};

use rustix::fs::{FlockOperation, flock};

use crate::kept::{
    error::KeptError,
    id::KeptId,
    machine::{Distance, Machine},
    outcome::{self, End, KeptOutcome},
    private::{self, present},
    record::{self, Record},
    root::Root,
};

/// The file that a starter locks, and its keeper as long as it lives.
pub(crate) const LOCK: &str = "lock";

/// The file in which a keeper says who it is.
pub(crate) const RUN: &str = "run.json";

/// Where a kept job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeptState {
    /// Its keeper does not run yet.
    Starting,
    /// It runs.
    Running,
    /// It has ended.
    Ended(KeptOutcome),
    /// It is gone, and nobody saw its end.
    Lost(LostReason),
    /// It was started on another machine, and whether it runs can't be seen from here.
    Elsewhere,
}

impl KeptState {
    /// Whether the job is over: it has ended or is lost.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Ended(_) | Self::Lost(_))
    }
}

/// Why nobody saw the end of a kept job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LostReason {
    /// The program that started it was killed before it had a keeper, so it never ran.
    Starter,
    /// Its keeper was killed, and so was its command.
    Keeper,
    /// The process that watched its command was killed, and so was the command.
    Supervisor,
    /// The machine was restarted.
    Restart,
}

/// `its keeper was killed`.
impl fmt::Display for LostReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Starter => "its starter was killed before it ran",
            Self::Keeper => "its keeper was killed",
            Self::Supervisor => "its supervisor was killed",
            Self::Restart => "the machine was restarted while it ran",
        })
    }
}

/// Says where a job stands.
pub(crate) fn look(root: &Root, id: KeptId) -> Result<KeptState, KeptError> {
    let job = root.job(id);
    if let Some(end) = ended(root, id)? {
        return Ok(end);
    }
    let Some(inode) = inode(&job) else { return Err(KeptError::Unknown(id)) };
    if is_held(&job).map_err(|cause| trouble(root, id, LOCK, cause))? {
        let has_keeper = job.join(RUN).symlink_metadata().is_ok();
        return Ok(if has_keeper { KeptState::Running } else { KeptState::Starting });
    }
    let record = Record::read(&job).map_err(|cause| trouble(root, id, record::FILE, cause))?;
    let distance = record.machine.distance(&Machine::here());
    // The keeper may have published the outcome between the first look and the look at the lock, and then somebody may
    // have removed the job.
    if let Some(end) = ended(root, id)? {
        return Ok(end);
    }
    if self::inode(&job) != Some(inode) {
        return Err(KeptError::Unknown(id));
    }
    Ok(match distance {
        Distance::Elsewhere => KeptState::Elsewhere,
        Distance::Restarted => KeptState::Lost(LostReason::Restart),
        Distance::Here if job.join(RUN).symlink_metadata().is_ok() => KeptState::Lost(LostReason::Keeper),
        Distance::Here => KeptState::Lost(LostReason::Starter),
    })
}

fn ended(root: &Root, id: KeptId) -> Result<Option<KeptState>, KeptError> {
    let end = End::read(&root.job(id)).map_err(|cause| trouble(root, id, outcome::FILE, cause))?;
    Ok(end.map(|end| match end {
        End::Known(outcome) => KeptState::Ended(outcome),
        End::Lost => KeptState::Lost(LostReason::Supervisor),
    }))
}

/// What is wrong with a file of a job: perhaps that the whole job is gone.
pub(crate) fn trouble(root: &Root, id: KeptId, file: &str, cause: io::Error) -> KeptError {
    let job = root.job(id);
    match inode(&job) {
        None => KeptError::Unknown(id),
        Some(_) => KeptError::Unreadable { id, path: job.join(file), cause },
    }
}

/// What tells a folder from a later one of the same name.
fn inode(job: &Path) -> Option<u64> {
    job.symlink_metadata().ok().filter(std::fs::Metadata::is_dir).map(|data| data.ino())
}

/// Whether a keeper, or a starter, has locked a job.
///
/// Everybody else takes the shared lock for a moment, which does not keep anybody from doing the same.
pub(crate) fn is_held(job: &Path) -> io::Result<bool> {
    match flock(private::open(&job.join(LOCK))?, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(false),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Whether the job may be removed: nobody holds its lock, or it has none.
pub(crate) fn is_free(job: &Path) -> bool {
    !matches!(present(is_held(job), io::ErrorKind::NotFound), Ok(Some(true)))
}
