//! What a prompt says of kept jobs when it begins.
//!
//! Knows nothing of prompts.

use std::{collections::BTreeSet, io, time::SystemTime};

use bgjobs::{KeptFolderError, KeptJob, KeptJobs, KeptState, KeptSummary, Outcome, one_line};

use crate::{durations::spent, listing::state};

/// How many jobs are named at the start of a prompt.
const TOLD: usize = 5;

/// How many of the newest jobs are looked at then.
const LOOKED_AT: usize = 200;

/// How much of a job's name is shown then, in characters.
const LONGEST_NAME: usize = 30;

/// The user's kept jobs in a line, or why nobody knows them; none if there is nothing to say. `word` is what lists all.
#[must_use]
pub fn line(word: &str) -> Option<String> {
    let kept = match KeptJobs::of_user_if_any() {
        Ok(kept) => kept?,
        Err(KeptFolderError::NoHome) => return None,
        Err(error) => return Some(format!("Kept jobs: {error}")),
    };
    news(&kept, word).unwrap_or_else(|error| Some(format!("Kept jobs: {error}")))
}

/// What is new of kept jobs, if there is anything new: which run, and which have ended since somebody
/// looked.
///
/// One that succeeded is told once; a failure, until somebody has seen how it ended.
fn news(kept: &KeptJobs, word: &str) -> io::Result<Option<String>> {
    let live: BTreeSet<_> = kept.live()?.iter().map(KeptJob::id).collect();
    let jobs = kept.all()?;
    let older = jobs.len().saturating_sub(LOOKED_AT);
    let newest_first = jobs.iter().enumerate().rev().filter(|(at, job)| *at >= older || live.contains(&job.id()));
    let unseen = newest_first.map(|(_, job)| job).filter(|job| !job.is_seen());
    let told: Vec<_> = unseen.filter_map(|job| Some((job, told(&job.summary().ok()?)))).collect();
    let mut parts = Vec::new();
    for (job, (text, is_told_once)) in told.iter().take(TOLD) {
        parts.push(text.clone());
        if *is_told_once {
            job.mark_seen();
        }
    }
    if told.len() > TOLD {
        parts.push(format!("{} more, which `{word}` lists", told.len() - TOLD));
    }
    Ok((!parts.is_empty()).then(|| format!("Kept jobs: {}", parts.join("; "))))
}

/// A job in a few words, and whether its end needs to be told only once.
fn told(job: &KeptSummary) -> (String, bool) {
    let name = one_line(&job.name).to_string();
    let short: String = name.chars().take(LONGEST_NAME).collect();
    let what = format!("{} {short}{}", job.id, if short.len() < name.len() { "…" } else { "" });
    match &job.state {
        KeptState::Starting | KeptState::Running => {
            let age = SystemTime::now().duration_since(job.created).unwrap_or_default();
            (format!("{what} has run for {}", spent(age)), false)
        }
        KeptState::Ended(end) => (format!("{what}: {end}"), end.outcome != Outcome::Failed),
        _ => (format!("{what}: {}", state(job)), false),
    }
}
