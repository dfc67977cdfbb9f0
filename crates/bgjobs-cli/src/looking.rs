//! `bgjobs ps`, `wait` and `result`: where kept jobs stand.
//!
//! Knows nothing of how that is put in words.

use bgjobs::{KeptJob, KeptState, Outcome, Stream};
use lexopt::Parser;
use serde_json::Value as Json;

use crate::{
    listing::{self, Read},
    output, text,
    word::{STILL_RUNNING, Trouble, job, jobs, time},
};

pub(crate) const PS: &str = "\
Usage: bgjobs ps [--all] [--json]

Lists the jobs that run, and the newest 20.

  --all   lists all jobs
  --json  shows all that is known of each, as a JSON list";

pub(crate) const WAIT: &str = "\
Usage: bgjobs wait JOB [--for TIME] [--json]

Waits until a job has ended, and says how. The exit status is that of its command, 124 if
the job still runs, 130 if it was stopped, 125 if it is lost, 2 if there is no such job.

  --for TIME  waits for this time at most: 50s, 5m
  --json      shows all that is known, as JSON: it tells a command's own 124 apart";

pub(crate) const RESULT: &str = "\
Usage: bgjobs result JOB [--json]

Shows what a job was, and how it ended, without waiting. The exit status is that of
`bgjobs wait`.

  --json  shows all that is known, as JSON";

pub(crate) fn ps(mut parser: Parser) -> Result<u8, Trouble> {
    use lexopt::prelude::Long;
    let (mut all, mut as_json) = (false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("all") => all = true,
            Long("json") => as_json = true,
            _ => return Err(argument.unexpected().into()),
        }
    }
    let kept = jobs()?;
    let listed = listing::listed(&kept, all).map_err(Trouble::refused)?;
    let read: Vec<_> = listed.iter().map(KeptJob::summary).collect();
    let shown = if as_json {
        let jobs = listed.iter().zip(&read).map(|(job, read)| text::json(job.id(), read));
        Json::from(jobs.collect::<Vec<_>>()).to_string()
    } else {
        listing::listing(&read)
    };
    output::write(Stream::Out, &shown);
    Ok(0)
}

pub(crate) fn wait(mut parser: Parser) -> Result<u8, Trouble> {
    use lexopt::prelude::{Long, Value};
    let (mut word, mut limit, mut as_json) = (None, None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("for") => limit = Some(time(parser.value()?)?),
            Long("json") => as_json = true,
            Value(value) if word.is_none() => word = Some(value),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let job = job(&jobs()?, word)?;
    limit.map_or_else(|| job.wait(), |limit| job.wait_timeout(limit)).map_err(Trouble::refused)?;
    show(&job, as_json, listing::line)
}

pub(crate) fn result(mut parser: Parser) -> Result<u8, Trouble> {
    use lexopt::prelude::{Long, Value};
    let (mut word, mut as_json) = (None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("json") => as_json = true,
            Value(value) if word.is_none() => word = Some(value),
            _ => return Err(argument.unexpected().into()),
        }
    }
    show(&job(&jobs()?, word)?, as_json, text::whole)
}

/// Shows a job, after which its end has been seen; returns the exit status that tells where it stands.
fn show(job: &KeptJob, as_json: bool, in_words: fn(&Read) -> String) -> Result<u8, Trouble> {
    let summary = job.summary();
    let shown = if as_json { text::json(job.id(), &summary).to_string() } else { told(job, &summary, in_words) };
    let state = summary.map_err(Trouble::refused)?.state;
    output::write(Stream::Out, &shown);
    job.mark_seen();
    Ok(code(&state))
}

/// What is known of a job in words, with what still runs of it if it is lost.
#[must_use]
pub fn told(job: &KeptJob, read: &Read, in_words: fn(&Read) -> String) -> String {
    let is_lost = read.as_ref().is_ok_and(|job| matches!(job.state, KeptState::Lost(_)));
    let strays = if is_lost { text::strays(job.id(), job.strays().len()) } else { String::new() };
    format!("{}{strays}", in_words(read))
}

/// The exit status that tells where a job stands.
fn code(state: &KeptState) -> u8 {
    match state {
        KeptState::Ended(end) if end.outcome == Outcome::Stopped => 130,
        KeptState::Ended(end) => end.code(),
        KeptState::Lost(_) => 125,
        _ => STILL_RUNNING,
    }
}
