//! What a word of the command line is, and how it finds its job.
//!
//! Knows nothing of single words.

use std::{ffi::OsString, sync::OnceLock, time::Duration};

use bgjobs::{KeptId, KeptJob, KeptJobs};
use lexopt::{Parser, ValueExt};

use crate::durations;

/// A word of the command line: its name, its usage, and what it does.
pub type Word = (&'static str, &'static str, Action);

/// How the program is called.
static PROGRAM: OnceLock<&str> = OnceLock::new();

/// Says how the program is called; the first call counts.
pub(crate) fn call_program(name: &'static str) {
    let _ = PROGRAM.set(name);
}

/// How the program is called, for the next command that a user types.
pub(crate) fn program() -> &'static str {
    PROGRAM.get().copied().unwrap_or("bgjobs")
}

/// The exit status of a wait for a job that still runs.
pub const STILL_RUNNING: u8 = 124;

/// Why a word could not be carried out.
pub enum Trouble {
    /// It was used in another way than it is meant to be.
    Usage(lexopt::Error),
    /// It can't be done, and this is why.
    Refused(String),
}

impl From<lexopt::Error> for Trouble {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error)
    }
}

impl Trouble {
    #[expect(clippy::needless_pass_by_value, reason = "as `map_err` has it")]
    /// What the engine says.
    pub fn refused(error: impl ToString) -> Self {
        Self::Refused(error.to_string())
    }
}

/// What a word does with the rest of the command line; it returns the exit status.
pub type Action = fn(Parser) -> Result<u8, Trouble>;

/// The user's kept jobs.
pub(crate) fn jobs() -> Result<KeptJobs, Trouble> {
    KeptJobs::of_user().map_err(Trouble::refused)
}

/// The job that a word of the command line means.
pub(crate) fn job(jobs: &KeptJobs, word: Option<OsString>) -> Result<KeptJob, Trouble> {
    let word = word.ok_or_else(|| format!("which job? `{} ps` lists them", program())).map_err(lexopt::Error::from)?;
    let id: KeptId = word.string()?.parse().map_err(Trouble::refused)?;
    jobs.get(id).map_err(Trouble::refused)
}

/// A time on the command line.
pub(crate) fn time(word: OsString) -> Result<Duration, lexopt::Error> {
    let text = word.string()?;
    durations::typed(&text).ok_or_else(|| format!("`{text}` is no time: write 30s, 5m or 1h30m").into())
}
