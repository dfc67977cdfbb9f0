//! The module `bgjobs._core`: the engine, as the package `bgjobs` for Python uses it.
//!
//! It holds no rule of its own: what a job is to its users stands in the package's Python files.
//!
//! Every call is a leaf: while Python code of a user's runs, and while a thread waits for another's Python code, no
//! frame of this module is on that thread's stack, because CPython up to 3.13 unwinds daemon threads at its exit, which a
//! frame of Rust does not survive.
//! No lock of this module is held while Python code runs, and the engine's ledger is only touched by a thread that is
//! attached to the interpreter, so after a fork it is free.
//! Nothing is made at its first use by `intern!` or `PyOnceLock::get_or_init`: they let other threads run meanwhile, and the
//! child of a fork at that moment waits for ever for the thread that was at it. The import makes it.

mod awaited;
mod crew;
mod job;
mod log;
mod table;
mod thread;

use pyo3::{exceptions::PyImportError, prelude::*};

use crate::{job::name_states, thread::find_tables};

/// What is the engine's in bgjobs.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::{
        awaited::{await_none, awaited},
        crew::{Crew, Seat},
        job::JobCore,
        log::Log,
        table::{Reader, Table},
        thread::forget_locals,
    };

    use super::{Bound, PyModule, PyResult, find_tables, name_states, refuse_subinterpreter};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        refuse_subinterpreter(module.py())?;
        name_states(module.py());
        find_tables(module.py())
    }
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
    Err(PyImportError::new_err("bgjobs works in the main interpreter only, and this is a subinterpreter"))
}
