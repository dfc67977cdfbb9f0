//! The options of `jobs.start(..)`: what the map can contain, and what is wrong with it.
//!
//! Knows nothing of who starts the job.

use std::{ops::Deref, time::Duration};

use bgjobs::{After, AnyJob, Group, JobRef, Name, Retry};
use rhai::{Array, Dynamic, EvalAltResult, Map};

use crate::{
    environment::Environment,
    lang::{
        error::{Result, error},
        functions::time::{number_of, shown},
        jobs::StartOptions,
        values::type_name::{display_name, text},
    },
    option_help::OptionHelp,
};

/// The longest time that an option accepts, in seconds: 100 years.
const LONGEST: u64 = 100 * 365 * 24 * 60 * 60;

/// The options of any job.
pub(super) const CHOICES: &[OptionHelp] = &[
    OptionHelp { typed: "daemon: true", what: "neither `wait` nor the end of the shell waits for it" },
    OptionHelp { typed: "name: \"text\"", what: "what the lists show in place of its text" },
    OptionHelp { typed: "log_file: \"path\"", what: "a new file that receives everything it prints" },
    OptionHelp { typed: "log_bytes: 100000", what: "how many bytes of that its log holds; see `help log_bytes`" },
    OptionHelp { typed: "group: \"io\"", what: "the group it belongs to, see `help groups`" },
    OptionHelp { typed: "priority: 1", what: "the higher, the sooner it starts in its group; 0 by default" },
    OptionHelp { typed: "delay: 5", what: "starts it this many seconds from now" },
    OptionHelp { typed: "after: [1, 2]", what: "starts it when these jobs have succeeded" },
    OptionHelp { typed: "after_ended: [1, 2]", what: "starts it when these jobs have ended in any way" },
    OptionHelp { typed: "time_limit: 60", what: "stops it when it has run for this many seconds" },
    OptionHelp { typed: "keep: true", what: "lets it outlive the shell, on Linux; see `help keep`" },
    OptionHelp { typed: "retry: 3", what: "how many times it is tried in all, if it fails" },
    OptionHelp {
        typed: "backoff: 1",
        what: "seconds before the second try, doubled before each further one, up to 60",
    },
];

/// The map that contains a function's options.
pub(super) fn map_of(options: &Dynamic, function: &str, example: &str) -> Result<impl Deref<Target = Map>> {
    Ok(options.read_lock::<Map>().ok_or_else(|| {
        let kind = display_name(options.type_name());
        error(format!("{function}: options go in a map, as in {example}, not as {kind}"))
    })?)
}

