//! Evaluates what a session keeps, in the process that was started for that, and gives back its value or its failure.
//!
//! Knows nothing of the session.

use std::{process::ExitCode, sync::Arc};

use bgjobs::{KeptBody, Stream};
use rhai::Module;

use crate::{
    batch::{self, Verbosity},
    lang::{self, Value, of_failure, of_value},
    session::{Answer, Session},
    signals::{self, OnInterrupt, stop_all},
    text::shortened,
};

/// The most that is told of a value, in characters.
const LONGEST_VALUE: usize = 500;

/// Evaluates a body, and returns the exit code of its process.
///
/// # Errors
///
/// Why it can't be evaluated, or why nobody will know what it gave.
pub(crate) fn run(body: &KeptBody, modules: Vec<Module>) -> Result<ExitCode, String> {
    let mut session = Session::with_functions(Arc::new(batch::print), modules);
    session.echo_jobs();
    let interrupted = signals::listen(session.stopper(), session.jobs().clone(), OnInterrupt::Exit)
        .map_err(|error| format!("can't listen for Ctrl-C: {error}"))?;
    let unpacked = lang::unpack(body.payload()).map_err(|cause| format!("can't evaluate what was kept: {cause}"));
    let (code, names) = match unpacked {
        Ok(unpacked) => unpacked,
        Err(message) => return fail(body, &message, b""),
    };
    let answer = session.evaluate_kept(code, names);
    if let Answer::Failed(failure) = &answer {
        batch::write(Stream::Err, &failure.traceback().to_string());
    }
    batch::finish(&mut session, Verbosity::Failures, &interrupted);
    if interrupted.is_set() {
        let _ = stop_all(session.jobs());
        return Ok(ExitCode::from(130));
    }
    match answer {
        Answer::Value(value) => give(body, &session, &value),
        Answer::Nothing | Answer::Sent(_) | Answer::Leave(0) => give(body, &session, &Value::plain(())),
        Answer::Failed(failure) => fail(body, failure.message(), &of_failure(&failure)),
        Answer::Leave(status) => Ok(ExitCode::from(status)),
    }
}

fn give(body: &KeptBody, session: &Session, value: &Value) -> Result<ExitCode, String> {
    let bytes = match of_value(value) {
        Ok(bytes) => bytes,
        Err(held) => return fail(body, &format!("its value can't be kept: it holds {held}"), b""),
    };
    let shown = session.show(value);
    match body.give(Ok(&shortened(&shown, LONGEST_VALUE, "…")), &bytes) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(cause) => {
            fail(body, &format!("its value, {} bytes as JSON, could not be written: {cause}", bytes.len()), b"")
        }
    }
}

fn fail(body: &KeptBody, message: &str, bytes: &[u8]) -> Result<ExitCode, String> {
    // The place of a failure is worth less than its message.
    let given = body.give(Err(message), bytes).or_else(|_| body.give(Err(message), b""));
    given.map_err(|cause| format!("{message}\nand this could not be told: {cause}"))?;
    Ok(ExitCode::FAILURE)
}
