//! Jobs and groups as candidates.
//!
//! Knows nothing of where in the code a word stands.

use std::collections::{BTreeMap, BTreeSet};

#[cfg(target_os = "linux")]
use bgjobs::KeptSummary;
use bgjobs::{AnyJob, Group, one_line};

use super::menu::Candidate;
#[cfg(target_os = "linux")]
use crate::lang::kept_jobs;
use crate::{
    commands::Fitting,
    lang::{Words, held_jobs, is_of_word},
    selection,
};

/// The jobs that a word is useful for.
fn jobs(words: &Words, fitting: Fitting) -> Vec<AnyJob> {
    words.jobs.handle.all().into_iter().filter(|job| fitting.fits(job, &words.jobs)).collect()
}

/// The numbers of the jobs that a word is useful for, with their names.
pub(super) fn numbers(words: &Words, fitting: Fitting) -> Vec<Candidate> {
    jobs(words, fitting).iter().map(numbered).collect()
}

fn numbered(job: &AnyJob) -> Candidate {
    Candidate::new(job.id().to_string(), one_line(job.name()).to_string())
}

/// The numbers of jobs with their names; once something is typed, also whatever else selects some of them.
pub(super) fn selections(words: &Words, fitting: Fitting, typed: &str) -> Vec<Candidate> {
    let jobs = jobs(words, fitting);
    let mut candidates: Vec<_> = jobs.iter().map(numbered).collect();
    if typed.is_empty() {
        return candidates;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let is_offered = |name: &&str| is_word(name) && !name.starts_with(|c: char| c.is_ascii_digit());
    for job in &jobs {
        let names: BTreeSet<_> =
            selection::names(job).filter(is_offered).chain(selection::states(job.state())).collect();
        for name in names {
            *counts.entry(name).or_default() += 1;
        }
    }
    for (name, value) in words.names.variables() {
        let held = held_jobs(value).unwrap_or_default();
        let count = held.iter().filter(|job| fitting.fits(job, &words.jobs)).count();
        if count > 0 {
            counts.insert(name, count);
        }
    }
    candidates.extend(counts.into_iter().map(|(name, count)| {
        Candidate::new(name, if count == 1 { "1 job".to_owned() } else { format!("{count} jobs") })
    }));
    candidates
}

/// The groups, each with what is known of it, without its name.
pub(super) fn groups(words: &Words) -> impl Iterator<Item = (Group, String)> {
    words.jobs.handle.groups().into_iter().map(|group| {
        let all = group.to_string();
        let about = all.strip_prefix(&format!("{}: ", group.name())).unwrap_or(&all).to_owned();
        (group, about)
    })
}

/// Whether a name can be typed without quotes.
pub(super) fn is_word(name: &str) -> bool {
    name.chars().all(|c| is_of_word(c) || c == '-')
}

/// The kept jobs that run.
#[cfg(target_os = "linux")]
pub(super) fn kept() -> Vec<Candidate> {
    let live = kept_jobs().and_then(|kept| kept.live().map_err(|error| error.to_string())).unwrap_or_default();
    let summaries = live.iter().filter_map(|kept| kept.summary().ok());
    let note = |summary: &KeptSummary| format!("{}, {}", one_line(&summary.name), bgjobs_cli::listing::state(summary));
    summaries.map(|summary| Candidate::new(summary.id.to_string(), note(&summary))).collect()
}
