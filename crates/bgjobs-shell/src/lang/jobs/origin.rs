//! What jobs were started with, which the original stores in each job, and where.

use std::sync::Arc;

use crate::{environment::Environment, lang::values::value::Value};

/// What a job was started with.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) code: OriginCode,
    /// The folder and the environment variables at its start.
    pub(crate) environment: Environment,
}

/// What a job runs.
#[derive(Clone)]
pub(crate) enum OriginCode {
    /// A text, and the names that were given with it.
    Expression { text: Arc<str>, given: Vec<Value> },
    /// A function and its arguments.
    Call { function: Value, arguments: Vec<Value> },
    /// A line of the system's shell.
    Command { line: Arc<str> },
}
