//! Sleeping, and the current time.

use std::time::{Duration, SystemTime};

use rhai::{Dynamic, export_module};

use crate::lang::{
    error::{Result, error, stopped},
    eval::evaluation::Evaluation,
};

#[export_module]
pub(super) mod of_time {
    use rhai::NativeCallContext;

    use super::{Evaluation, Result, SystemTime, stopped, time};

    /// The seconds since the start of 1970.
    #[rhai_fn(volatile)]
    pub(super) fn now() -> f64 {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    }

    /// Sleeps for this many seconds.
    #[rhai_fn(name = "sleep", return_raw)]
    pub(super) fn sleep_whole(context: NativeCallContext<'_>, seconds: i64) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "only centuries lose precision")]
        sleep(context, seconds as f64)
    }

    /// Sleeps for this many seconds.
    #[rhai_fn(return_raw)]
    pub(super) fn sleep(context: NativeCallContext<'_>, seconds: f64) -> Result<()> {
        let time = time("sleep", seconds)?;
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.call_stack.enter_native(&context);
        Ok(evaluation.context.sleep(time).map_err(|_| stopped())?)
    }
}

/// The longest time that a function accepts, in seconds; a `Duration` can't be much longer.
const LONGEST: f64 = 1e19;

/// A time in seconds that was passed to the function `name`.
pub(crate) fn time(name: &str, seconds: f64) -> Result<Duration> {
    let wrong = |what: &str| error(format!("{name}({}): the time {what}", shown(seconds)));
    if seconds > LONGEST {
        return Err(wrong("is too long; it is in seconds, at most 1e19").into());
    }
    Ok(Duration::try_from_secs_f64(seconds).map_err(|_| wrong("must be in seconds, 0 or more, such as 0.5"))?)
}

/// A number of seconds, with or without a decimal point.
#[expect(clippy::cast_precision_loss, reason = "only centuries lose precision")]
pub(crate) fn number_of(seconds: &Dynamic) -> Option<f64> {
    seconds.as_float().ok().or_else(|| seconds.as_int().ok().map(|seconds| seconds as f64))
}

/// A number of seconds, without hundreds of digits.
pub(crate) fn shown(seconds: f64) -> String {
    if seconds.abs() < 1e15 { seconds.to_string() } else { format!("{seconds:e}") }
}
