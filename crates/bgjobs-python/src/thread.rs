//! Threads, as only CPython's own interface reaches them: raises an exception in one, empties its dictionary.
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

/// What the bindings use of Python's modules for threads.
struct Found {
    /// `threading._active` and `threading._limbo`.
    tables: [Py<PyDict>; 2],
    /// `_thread.stack_size`.
    stack_size: Py<PyAny>,
}

static FOUND: PyOnceLock<Found> = PyOnceLock::new();

/// Finds what the other functions use of Python's modules for threads.
pub(crate) fn find_thread_modules(py: Python<'_>) -> PyResult<()> {
    let threading = py.import("threading")?;
    let table = |name| PyResult::Ok(threading.getattr(name)?.cast_into::<PyDict>()?.unbind());
    let stack_size = py.import("_thread")?.getattr("stack_size")?.unbind();
    // Those of an earlier import are the same.
    let _ = FOUND.set(py, Found { tables: [table("_active")?, table("_limbo")?], stack_size });
    Ok(())
}

/// Python's table of the threads that run, by their identifiers.
pub(crate) fn active(py: Python<'_>) -> &Bound<'_, PyDict> {
    found(py).tables[0].bind(py)
}

/// Python's table of the threads that were started but do not run yet.
pub(crate) fn limbo(py: Python<'_>) -> &Bound<'_, PyDict> {
    found(py).tables[1].bind(py)
}

fn found(py: Python<'_>) -> &Found {
    FOUND.get(py).expect("the import has found it")
}

/// The stack size of the threads that Python creates.
///
/// Python's own function can only set it, and returns what it was; between these two calls no other thread runs.
#[pyfunction]
pub(crate) fn stack_size(py: Python<'_>) -> PyResult<usize> {
    let exchange = &found(py).stack_size;
    let size = exchange.call0(py)?.extract(py)?;
    if size != 0 {
        exchange.call1(py, (size,))?;
    }
    Ok(size)
}

/// The identifiers of the calling thread: Python's, and the system's.
pub(crate) fn ids(py: Python<'_>) -> PyResult<(c_ulong, u64)> {
    let module = py.import("_thread")?;
    Ok((module.call_method0("get_ident")?.extract()?, module.call_method0("get_native_id")?.extract()?))
}

/// Empties the calling thread's dictionary, in which CPython up to 3.12 keeps the values of each `threading.local`, and extensions
/// in C keep theirs; returns what was in it, if anything was.
///
/// The caller drops that, because a destructor is Python code, below which no frame of Rust may lie.
#[pyfunction]
pub(crate) fn take_thread_dictionary(py: Python<'_>) -> PyResult<Option<Bound<'_, PyDict>>> {
    // SAFETY: the token proves that the thread is attached; the dictionary is borrowed, and null if there is none.
    let dictionary = unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyThreadState_GetDict()) };
    let Some(dictionary) = dictionary else { return Ok(None) };
    let dictionary = dictionary.cast_into::<PyDict>()?;
    if dictionary.is_empty() {
        return Ok(None);
    }
    let values = dictionary.copy()?;
    dictionary.clear();
    Ok(Some(values))
}
