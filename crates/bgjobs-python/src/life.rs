//! The life of a job: its phase, the thread that runs its body, what it ended with, and who waits for which event.
//!
//! It does not know classes of Python.

use std::ffi::c_ulong;

use bgjobs::{AnyJob, Hosted, Options, SpawnError, Turn};
use pyo3::{
    exceptions::{PyOSError, PyRuntimeError, PyValueError},
    prelude::*,
};

use crate::{awaited::Awaited, held, table::Table};

/// Stands for a thread: none of this process runs the body.
pub(crate) const ELSEWHERE: c_ulong = 0;

/// Where a job is in its life, and who waits for its next steps.
pub(crate) struct Life {
    pub(crate) phase: Phase,
    /// None until the job is started.
    pub(crate) job: Option<AnyJob>,
    /// The thread that runs the body, as `threading.get_ident` and `get_native_id` number it; or `ELSEWHERE`.
    pub(crate) ident: c_ulong,
    pub(crate) native_id: u64,
    /// Whether an exception that was raised in the thread may still be pending.
    pub(crate) interrupted: bool,
    /// Whether the job has options, so that it is held until its end.
    pub(crate) held: bool,
    /// The result, or the exception; set before the end is published.
    pub(crate) value: Option<Py<PyAny>>,
    /// Its number, as its users see it; here because an entry in its `__dict__` would take more memory.
    pub(crate) num: Option<Py<PyAny>>,
    /// Locks, each held by a thread that waits for an event or the end, and the callbacks of the end.
    pub(crate) waiting: Vec<(Event, Py<PyAny>)>,
}

/// The phase of a job, with the values that its next step needs.
pub(crate) enum Phase {
    /// Not started.
    New,
    /// A worker may begin it.
    Entered(Hosted, Awaited),
    /// Its thread may end it.
    Begun(Turn, Awaited),
    /// Ended.
    Over,
}

/// An event that a thread may wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Begin,
    Stop,
    End,
    /// The slot that the body lent.
    Slot,
    /// The end, for a callback instead of a lock.
    Callback,
}

/// The callbacks that the caller of a step has to call.
pub(crate) type Callbacks = Option<Vec<Py<PyAny>>>;

impl Life {
    pub(crate) fn new() -> Self {
        Self {
            phase: Phase::New,
            job: None,
            ident: ELSEWHERE,
            native_id: 0,
            interrupted: false,
            held: false,
            value: None,
            num: None,
            waiting: Vec::new(),
        }
    }

    pub(crate) fn enter(&mut self, table: &Table, options: Options) -> PyResult<u64> {
        if !matches!(self.phase, Phase::New) {
            return Err(PyRuntimeError::new_err("threads can only be started once"));
        }
        let daemon = options.daemon;
        // The job's text stays in Python, where it may change.
        let hosted = table.handle.named("").with(options).host().map_err(|error| match error {
            SpawnError::Unknown(_) => PyValueError::new_err(format!("{error:#}")),
            SpawnError::LogFile { path, error } => {
                // The class follows from the number: `FileExistsError`, say.
                let cause = error.to_string();
                let cause = cause.split(" (os error").next().unwrap_or_default();
                PyOSError::new_err((
                    error.raw_os_error(),
                    format!("can't create the log file: {cause}"),
                    path.into_os_string(),
                ))
            }
            error => PyRuntimeError::new_err(error.to_string()),
        })?;
        let job = hosted.job();
        let number = job.id().get();
        self.job = Some(job);
        self.phase = Phase::Entered(hosted, Awaited::unless(daemon));
        Ok(number)
    }

    pub(crate) fn begin(&mut self, ident: c_ulong, native_id: u64) -> bool {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Entered(hosted, awaited) => match hosted.begin() {
                Some(turn) => self.phase = Phase::Begun(turn, awaited),
                None => return false,
            },
            // Its body ran elsewhere, and it comes to this thread for its end.
            Phase::Begun(turn, awaited) if self.ident == ELSEWHERE => self.phase = Phase::Begun(turn, awaited),
            other => {
                self.phase = other;
                return false;
            }
        }
        (self.ident, self.native_id) = (ident, native_id);
        true
    }

    /// What is left to do after the job's end has become visible.
    pub(crate) fn take_ended(&mut self, py: Python<'_>, is_due: bool) -> Ended {
        let mut callbacks = self.take_waiting(Event::Callback);
        callbacks.extend(held::on_due(py, is_due));
        if let Some(job) = self.job.as_ref().filter(|_| self.held) {
            held::release(job);
        }
        let locks = std::mem::take(&mut self.waiting).into_iter().map(|(_, lock)| lock).collect();
        Ended { locks, callbacks }
    }

    /// The locks of the threads that wait for `event`.
    pub(crate) fn take_waiting(&mut self, event: Event) -> Vec<Py<PyAny>> {
        self.waiting.extract_if(.., |(awaited, _)| *awaited == event).map(|(_, lock)| lock).collect()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.job.as_ref().is_some_and(|job| job.stop_reason().is_some())
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.job.as_ref().is_some_and(AnyJob::is_finished)
    }
}

/// The waiters for an end.
pub(crate) struct Ended {
    locks: Vec<Py<PyAny>>,
    callbacks: Vec<Py<PyAny>>,
}

impl Ended {
    /// Wakes the waiting threads; the callbacks are Python code, so the caller has to call them.
    pub(crate) fn announce(self, py: Python<'_>) -> Callbacks {
        release(py, &self.locks);
        (!self.callbacks.is_empty()).then_some(self.callbacks)
    }
}

/// Releases locks, each held by a thread that waits.
pub(crate) fn release(py: Python<'_>, locks: &[Py<PyAny>]) {
    for lock in locks {
        // If a lock is already free, its thread no longer waits.
        let _ = lock.call_method0(py, "release");
    }
}
