//! `bgjobs stop`, `rm` and `sweep`: the end of kept jobs, and of what is kept of them.
//!
//! Knows nothing of how a command is ended.

use std::time::Duration;

use bgjobs::{KeptError, KeptJob, KeptState, Retention, Stream};
use lexopt::{Parser, ValueExt};

use crate::{
    listing, output, text,
    word::{STILL_RUNNING, Trouble, job, jobs},
};

pub(crate) const STOP: &str = "\
Usage: bgjobs stop JOB

Ends a job with all processes that it started: SIGTERM, and SIGKILL after a second.
The exit status is 0 if it has ended, 124 if it still runs.";

pub(crate) const RM: &str = "\
Usage: bgjobs rm JOB...

Removes jobs that have ended, with their output.";

pub(crate) const SWEEP: &str = "\
Usage: bgjobs sweep [--jobs COUNT] [--output BYTES]

Removes old jobs and old output, but no failed or lost job before `wait` or `result` has
shown its end. Each job that ends does a part of this.

  --jobs COUNT    how many jobs stay, the newest, instead of 200
  --output BYTES  how much output stays, the newest, instead of 2G

`retention.json` in the folder of kept jobs, such as {\"jobs\": 500}, sets other defaults.";

/// How long a command has between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(1);

/// How long a stop waits for the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// The words of a command line without options.
fn values(mut parser: Parser) -> Result<Vec<std::ffi::OsString>, Trouble> {
    let mut values = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Value(value) => values.push(value),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(values)
}

pub(crate) fn stop(parser: Parser) -> Result<u8, Trouble> {
    let mut words = values(parser)?.into_iter();
    let job = job(&jobs()?, words.next())?;
    if let Some(more) = words.next() {
        return Err(lexopt::Arg::Value(more).unexpected().into());
    }
    let state = end(&job, "bgjobs stop").map_err(Trouble::refused)?;
    output::write(Stream::Out, &listing::line(&job.summary()));
    Ok(if state.is_over() { 0 } else { STILL_RUNNING })
}

/// Ends a job, and says where it stands then; `reason` is what its end will say.
///
/// # Errors
///
/// A [`KeptError`] if it is gone, or its folder can't be written.
pub fn end(job: &KeptJob, reason: &'static str) -> Result<KeptState, KeptError> {
    job.ask_stop(reason, GRACE)?;
    job.wait_timeout(PATIENCE)
}

pub(crate) fn rm(parser: Parser) -> Result<u8, Trouble> {
    let kept = jobs()?;
    let words = values(parser)?;
    if words.is_empty() {
        job(&kept, None)?;
    }
    for word in words {
        job(&kept, Some(word))?.remove().map_err(Trouble::refused)?;
    }
    Ok(0)
}

pub(crate) fn sweep(mut parser: Parser) -> Result<u8, Trouble> {
    use lexopt::prelude::Long;
    let kept = jobs()?;
    let mut retention: Retention = kept.retention();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("jobs") => retention.jobs = parser.value()?.parse()?,
            Long("output") => {
                let word = parser.value()?.string()?;
                let size = text::typed_bytes(&word);
                retention.output = size
                    .ok_or_else(|| format!("`{word}` is no size: write 500M or 2G"))
                    .map_err(lexopt::Error::from)?;
            }
            _ => return Err(argument.unexpected().into()),
        }
    }
    let swept = kept.sweep(retention).map_err(Trouble::refused)?;
    let count = |count: usize| if count == 1 { "1 job".to_owned() } else { format!("{count} jobs") };
    let (jobs, outputs) = (count(swept.jobs.len()), count(swept.outputs.len()));
    output::write(Stream::Out, &format!("Removed {jobs}, and the output of {outputs}"));
    Ok(0)
}
