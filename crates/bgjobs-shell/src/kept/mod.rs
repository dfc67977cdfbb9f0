//! The words of the command line for jobs that outlive the program: those of every face, and `bgjobs mcp`.
//!
//! Knows nothing of prompts and sessions.

mod mcp;

use std::{ffi::OsString, process::ExitCode};

/// Carries out the words of a command line that are about jobs that outlive the program, such as `wait k12`, and returns the
/// exit code; `None` if they are about something else.
///
/// The program has called [`bgjobs::supervise`] before. What was asked for goes to standard output, and the code is 2 if it
/// could not be done.
#[must_use]
pub fn kept(words: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    bgjobs_cli::run("bgjobs", words, &[("mcp", mcp::USAGE, mcp::mcp)]).map(ExitCode::from)
}
