//! What a single job can do.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bgjobs::{AnyJob, Attempt, WaitError};
use rhai::{Dynamic, Map, NativeCallContext, export_module};

use super::{
    original::{PATIENCE, REASON, number, print_traceback, value},
    summary::folder_of,
};
use crate::lang::{
    error::{Result, error, stopped},
    eval::{again::again, evaluation::Evaluation},
    functions::time::time,
    jobs::{Done, Origin, OriginCode},
    values::value::Value,
};

#[export_module]
pub(super) mod of_one {
    use rhai::{Array, Map, NativeCallContext};

    use super::{
        AnyJob, Done, Dynamic, Evaluation, OriginCode, PATIENCE, REASON, Result, attempt, folder_of, given, number,
        print_traceback, started, time, value, wait,
    };

    /// The number of the job.
    #[rhai_fn(get = "num", pure)]
    pub(super) fn num(job: &mut AnyJob) -> i64 {
        number(job)
    }

    /// The job's name.
    #[rhai_fn(get = "name", pure)]
    pub(super) fn name(job: &mut AnyJob) -> String {
        job.name().to_string()
    }

    /// The job's name, as the original calls it.
    #[rhai_fn(get = "strform", pure)]
    pub(super) fn strform(job: &mut AnyJob) -> String {
        name(job)
    }

    /// The state of the job, in the original's words.
    #[rhai_fn(get = "status", pure)]
    pub(super) fn status(context: NativeCallContext<'_>, job: &mut AnyJob) -> String {
        Evaluation::of(&context).jobs.note_read(job);
        job.status().to_owned()
    }

    /// The state of the job in one word: created, queued, running, stopping, done, failed or stopped.
    #[rhai_fn(get = "state", pure)]
    pub(super) fn state(context: NativeCallContext<'_>, job: &mut AnyJob) -> String {
        Evaluation::of(&context).jobs.note_read(job);
        job.state().to_string()
    }

    /// The state of the job as the original's number: 0 created, 1 running, 2 completed, -1 dead.
    #[rhai_fn(get = "stat_code", pure)]
    pub(super) fn stat_code(context: NativeCallContext<'_>, job: &mut AnyJob) -> i64 {
        Evaluation::of(&context).jobs.note_read(job);
        job.stat_code().into()
    }

    /// Whether the job has ended: false, true, or `()` if it died.
    #[rhai_fn(get = "finished", pure)]
    pub(super) fn finished(job: &mut AnyJob) -> Dynamic {
        match job.stat_code() {
            2 => true.into(),
            -1 => Dynamic::UNIT,
            _ => false.into(),
        }
    }

    /// Whether the job has not ended.
    #[rhai_fn(pure)]
    pub(super) fn is_alive(job: &mut AnyJob) -> bool {
        !job.is_finished()
    }

    /// Whether the job is a daemon, which the end does not wait for.
    #[rhai_fn(get = "daemon", pure)]
    pub(super) fn daemon(job: &mut AnyJob) -> bool {
        job.is_daemon()
    }

    /// What the job waits for, one text for each reason; `[]` if it does not wait.
    #[rhai_fn(pure)]
    pub(super) fn why(job: &mut AnyJob) -> Array {
        job.why().into_iter().map(|waiting| waiting.to_string().into()).collect()
    }

    /// The name of the group of the job, or `()`.
    #[rhai_fn(get = "group", pure)]
    pub(super) fn group(job: &mut AnyJob) -> Dynamic {
        job.group().map_or(Dynamic::UNIT, |group| group.to_string().into())
    }

    /// The attempts of a job that is retried: for each its number, how many seconds it ran, and why it failed, or `()`.
    #[rhai_fn(get = "attempts", pure)]
    pub(super) fn attempts(job: &mut AnyJob) -> Array {
        job.attempts().into_iter().map(attempt).collect()
    }

    /// The value of the job.
    #[rhai_fn(get = "result", pure)]
    pub(super) fn result(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        value(&Evaluation::of(&context), job)
    }

