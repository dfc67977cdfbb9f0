//! How a job reports its progress.

use rhai::export_module;

use crate::lang::{
    error::{Result, error},
    eval::evaluation::Evaluation,
};

#[export_module]
pub(super) mod reports {
    use rhai::NativeCallContext;

    use super::{Evaluation, Result, amount};

    /// Says how much is done, in any unit; the list of jobs shows it.
    #[rhai_fn(name = "progress", return_raw)]
    pub(super) fn progress_of_unknown(context: NativeCallContext<'_>, done: i64) -> Result<()> {
        Evaluation::of(&context).context.progress(amount(done)?, None);
        Ok(())
    }

    /// Says how much of a total is done, in any unit; the list of jobs shows it, and how long the rest will take.
    #[rhai_fn(return_raw)]
    pub(super) fn progress(context: NativeCallContext<'_>, done: i64, total: i64) -> Result<()> {
        Evaluation::of(&context).context.progress(amount(done)?, amount(total)?);
        Ok(())
    }

    /// Says how much of a total is done, and what is being done.
    #[rhai_fn(name = "progress", return_raw)]
    pub(super) fn progress_with_character(
        context: NativeCallContext<'_>,
        done: i64,
        total: i64,
        text: char,
    ) -> Result<()> {
        progress_with_text(context, done, total, text.encode_utf8(&mut [0; 4]))
    }

    /// Says how much of a total is done, and what is being done.
    #[rhai_fn(name = "progress", return_raw)]
    pub(super) fn progress_with_text(context: NativeCallContext<'_>, done: i64, total: i64, text: &str) -> Result<()> {
        let job = &Evaluation::of(&context).context;
        job.progress(amount(done)?, amount(total)?);
        job.say(text.to_owned());
        Ok(())
    }
}

fn amount(number: i64) -> Result<u64> {
    let wrong = |_| error(format!("progress(..): {number} is negative; progress(3, 10) says that 3 of 10 are done"));
    Ok(u64::try_from(number).map_err(wrong)?)
}
