//! Time: to let it pass, and to know it.

use std::time::{Duration, SystemTime};

use rhai::{Module, export_module, exported_module};

use crate::lang::{
    error::{Result, error, stopped},
    eval::evaluation::Evaluation,
};

/// The functions as a module.
pub(super) fn module() -> Module {
    exported_module!(of_time)
}

#[export_module]
mod of_time {
    use rhai::NativeCallContext;

    use super::{Evaluation, Result, SystemTime, stopped, time};

    /// The seconds since the beginning of 1970.
    #[rhai_fn(volatile)]
    pub(super) fn now() -> f64 {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    }

    /// Sleeps for so many seconds.
    #[rhai_fn(name = "sleep", return_raw)]
    pub(super) fn sleep_whole(context: NativeCallContext<'_>, seconds: i64) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "so many seconds that it matters are centuries")]
        sleep(context, seconds as f64)
    }

    /// Sleeps for so many seconds.
    #[rhai_fn(return_raw)]
    pub(super) fn sleep(context: NativeCallContext<'_>, seconds: f64) -> Result<()> {
        let time = time("sleep", seconds)?;
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.calls.enter_native(&context);
        Ok(evaluation.context.sleep(time).map_err(|_| stopped())?)
    }
}

/// The longest time that a function takes, in seconds; a `Duration` has not much more.
const LONGEST: f64 = 1e19;

/// A time in seconds, of the function `name`.
pub(in crate::lang) fn time(name: &str, seconds: f64) -> Result<Duration> {
    let wrong = |what: &str| error(format!("{name}({}): the time is {what}", shown(seconds)));
    if seconds > LONGEST {
        return Err(wrong("too long; it is in seconds, 1e19 at most").into());
    }
    Ok(Duration::try_from_secs_f64(seconds).map_err(|_| wrong("in seconds, 0 or more, as 0.5 is"))?)
}

/// A number of seconds, without hundreds of digits.
pub(in crate::lang) fn shown(seconds: f64) -> String {
    if seconds.abs() < 1e15 { seconds.to_string() } else { format!("{seconds:e}") }
}