    /// The names that the job set or changed for itself.
    #[rhai_fn(get = "names", pure)]
    pub(super) fn names(context: NativeCallContext<'_>, job: &mut AnyJob) -> Map {
        let evaluation = Evaluation::of(&context);
        let Ok(job) = job.clone().downcast::<Done>() else { return Map::new() };
        let Some(Ok(done)) = job.outcome() else { return Map::new() };
        let mut cells = evaluation.cells();
        done.own_names().iter().map(|(name, own)| (name.as_str().into(), cells.thaw(&own.value))).collect()
    }

    /// The text that the job evaluates, or `()` for a call.
    #[rhai_fn(get = "expression", pure)]
    pub(super) fn expression(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        match started(&context, job).as_ref().map(|origin| &origin.code) {
            Some(OriginCode::Expression { text, .. }) => text.to_string().into(),
            _ => Dynamic::UNIT,
        }
    }

    /// The first map of names that was given with the text, or `()`.
    #[rhai_fn(get = "glob", pure)]
    pub(super) fn glob(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        given(&context, job, <[_]>::first)
    }

    /// The last map of names that was given with the text, or `()`.
    #[rhai_fn(get = "loc", pure)]
    pub(super) fn loc(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        given(&context, job, <[_]>::last)
    }

    /// The function that the job calls, or `()` for a text.
    #[rhai_fn(get = "func", pure)]
    pub(super) fn func(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        match started(&context, job).as_ref().map(|origin| &origin.code) {
            Some(OriginCode::Call { function, .. }) => Evaluation::of(&context).cells().thaw(function),
            _ => Dynamic::UNIT,
        }
    }

    /// The arguments of the function that the job calls, or `()` for a text.
    #[rhai_fn(get = "args", pure)]
    pub(super) fn arguments(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        let origin = started(&context, job);
        let Some(OriginCode::Call { arguments, .. }) = origin.as_ref().map(|origin| &origin.code) else {
            return Dynamic::UNIT;
        };
        let evaluation = Evaluation::of(&context);
        let mut cells = evaluation.cells();
        arguments.iter().map(|argument| cells.thaw(argument)).collect::<Array>().into()
    }

    /// The number by which all shells know a job that outlives this one, such as "k12", or `()`.
    #[rhai_fn(get = "kept", pure)]
    pub(super) fn kept(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        Evaluation::of(&context).jobs.kept(job).map_or(Dynamic::UNIT, Dynamic::from)
    }

    /// How many seconds the job has run, until now or its end, or `()` if it has not begun.
    #[rhai_fn(get = "ran", pure)]
    pub(super) fn ran(job: &mut AnyJob) -> Dynamic {
        job.times().ran().map_or(Dynamic::UNIT, |ran| ran.as_secs_f64().into())
    }

    /// Starts the job again, with the code, the arguments and the options that it was given, in the folder of its start;
    /// names and functions are those of now. It does not wait again for a time or for other jobs.
    #[rhai_fn(pure, volatile, return_raw)]
    pub(super) fn rerun(context: NativeCallContext<'_>, job: &mut AnyJob) -> Result<AnyJob> {
        again(&Evaluation::of(&context), job)
    }

    /// The folder in which the job was started, or `()` if the shell did not start it.
    #[rhai_fn(get = "folder", pure)]
    pub(super) fn folder(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        folder_of(&Evaluation::of(&context).jobs, job)
    }

    /// The system's number of the thread that runs the job, or `()` if none does.
    #[rhai_fn(get = "ident", pure)]
    pub(super) fn ident(job: &mut AnyJob) -> Dynamic {
        job.thread().map_or(Dynamic::UNIT, |thread| i64::from(thread).into())
    }

    /// Prints the traceback of the job, if it died.
    #[rhai_fn(pure)]
    pub(super) fn traceback(context: NativeCallContext<'_>, job: &mut AnyJob) {
        print_traceback(&Evaluation::of(&context), job);
    }

    /// Waits until the job has ended.
    #[rhai_fn(pure, return_raw)]
    pub(super) fn join(context: NativeCallContext<'_>, job: &mut AnyJob) -> Result<()> {
        wait(&context, job, None)
    }

