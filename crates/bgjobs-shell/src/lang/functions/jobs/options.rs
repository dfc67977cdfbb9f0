//! The options of `jobs.start(..)`: what stands in the map, and what is wrong with it.

use std::{ops::Deref, time::Duration};

use bgjobs::{After, AnyJob, Group, JobId, Name, Retry};
use rhai::{Array, Dynamic, EvalAltResult, Map};

use crate::lang::{
    error::{Result, error},
    eval::start::Choices,
    functions::time::shown,
    values::type_name::{text, word},
};

/// The longest time that an option takes, in seconds: 100 years.
const LONGEST: u64 = 100 * 365 * 24 * 60 * 60;

/// What can stand in the map.
pub(super) struct Choice {
    /// As it is typed.
    pub(super) typed: &'static str,
    /// What it does.
    pub(super) what: &'static str,
}

/// What can stand in the map for any job.
const CHOICES: &[Choice] = &[
    Choice { typed: "daemon: true", what: "neither `wait` nor the end of the shell waits for it" },
    Choice { typed: "name: \"text\"", what: "what the lists show in place of its text" },
    Choice { typed: "log_file: \"path\"", what: "a new file that gets all it prints" },
    Choice { typed: "group: \"io\"", what: "the group whose limit it starts under, see `help groups`" },
    Choice { typed: "priority: 1", what: "the higher, the sooner it starts in its group; else 0" },
    Choice { typed: "delay: 5", what: "it starts so many seconds from now" },
    Choice { typed: "after: [1, 2]", what: "it starts when these jobs have ended well" },
    Choice { typed: "after_ended: [1, 2]", what: "it starts when these jobs have ended in any way" },
    Choice { typed: "time_limit: 60", what: "it is stopped when it has run for so many seconds" },
    Choice { typed: "retry: 3", what: "how often it is tried in all, if it fails" },
    Choice {
        typed: "backoff: 1",
        what: "the seconds before the second try, twice as many before each further, up to 60",
    },
];

/// Each option of `jobs.start(..)` in a line.
pub(super) fn lines() -> impl Iterator<Item = String> {
    lines_of(CHOICES)
}

/// Each option in a line.
pub(super) fn lines_of(choices: &[Choice]) -> impl Iterator<Item = String> {
    choices.iter().map(|Choice { typed, what }| format!("{typed:<21}{what}"))
}

/// The map in which a function gets its options.
pub(super) fn map_of(options: &Dynamic, function: &str, example: &str) -> Result<impl Deref<Target = Map>> {
    Ok(options.read_lock::<Map>().ok_or_else(|| {
        let kind = word(options.type_name());
        error(format!("{function}: the options are given in a map, as in {example}, not as {kind}"))
    })?)
}

/// Reads the options of a job; `others` are those that were taken out of the map before.
pub(super) fn choices(options: &Dynamic, others: &[Choice]) -> Result<Choices> {
    let options = map_of(options, "jobs.start(..)", "jobs.start(f, [5], #{daemon: true})")?;
    let mut choices = Choices::default();
    let mut backoff = None;
    for (option, value) in &*options {
        let chosen = &mut choices.options;
        match option.as_str() {
            "daemon" => chosen.daemon = value.as_bool().map_err(|_| wrong(option, "is true or false", value))?,
            "name" => choices.name = Some(text(value).map_err(|_| wrong(option, "is a string", value))?),
            "log_file" => {
                let path = text(value).map_err(|_| wrong(option, "is the path of a new file", value))?;
                chosen.log_file = Some(path.into());
            }
            "group" => chosen.group = Some(group(value)?),
            "priority" => chosen.priority = priority(value)?,
            "delay" => chosen.delay = Some(seconds(option, value)?),
            "after" => chosen.after.extend(jobs(option, value)?.into_iter().map(After::Done)),
            "after_ended" => chosen.after.extend(jobs(option, value)?.into_iter().map(After::Ended)),
            "time_limit" => chosen.time_limit = Some(time_limit(option, value)?),
            "retry" => choices.retry.get_or_insert_default().attempts = attempts(value)?,
            "backoff" => backoff = Some(seconds(option, value)?),
            _ => return Err(unknown(option, others).into()),
        }
    }
    match (&mut choices.retry, backoff) {
        (Some(retry), Some(backoff)) => *retry = Retry { backoff, longest: backoff.max(retry.longest), ..*retry },
        (None, Some(_)) => {
            let text = "the option `backoff` is the pause before a `retry`, as in #{retry: 3, backoff: 1}";
            return Err(error(text).into());
        }
        (_, None) => {}
    }
    Ok(choices)
}

