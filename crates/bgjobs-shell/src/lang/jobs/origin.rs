//! What jobs were started with, which the original stores in each job.

use std::sync::Arc;

use crate::lang::values::value::Value;

/// What a job was started with.
#[derive(Clone)]
pub(crate) enum Origin {
    /// A text, and the names that were given with it.
    Expression { text: Arc<str>, given: Vec<Value> },
    /// A function and its arguments.
    Call { function: Value, arguments: Vec<Value> },
    /// A line of the system's shell.
    Command { line: Arc<str> },
}