/// Reads the options of a job that is started in `environment`; `others` are further ones, already taken out of the map.
pub(super) fn choices(options: &Dynamic, others: &[OptionHelp], environment: &Environment) -> Result<StartOptions> {
    let options = map_of(options, "jobs.start(..)", "jobs.start(f, [5], #{daemon: true})")?;
    let mut choices = StartOptions::default();
    let mut backoff = None;
    for (option, value) in &*options {
        let chosen = &mut choices.options;
        match option.as_str() {
            "daemon" => chosen.daemon = value.as_bool().map_err(|_| wrong(option, "must be true or false", value))?,
            "name" => {
                let name = text(value).map_err(|_| wrong(option, "must be a string", value))?;
                if name.trim().is_empty() {
                    return Err(error("the option `name` must not be empty: the lists would show nothing").into());
                }
                choices.name = Some(name);
            }
            "log_file" => {
                let path = text(value).map_err(|_| wrong(option, "must be the path of a new file", value))?;
                chosen.log_file = Some(environment.resolve(path));
            }
            "log_bytes" => chosen.log_bytes = Some(log_bytes(value)?),
            "group" => chosen.group = Some(group(value)?),
            "priority" => chosen.priority = priority(value)?,
            "delay" => chosen.delay = Some(seconds(option, value)?),
            "after" => chosen.after.extend(jobs(option, value)?.into_iter().map(After::done)),
            "after_ended" => chosen.after.extend(jobs(option, value)?.into_iter().map(After::ended)),
            "time_limit" => chosen.time_limit = Some(time_limit(option, value)?),
            "keep" => choices.keep = value.as_bool().map_err(|_| wrong(option, "must be true or false", value))?,
            "retry" => choices.retry.get_or_insert_default().attempts = attempts(value)?,
            "backoff" => backoff = Some(seconds(option, value)?),
            _ => return Err(unknown(option, CHOICES.iter().chain(others)).into()),
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
    if choices.keep && !cfg!(target_os = "linux") {
        return Err(error("the option `keep` needs Linux").into());
    }
    if choices.keep && choices.retry.is_some() {
        let text =
            "the options `keep` and `retry` exclude each other: nobody is there to try again once the shell is left";
        return Err(error(text).into());
    }
    Ok(choices)
}

/// What to say of an option that is none of `all`.
pub(super) fn unknown<'a>(option: &str, all: impl IntoIterator<Item = &'a OptionHelp>) -> EvalAltResult {
    let all: Vec<_> = all.into_iter().map(|option| option.typed).collect();
    let (last, rest) = all.split_last().expect("there are options");
    error(format!("there is no option `{option}`; there are {} and {last}", rest.join(", ")))
}

fn wrong(option: &str, wanted: &str, value: &Dynamic) -> EvalAltResult {
    error(format!("the option `{option}` {wanted}, not of type {}", display_name(value.type_name())))
}

/// The name of a group, or the group itself.
fn group(value: &Dynamic) -> Result<Name> {
    if let Some(group) = value.read_lock::<Group>() {
        return Ok(group.name().clone());
    }
    let name = text(value).map_err(|_| wrong("group", "must be the name of a group, such as \"io\"", value))?;
    if name.is_empty() {
        return Err(error("the option `group` must be the name of a group, such as \"io\", and not empty").into());
    }
    Ok(name.into())
}

fn priority(value: &Dynamic) -> Result<i32> {
    let number =
        value.as_int().map_err(|_| wrong("priority", "must be a whole number: the higher, the sooner", value))?;
    let most = i32::MAX;
    Ok(i32::try_from(number)
        .map_err(|_| error(format!("the option `priority` must be a number from -{most} to {most}, not {number}")))?)
}

fn attempts(value: &Dynamic) -> Result<u32> {
    let number = value.as_int().map_err(|_| wrong("retry", "must be a number of tries, such as 3", value))?;
    let attempts = u32::try_from(number).ok().filter(|&attempts| attempts > 0);
    Ok(attempts.ok_or_else(|| {
        let most = u32::MAX;
        error(format!("the option `retry` must be a number of tries from 1 to {most}, not {number}"))
    })?)
}

fn log_bytes(value: &Dynamic) -> Result<usize> {
    let bytes = value.as_int().map_err(|_| wrong("log_bytes", "must be a number of bytes, such as 100000", value))?;
    match usize::try_from(bytes) {
        Ok(bytes @ 1..) => Ok(bytes),
        _ => Err(error(format!("the option `log_bytes` must be 1 byte or more, not {bytes}")).into()),
    }
}

/// A time in seconds, up to [`LONGEST`].
pub(super) fn seconds(option: &str, value: &Dynamic) -> Result<Duration> {
    let seconds = number(option, value)?;
    #[expect(clippy::cast_precision_loss, reason = "it is far too small to lose any")]
    if seconds > LONGEST as f64 {
        let seconds = shown(seconds);
        return Err(error(format!(
            "the option `{option}` is too long; it is a time in seconds, at most {LONGEST} (100 years), not {seconds}"
        ))
        .into());
    }
    Ok(Duration::try_from_secs_f64(seconds).map_err(|_| {
        error(format!("the option `{option}` must be a time in seconds, 0 or more, not {}", shown(seconds)))
    })?)
}

/// A time limit, which can't be 0.
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
    Ok(number_of(value).ok_or_else(|| wrong(option, "must be a time in seconds, such as 0.5", value))?)
}

/// A job, its number, or an array of these.
fn jobs(option: &str, value: &Dynamic) -> Result<Vec<JobRef>> {
    if let Some(all) = value.read_lock::<Array>() {
        return all.iter().map(|value| job(option, value)).collect();
    }
    job(option, value).map(|job| vec![job])
}

fn job(option: &str, value: &Dynamic) -> Result<JobRef> {
    if let Some(job) = value.read_lock::<AnyJob>() {
        return Ok((&*job).into());
    }
    let wanted = "must be a job, its number, or an array of these, such as [1, 2]";
    let number = value.as_int().map_err(|_| wrong(option, wanted, value))?;
    let number = u64::try_from(number).map_err(|_| error(format!("Job #{number} not found")))?;
    Ok(number.into())
}
