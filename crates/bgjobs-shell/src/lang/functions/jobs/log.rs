//! What a job printed, as data: the texts of its lines, or the lines with their times.

use std::time::Duration;

use bgjobs::{AnyJob, Line, Stream};
use rhai::{Array, Dynamic, Map, Module, NativeCallContext, export_module, exported_module, serde::to_dynamic};

use crate::{
    lang::{
        error::{Result, error},
        eval::evaluation::Evaluation,
        values::type_name::{text, word},
    },
    log_filter::Lines,
};

/// The functions as a module.
pub(super) fn module() -> Module {
    exported_module!(of_log)
}

#[export_module]
mod of_log {
    use super::{AnyJob, Array, Lines, Map, NativeCallContext, Result, choice, texts, whole};

    /// The lines that the job printed.
    #[rhai_fn(get = "log", pure)]
    pub(super) fn log(context: NativeCallContext<'_>, job: &mut AnyJob) -> Array {
        texts(&context, job, Lines::default())
    }

    /// Those lines that the job printed in the last `since` seconds, to the `stream` "out" or "err", the `last` so many.
    #[rhai_fn(name = "log", pure, return_raw)]
    pub(super) fn some_of_log(context: NativeCallContext<'_>, job: &mut AnyJob, choices: Map) -> Result<Array> {
        Ok(texts(&context, job, choice("log", &choices)?))
    }

    /// The lines that the job printed, each with its time and its stream.
    #[rhai_fn(get = "lines", pure, return_raw)]
    pub(super) fn lines(context: NativeCallContext<'_>, job: &mut AnyJob) -> Result<Array> {
        whole(&context, job, Lines::default())
    }

    /// Lines as `log(#{..})` finds them, each with its time and its stream.
    #[rhai_fn(name = "lines", pure, return_raw)]
    pub(super) fn some_lines(context: NativeCallContext<'_>, job: &mut AnyJob, choices: Map) -> Result<Array> {
        whole(&context, job, choice("lines", &choices)?)
    }
}

fn texts(context: &NativeCallContext<'_>, job: &AnyJob, lines: Lines) -> Array {
    read(context, job, lines).into_iter().map(|line| line.text.into()).collect()
}

fn whole(context: &NativeCallContext<'_>, job: &AnyJob, lines: Lines) -> Result<Array> {
    read(context, job, lines).iter().map(to_dynamic).collect()
}

fn read(context: &NativeCallContext<'_>, job: &AnyJob, lines: Lines) -> Vec<Line> {
    // Before the reading: what is printed meanwhile stays new.
    Evaluation::of(context).jobs.note_looked(job, job.printed());
    lines.of(&job.log())
}

/// Which lines are meant by a map of choices.
fn choice(function: &str, choices: &Map) -> Result<Lines> {
    let mut lines = Lines::default();
    for (choice, value) in choices {
        let refuse = |wants: &str| error(format!("{function}(..): `{choice}` is {wants}, not {}", shown(value)));
        match choice.as_str() {
            "since" => {
                #[expect(clippy::cast_precision_loss, reason = "so many seconds that it matters are centuries")]
                let seconds = value.as_float().or_else(|_| value.as_int().map(|seconds| seconds as f64));
                let age = seconds.ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
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
            _ => {
                let text = format!(
                    "{function}(..): there is no choice `{choice}`; there are `since: 30`, `last: 20` and `stream: \"err\"`"
                );
                return Err(error(text).into());
            }
        }
    }
    Ok(lines)
}

/// A wrong value, or the type of what is no plain one.
fn shown(value: &Dynamic) -> String {
    match text(value) {
        Ok(text) => format!("{text:?}"),
        Err(_) if value.is_int() || value.is_float() || value.is_bool() => value.to_string(),
        Err(kind) => format!("of the type {}", word(kind)),
    }
}
