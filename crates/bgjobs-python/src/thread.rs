//! Threads, as only CPython's own interface reaches them: raises an exception in one, clears its thread-locals.
//!
//! It does not know jobs, and is the only file with `unsafe` code.

#![expect(unsafe_code, reason = "these functions of CPython have no safe wrapper")]

use std::ffi::c_ulong;

use pyo3::{
    ffi,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyType},
};

/// Raises `exception` in the thread `ident` at its next bytecode, or takes a pending one back.
///
/// The caller holds the job's lock, which ensures that the thread runs that job.
pub(crate) fn interrupt(ident: c_ulong, exception: Option<&Bound<'_, PyType>>) {
    let exception = exception.map_or(std::ptr::null_mut(), Bound::as_ptr);
    // SAFETY: the calling thread is attached: it holds a `Bound`, or is in a method that was called with a token. CPython
    // ignores an unknown number, and takes its own reference to the exception.
    unsafe { ffi::PyThreadState_SetAsyncExc(ident.cast_signed(), exception) };
}

/// Python's tables of its threads: `threading._active` and `threading._limbo`.
static TABLES: PyOnceLock<[Py<PyDict>; 2]> = PyOnceLock::new();

/// Finds Python's tables of threads.
pub(crate) fn find_tables(py: Python<'_>) -> PyResult<()> {
    let threading = py.import("threading")?;
    let table = |name| PyResult::Ok(threading.getattr(name)?.cast_into::<PyDict>()?.unbind());
    // Those of an earlier import are the same.
    let _ = TABLES.set(py, [table("_active")?, table("_limbo")?]);
    Ok(())
}

/// Python's table of the threads that run, by their identifiers.
pub(crate) fn active(py: Python<'_>) -> &Bound<'_, PyDict> {
    tables(py)[0].bind(py)
}

/// Python's table of the threads that were started but do not run yet.
pub(crate) fn limbo(py: Python<'_>) -> &Bound<'_, PyDict> {
    tables(py)[1].bind(py)
}

fn tables(py: Python<'_>) -> &[Py<PyDict>; 2] {
    TABLES.get(py).expect("the import has found them")
}

/// The identifiers of the calling thread: Python's, and the system's.
pub(crate) fn ids(py: Python<'_>) -> PyResult<(c_ulong, u64)> {
    let module = py.import("_thread")?;
    Ok((module.call_method0("get_ident")?.extract()?, module.call_method0("get_native_id")?.extract()?))
}

/// Clears the calling thread's `threading.local` values, where CPython has them in the thread's dictionary: up to 3.12.
#[pyfunction]
pub(crate) fn clear_locals(_py: Python<'_>) {
    // SAFETY: the token proves that the thread is attached; the dictionary is borrowed, and null if there is none.
    unsafe {
        let locals = ffi::PyThreadState_GetDict();
        if !locals.is_null() {
            ffi::PyDict_Clear(locals);
        }
    }
}
