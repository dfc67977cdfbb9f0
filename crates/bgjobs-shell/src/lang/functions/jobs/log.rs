//! A job's output as data: lines as strings, or with their times.

use std::time::Duration;

use bgjobs::{AnyJob, Line, Stream};
use rhai::{Array, Dynamic, Map, NativeCallContext, export_module, serde::to_dynamic};

use super::options::unknown;
use crate::{
    lang::{
        error::{Result, error},
        eval::evaluation::Evaluation,
        functions::time::number_of,
        values::type_name::{display_name, text},
    },
    log_filter::LogFilter,
    option_help::OptionHelp,
};

/// The options of `job.log(..)` and `job.lines(..)`.
pub(super) const CHOICES: &[OptionHelp] = &[
    OptionHelp { typed: "since: 30", what: "only lines of the last 30 seconds" },
    OptionHelp { typed: "last: 20", what: "only the last 20 lines" },
    OptionHelp { typed: "stream: \"err\"", what: "only lines of standard error; \"out\" for standard output" },
];

#[export_module]
pub(super) mod of_log {
    use super::{AnyJob, Array, LogFilter, Map, NativeCallContext, Result, choice, texts, whole};

    /// The lines that the job printed, the unfinished ones last.
    #[rhai_fn(get = "log", pure)]
    pub(super) fn log(context: NativeCallContext<'_>, job: &mut AnyJob) -> Array {
        texts(&context, job, &LogFilter::default())
    }

    /// The lines that the job printed in the last `since` seconds, to the `stream` "out" or "err", only the `last` so
    /// many.
    #[rhai_fn(name = "log", pure, return_raw)]
    pub(super) fn some_of_log(context: NativeCallContext<'_>, job: &mut AnyJob, choices: Map) -> Result<Array> {
        Ok(texts(&context, job, &choice("log", &choices)?))
    }

    /// How many of its oldest lines made room for newer ones: a log holds `log_bytes`, and a `log_file` all.
    #[rhai_fn(get = "missed", pure)]
    pub(super) fn missed(job: &mut AnyJob) -> i64 {
        LogFilter::default().of(&job.log()).1.try_into().unwrap_or(i64::MAX)
    }

    /// What the job printed since the last line break, such as a question or a progress bar.
    #[rhai_fn(get = "pending", pure)]
    pub(super) fn pending(job: &mut AnyJob) -> Array {
        job.log().pending().into_iter().map(|line| line.text.into()).collect()
    }

    /// The lines that the job printed, each with its time and its stream.
    #[rhai_fn(get = "lines", pure, return_raw)]
    pub(super) fn lines(context: NativeCallContext<'_>, job: &mut AnyJob) -> Result<Array> {
        whole(&context, job, &LogFilter::default())
    }

    /// The lines that `log(#{..})` returns, each with its time and its stream.
    #[rhai_fn(name = "lines", pure, return_raw)]
    pub(super) fn some_lines(context: NativeCallContext<'_>, job: &mut AnyJob, choices: Map) -> Result<Array> {
        whole(&context, job, &choice("lines", &choices)?)
    }
}

fn texts(context: &NativeCallContext<'_>, job: &AnyJob, lines: &LogFilter) -> Array {
    read(context, job, lines).into_iter().map(|line| line.text.into()).collect()
}

fn whole(context: &NativeCallContext<'_>, job: &AnyJob, lines: &LogFilter) -> Result<Array> {
    read(context, job, lines).iter().map(to_dynamic).collect()
}

fn read(context: &NativeCallContext<'_>, job: &AnyJob, lines: &LogFilter) -> Vec<Line> {
    // Before reading, so that what is printed meanwhile stays unread.
    Evaluation::of(context).jobs.note_looked(job, job.printed());
    lines.of(&job.log()).0
}

/// The filter that a map describes.
fn choice(function: &str, choices: &Map) -> Result<LogFilter> {
    let mut lines = LogFilter::default();
    for (choice, value) in choices {
        let refuse = |wants: &str| error(format!("{function}(..): `{choice}` must be {wants}, not {}", shown(value)));
        match choice.as_str() {
            "since" => {
                let age = number_of(value).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                lines.since = Some(age.ok_or_else(|| refuse("a time in seconds, 0 or more"))?);
            }
            "last" => {
                let count = value.as_int().ok().and_then(|count| usize::try_from(count).ok());
                lines.last = Some(count.ok_or_else(|| refuse("a number of lines, 0 or more"))?);
            }
            "stream" => {
                lines.stream = Some(match text(value).as_deref() {
                    Ok("out") => Stream::Out,
                    Ok("err") => Stream::Err,
                    _ => return Err(refuse("\"out\" or \"err\"").into()),
                });
            }
            _ => return Err(unknown(choice, CHOICES).into()),
        }
    }
    Ok(lines)
}

/// A wrong value, or its type if it is not a simple one.
fn shown(value: &Dynamic) -> String {
    match text(value) {
        Ok(text) => format!("{text:?}"),
        Err(_) if value.is_int() || value.is_float() || value.is_bool() => value.to_string(),
        Err(kind) => format!("of type {}", display_name(kind)),
    }
}
