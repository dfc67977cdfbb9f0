//! What a word of the command line is, and how it finds its job.
//!
//! Knows nothing of single words.

use std::{ffi::OsString, process::ExitCode, time::Duration};

use bgjobs::{KeptId, KeptJob, KeptJobs};
use lexopt::{Parser, ValueExt};

use crate::durations;

/// The exit status of a wait for a job that still runs.
pub(super) const STILL_RUNNING: u8 = 124;

/// Why a word could not be carried out.
pub(super) enum Trouble {
    /// It was used in another way than it is meant to be.
    Usage(lexopt::Error),
    Refused(String),
}

impl From<lexopt::Error> for Trouble {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error)
    }
}

impl Trouble {
    #[expect(clippy::needless_pass_by_value, reason = "as `map_err` has it")]
    pub(super) fn refused(error: impl ToString) -> Self {
        Self::Refused(error.to_string())
    }
}

/// What a word does with the rest of the command line.
pub(super) type Action = fn(Parser) -> Result<ExitCode, Trouble>;

/// The user's kept jobs.
pub(super) fn jobs() -> Result<KeptJobs, Trouble> {
    KeptJobs::of_user().map_err(Trouble::refused)
}

/// The job that a word of the command line means.
pub(super) fn job(jobs: &KeptJobs, word: Option<OsString>) -> Result<KeptJob, Trouble> {
    let word = word.ok_or("which job? `bgjobs ps` lists them").map_err(lexopt::Error::from)?;
    let id: KeptId = word.string()?.parse().map_err(Trouble::refused)?;
    jobs.get(id).map_err(Trouble::refused)
}

/// A time on the command line.
pub(super) fn time(word: OsString) -> Result<Duration, lexopt::Error> {
    let text = word.string()?;
    durations::typed(&text).ok_or_else(|| format!("`{text}` is no time: write 30s, 5m or 1h30m").into())
}
