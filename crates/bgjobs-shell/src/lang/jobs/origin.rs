//! What jobs were started with, which the original stores in each job: code, options and place.

use std::sync::{Arc, OnceLock};

use bgjobs::{Command, Handover, Options, Retry};

use crate::{environment::Environment, lang::values::value::Value};

/// What a job was started with.
pub(crate) struct Origin {
    pub(crate) code: OriginCode,
    /// The folder and the environment variables at its start.
    pub(crate) environment: Environment,
    pub(crate) options: StartOptions,
}

/// What a job runs.
pub(crate) enum OriginCode {
    /// A text, and the names that were given with it.
    Expression { text: Arc<str>, given: Vec<Value> },
    /// A function and its arguments.
    Call { function: Value, arguments: Vec<Value> },
    /// A line of the system's shell, the command without its environment, and its way out of this process.
    Command { line: Arc<str>, command: Command, handover: Handover },
    /// It follows a job that outlives the session.
    Kept(KeptNumber),
}

/// The number by which all sessions know a job that outlives this one; none until it has started.
pub(crate) type KeptNumber = Arc<OnceLock<String>>;

/// What can be chosen for a job in addition to what it runs.
#[derive(Clone, Default)]
pub(crate) struct StartOptions {
    pub(crate) options: Options,
    /// Its name, instead of its text or its function.
    pub(crate) name: Option<String>,
    /// How often it is tried if it fails; none tries it once.
    pub(crate) retry: Option<Retry>,
    /// Whether it outlives the session.
    pub(crate) keep: bool,
}
