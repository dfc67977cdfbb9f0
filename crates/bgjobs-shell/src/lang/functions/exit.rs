//! Leaving: `exit(3)`.

use bgjobs::Context;
use rhai::export_module;

use crate::lang::{
    error::{Exit, Result, error},
    eval::evaluation::Evaluation,
};

#[export_module]
pub(super) mod leaving {
    use rhai::NativeCallContext;

    use super::{Evaluation, Result, leave};

    /// Leaves, with the exit status 0.
    #[rhai_fn(name = "exit", name = "quit", volatile, return_raw)]
    pub(super) fn exit(context: NativeCallContext<'_>) -> Result<()> {
        leave(&Evaluation::of(&context).context, 0)
    }

    /// Leaves with an exit status from 0 to 255.
    #[rhai_fn(name = "exit", name = "quit", volatile, return_raw)]
    pub(super) fn exit_with(context: NativeCallContext<'_>, status: i64) -> Result<()> {
        leave(&Evaluation::of(&context).context, status)
    }
}

fn leave(context: &Context, status: i64) -> Result<()> {
    if context.job().is_listed() {
        let text =
            "exit(..) leaves the shell, which a job can't do: `return` ends a function, `throw` a job that fails";
        return Err(error(text).into());
    }
    let wrong = |_| error(format!("exit({status}): an exit status is a number from 0 to 255"));
    Err(Exit(u8::try_from(status).map_err(wrong)?).into_error().into())
}
