//! What only CPython's own interface can do to a thread: raise an exception in it, and forget its thread-locals.
//!
//! The one file with `unsafe` code.

#![expect(unsafe_code, reason = "these functions of CPython have no safe face")]

use std::ffi::c_ulong;

use pyo3::{
    ffi,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyType},
};

/// Raises `exception` in the thread `ident` at its next bytecode, or takes back what was to be raised.
///
/// The caller makes sure that the thread runs what is meant, which is why it holds the job's lock.
pub(crate) fn interrupt(ident: c_ulong, exception: Option<&Bound<'_, PyType>>) {
    let exception = exception.map_or(std::ptr::null_mut(), Bound::as_ptr);
    // SAFETY: the calling thread is attached: it holds a `Bound`, or is in a method that was called with a token. An unknown
    // number is ignored, and CPython takes a reference of its own to the exception.
    unsafe { ffi::PyThreadState_SetAsyncExc(ident.cast_signed(), exception) };
}

/// Python's tables of the threads that run, by their numbers, and of those that were started and do not run yet.
static TABLES: PyOnceLock<[Py<PyDict>; 2]> = PyOnceLock::new();

/// Finds Python's tables of threads.
pub(crate) fn find_tables(py: Python<'_>) -> PyResult<()> {
    let threading = py.import("threading")?;
    let table = |name| PyResult::Ok(threading.getattr(name)?.cast_into::<PyDict>()?.unbind());
    // If they are there already, they are the same.
    let _ = TABLES.set(py, [table("_active")?, table("_limbo")?]);
    Ok(())
}

/// Python's table of the threads that run, by their numbers.
pub(crate) fn running(py: Python<'_>) -> &Bound<'_, PyDict> {
    tables(py)[0].bind(py)
}

/// Python's table of the threads that were started and do not run yet.
pub(crate) fn started(py: Python<'_>) -> &Bound<'_, PyDict> {
    tables(py)[1].bind(py)
}

fn tables(py: Python<'_>) -> &[Py<PyDict>; 2] {
    TABLES.get(py).expect("the import has found them")
}

/// The numbers of the calling thread, as Python's module `_thread` gives them.
pub(crate) fn numbers(py: Python<'_>) -> PyResult<(c_ulong, u64)> {
    let module = py.import("_thread")?;
    let number = |name| module.call_method0(name);
    Ok((number("get_ident")?.extract()?, number("get_native_id")?.extract()?))
}

/// Forgets the calling thread's `threading.local` values, where they stand in its dictionary: CPython up to 3.12.
#[pyfunction]
pub(crate) fn forget_locals(_py: Python<'_>) {
    // SAFETY: the token says that the thread is attached; the dictionary is borrowed, and none is null.
    unsafe {
        let locals = ffi::PyThreadState_GetDict();
        if !locals.is_null() {
            ffi::PyDict_Clear(locals);
        }
    }
}