    /// Waits until the job has ended, at most this many seconds.
    #[rhai_fn(name = "join", pure, return_raw)]
    pub(super) fn join_timeout(context: NativeCallContext<'_>, job: &mut AnyJob, seconds: f64) -> Result<()> {
        wait(&context, job, Some(time("join", seconds)?))
    }

    /// Waits until the job has ended, at most this many seconds.
    #[rhai_fn(name = "join", pure, return_raw)]
    pub(super) fn join_timeout_whole(context: NativeCallContext<'_>, job: &mut AnyJob, seconds: i64) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "only centuries lose precision")]
        join_timeout(context, job, seconds as f64)
    }

    /// Asks the job to stop, and says what happened.
    #[rhai_fn(pure)]
    pub(super) fn stop(context: NativeCallContext<'_>, job: &mut AnyJob) -> String {
        stop_why(context, job, REASON)
    }

    /// Asks the job to stop for that reason, and says what happened.
    #[rhai_fn(name = "stop", pure)]
    pub(super) fn stop_with_character(context: NativeCallContext<'_>, job: &mut AnyJob, reason: char) -> String {
        stop_why(context, job, reason.encode_utf8(&mut [0; 4]))
    }

    /// Asks the job to stop for that reason, and says what happened.
    #[rhai_fn(name = "stop", pure)]
    pub(super) fn stop_why(context: NativeCallContext<'_>, job: &mut AnyJob, reason: &str) -> String {
        let verdict = job.stop(reason.to_owned(), PATIENCE).to_string();
        Evaluation::of(&context).jobs.note_read(job);
        verdict
    }

    /// Why the job was asked to stop, or `()`.
    #[rhai_fn(get = "stop_reason", pure)]
    pub(super) fn stop_reason(job: &mut AnyJob) -> Dynamic {
        job.stop_reason().map_or(Dynamic::UNIT, |reason| reason.to_string().into())
    }

    #[rhai_fn(pure)]
    pub(super) fn to_string(job: &mut AnyJob) -> String {
        job.to_string()
    }

    #[rhai_fn(pure)]
    pub(super) fn to_debug(job: &mut AnyJob) -> String {
        format!("{job:?}")
    }
}

/// What is known about an attempt, as a map.
fn attempt(attempt: Attempt) -> Dynamic {
    let until = attempt.ended.unwrap_or_else(Instant::now);
    let failure = attempt.failure.map_or(Dynamic::UNIT, |failure| failure.to_string().into());
    let parts = [
        ("number", i64::from(attempt.number).into()),
        ("seconds", until.saturating_duration_since(attempt.started).as_secs_f64().into()),
        ("failure", failure),
    ];
    parts.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>().into()
}

fn started(context: &NativeCallContext<'_>, job: &AnyJob) -> Option<Arc<Origin>> {
    Evaluation::of(context).jobs.origin(job)
}

/// One of the maps of names that were given with a text.
fn given(context: &NativeCallContext<'_>, job: &AnyJob, which: fn(&[Value]) -> Option<&Value>) -> Dynamic {
    let origin = started(context, job);
    let Some(OriginCode::Expression { given, .. }) = origin.as_ref().map(|origin| &origin.code) else {
        return Dynamic::UNIT;
    };
    which(given).map_or(Dynamic::UNIT, |names| Evaluation::of(context).cells().thaw(names))
}

/// Waits for a job, or for a stop.
fn wait(context: &NativeCallContext<'_>, job: &AnyJob, timeout: Option<Duration>) -> Result<()> {
    let evaluation = Evaluation::of(context);
    evaluation.may_wait()?;
    let _inside = evaluation.call_stack.enter_native(context);
    let context = &evaluation.context;
    let result = timeout.map_or_else(|| context.wait_for(job), |timeout| context.wait_for_timeout(job, timeout));
    match result {
        Ok(()) | Err(WaitError::TimedOut { .. }) => Ok(()),
        Err(WaitError::Stopped(_)) => Err(stopped().into()),
        Err(cause) => Err(error(cause.to_string()).into()),
    }
}
