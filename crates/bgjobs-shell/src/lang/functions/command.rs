//! Other programs: `sh("command")`.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

use bgjobs::{Failure, FailureKind, Stream};
use rhai::{Dynamic, Map, export_module};

use super::argument::string;
use crate::lang::{
    error::{Result, error, stopped},
    eval::evaluation::Evaluation,
};

/// How much a command may print to each of its outputs, in bytes.
const MOST_OUTPUT: usize = 64 << 20;

#[export_module]
pub(super) mod programs {
    use rhai::NativeCallContext;

    use super::{Dynamic, Evaluation, Map, Result, run, string};

    /// Runs a command in the system's shell: returns a map with `status`, `out` and `err`.
    ///
    /// The status is negative if a signal ended the command.
    #[rhai_fn(volatile, return_raw)]
    pub(super) fn sh(context: NativeCallContext<'_>, command: Dynamic) -> Result<Map> {
        let command = string("sh", "a command", &command)?;
        let evaluation = Evaluation::of(&context);
        let _inside = evaluation.call_stack.enter_native(&context);
        run(&evaluation, &command)
    }
}

fn run(evaluation: &Evaluation, command: &str) -> Result<Map> {
    let [mut out, mut err] = [String::new(), String::new()];
    let print = |stream, piece: &str| {
        let text = if stream == Stream::Out { &mut out } else { &mut err };
        text.push_str(piece);
        if text.len() <= MOST_OUTPUT {
            return Ok(());
        }
        let most = MOST_OUTPUT >> 20;
        Err(Failure::new(format!(
            "`{command}` printed more than {most} MB and was stopped; redirect its output to a file with >"
        )))
    };
    let environment = evaluation.environment();
    let shell = environment.command(environment.shell_line(command));
    let status = shell.run(&evaluation.context, print).map_err(|failure| match failure.kind() {
        FailureKind::Stop => stopped(),
        _ => error(failure.to_string()),
    })?;
    Ok([("status", number(status).into()), ("out", out.into()), ("err", err.into())]
        .map(|(name, value): (&str, Dynamic)| (name.into(), value))
        .into_iter()
        .collect())
}

/// The exit code, or the negated number of the signal.
pub(super) fn number(status: ExitStatus) -> i64 {
    status.code().or_else(|| status.signal().map(|signal| -signal)).unwrap_or_default().into()
}
