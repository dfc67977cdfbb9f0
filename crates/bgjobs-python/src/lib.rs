//! The module `bgjobs._core`: the engine, as the package `bgjobs` for Python uses it.
//!
//! It holds no rules: what a job is to its users is in the package's Python files.
//!
//! Every call is a leaf: while a user's Python code runs, and while a thread waits for another's Python code, no frame of this
//! module is on that thread's stack, because CPython up to 3.13 unwinds daemon threads at its exit, and a frame of Rust does
//! not survive that.
//! No lock of this module is held while Python code runs, and only threads attached to the interpreter touch the engine's
//! ledger, so it is free after a fork.
//! Nothing is created at its first use by `intern!` or `PyOnceLock::get_or_init`: they let other threads run meanwhile, and the
//! child of a fork at that moment would wait forever for the thread that was creating it. The import creates it.

mod awaited;
#[cfg(unix)]
mod command;
mod held;
mod job;
#[cfg(target_os = "linux")]
mod kept;
mod life;
mod log;
mod schedule;
mod states;
mod summary;
mod table;
mod thread;
mod timeline;
mod worker_pool;

use pyo3::{exceptions::PyImportError, prelude::*};

use crate::{states::name_states, thread::find_thread_modules};

/// The engine of bgjobs.
#[pymodule(gil_used = false)]
mod _core {
    #[cfg(unix)]
    #[pymodule_export]
    use super::command::HostedCommand;
    #[cfg(target_os = "linux")]
    #[pymodule_export]
    use super::kept::{KeptJob, KeptStart, kept_job, kept_list, kept_news, kept_words};
    #[pymodule_export]
    use super::{
        awaited::{awaited, reset_awaited},
        held::{call_on_due, forget_held, held_jobs},
        job::JobCore,
        log::Log,
        schedule::{
            Group, Options, begin_attempt, begin_pause, begin_wait, end_attempt, groups, next_due, resume_all,
            take_all_due, take_due, why,
        },
        table::{Subscriber, Table},
        thread::{stack_size, take_thread_dictionary},
        timeline::Timeline,
        worker_pool::{Worker, WorkerPool},
    };

    use super::{Bound, PyModule, PyResult, find_thread_modules, name_states, refuse_subinterpreter};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        refuse_subinterpreter(module.py())?;
        name_states(module.py());
        find_thread_modules(module.py())
    }
}

/// The part of the engine that a supervisor's interpreter loads, from the same file: it imports no other module, because its
/// start is a part of each command's.
#[cfg(unix)]
#[pymodule(gil_used = false)]
mod _supervisor {
    #[pymodule_export]
    use super::command::{Supervisor, supervise};
}

/// In a subinterpreter CPython 3.11 would hang at its exit.
fn refuse_subinterpreter(py: Python<'_>) -> PyResult<()> {
    let interpreters = py.import("_xxsubinterpreters").or_else(|_| py.import("_interpreters"));
    let Ok(interpreters) = interpreters else { return Ok(()) };
    let current = interpreters.call_method0("get_current")?;
    let main = interpreters.call_method0("get_main")?;
    if current.eq(main)? {
        return Ok(());
    }
    Err(PyImportError::new_err("bgjobs works only in the main interpreter, and this is a subinterpreter"))
}