fn unknown(option: &str, others: &[Choice]) -> EvalAltResult {
    let all: Vec<_> = CHOICES.iter().chain(others).map(|choice| choice.typed).collect();
    let (last, rest) = all.split_last().expect("there are options");
    error(format!("there is no option `{option}`; there are {} and {last}", rest.join(", ")))
}

fn wrong(option: &str, wanted: &str, value: &Dynamic) -> EvalAltResult {
    error(format!("the option `{option}` {wanted}, not of the type {}", word(value.type_name())))
}

/// The name of a group, which may be given as the group itself.
fn group(value: &Dynamic) -> Result<Name> {
    if let Some(group) = value.read_lock::<Group>() {
        return Ok(Name::from(&*group));
    }
    let name = text(value).map_err(|_| wrong("group", "is the name of a group, as \"io\"", value))?;
    if name.is_empty() {
        return Err(error("the option `group` is the name of a group, as \"io\", and not empty").into());
    }
    Ok(name.into())
}

fn priority(value: &Dynamic) -> Result<i32> {
    let number = value.as_int().map_err(|_| wrong("priority", "is a whole number: the higher, the sooner", value))?;
    let most = i32::MAX;
    Ok(i32::try_from(number)
        .map_err(|_| error(format!("the option `priority` is a number from -{most} to {most}, not {number}")))?)
}

fn attempts(value: &Dynamic) -> Result<u32> {
    let number = value.as_int().map_err(|_| wrong("retry", "is how often a job is tried, as 3", value))?;
    match u32::try_from(number) {
        Ok(attempts @ 1..) => Ok(attempts),
        _ => Err(error(format!("the option `retry` is how often a job is tried, 1 or more, not {number}")).into()),
    }
}

/// A time in seconds, up to [`LONGEST`].
pub(super) fn seconds(option: &str, value: &Dynamic) -> Result<Duration> {
    let seconds = number(option, value)?;
    #[expect(clippy::cast_precision_loss, reason = "it is far smaller than what loses any")]
    if seconds > LONGEST as f64 {
        let seconds = shown(seconds);
        return Err(error(format!(
            "the option `{option}` is too long; it is a time in seconds, {LONGEST} (100 years) at most, not {seconds}"
        ))
        .into());
    }
    Ok(Duration::try_from_secs_f64(seconds)
        .map_err(|_| error(format!("the option `{option}` is a time in seconds, 0 or more, not {}", shown(seconds))))?)
}

/// A time in which something can be done.
fn time_limit(option: &str, value: &Dynamic) -> Result<Duration> {
    let limit = seconds(option, value)?;
    if limit.is_zero() {
        let seconds = shown(number(option, value)?);
        return Err(error(format!(
            "with a `{option}` of {seconds} the job would be stopped at once; leave it out for no limit"
        ))
        .into());
    }
    Ok(limit)
}

fn number(option: &str, value: &Dynamic) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "so many seconds that it matters are centuries")]
    let seconds = value.as_float().or_else(|_| value.as_int().map(|seconds| seconds as f64));
    Ok(seconds.map_err(|_| wrong(option, "is a time in seconds, as 0.5", value))?)
}

/// A job, its number, or several of these in an array.
fn jobs(option: &str, value: &Dynamic) -> Result<Vec<JobId>> {
    if let Some(all) = value.read_lock::<Array>() {
        return all.iter().map(|value| job(option, value)).collect();
    }
    job(option, value).map(|job| vec![job])
}

fn job(option: &str, value: &Dynamic) -> Result<JobId> {
    if let Some(job) = value.read_lock::<AnyJob>() {
        return Ok(job.id());
    }
    let wanted = "is a job, its number, or an array of these, as [1, 2]";
    let number = value.as_int().map_err(|_| wrong(option, wanted, value))?;
    let number = u64::try_from(number).map_err(|_| error(format!("Job #{number} not found")))?;
    Ok(number.into())
}
