//! Kept jobs, a line each.
//!
//! Knows nothing of where they are shown.

use std::{collections::BTreeSet, io, time::SystemTime};

use bgjobs::{KeptError, KeptJob, KeptJobs, KeptState, KeptSummary, one_line};

use crate::durations::spent;

/// What a look at a job tells.
pub type Read = Result<KeptSummary, KeptError>;

/// A job on one line.
#[must_use]
pub fn line(read: &Read) -> String {
    match read {
        Ok(job) => format!("{:<5} {:<26}  {}", job.id, state(job), job.name),
        Err(error) => error.to_string(),
    }
}

/// Where a job stands.
#[must_use]
pub fn state(job: &KeptSummary) -> String {
    match &job.state {
        KeptState::Starting => "starting".to_owned(),
        KeptState::Running => {
            let age = SystemTime::now().duration_since(job.created).unwrap_or_default();
            format!("running for {}", spent(age))
        }
        // What did not start took no time.
        KeptState::Ended(end) if end.exit.or(end.signal).is_none() => end.to_string(),
        KeptState::Ended(end) => format!("{end}, after {}", spent(end.ran)),
        KeptState::Lost(reason) => format!("lost: {reason}"),
        _ => format!("elsewhere: on {}", one_line(&job.host)),
    }
}

/// How many of the jobs that have ended are listed, unless all are.
const NEWEST: usize = 20;

/// The jobs to list: those that may run, and the newest, or all.
///
/// # Errors
///
/// The system's, if the folder can't be read.
pub fn listed(kept: &KeptJobs, all: bool) -> io::Result<Vec<KeptJob>> {
    let live: BTreeSet<_> = kept.live()?.iter().map(KeptJob::id).collect();
    let jobs = kept.all()?;
    let older = if all { 0 } else { jobs.len().saturating_sub(NEWEST) };
    Ok(jobs
        .into_iter()
        .enumerate()
        .filter(|(at, job)| *at >= older || live.contains(&job.id()))
        .map(|(_, job)| job)
        .collect())
}

/// A list of jobs.
#[must_use]
pub fn listing<'a>(read: impl IntoIterator<Item = &'a Read>) -> String {
    let lines: Vec<_> = read.into_iter().map(line).collect();
    if lines.is_empty() { "No kept jobs".to_owned() } else { lines.join("\n") }
}
