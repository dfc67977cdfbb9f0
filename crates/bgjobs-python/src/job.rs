//! A job as Python's threads see it: its steps, each one call, and what it ended with.

use std::{
    ffi::c_ulong,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bgjobs::{AnyJob, Failure, Hosted, Options, Outcome, State, Turn};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::PyRuntimeError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyInt, PyString, PyType},
};

use crate::{
    awaited::Awaited,
    crew::Crew,
    log::Log,
    table::Table,
    thread::{interrupt, numbers, running},
};

/// What the classes of jobs derive from.
///
/// Each step of a job is one call, so that an exception which is raised in its thread from outside finds the job before the
/// step or after it, never within.
#[pyclass(subclass, frozen, module = "bgjobs._core")]
pub(crate) struct JobCore {
    /// Held while a step is made; no Python code runs meanwhile.
    inner: Mutex<Inner>,
}

struct Inner {
    phase: Phase,
    /// None until it was started.
    job: Option<AnyJob>,
    /// The thread that runs the body, as `threading.get_ident` and `get_native_id` number it.
    ident: c_ulong,
    native_id: u64,
    /// Whether an exception was raised in the thread that may not have arrived.
    interrupted: bool,
    /// The result, or the exception; set before the end is published.
    value: Option<Py<PyAny>>,
    /// Locks, each held by a thread that waits for an event, or for the end; and what is to be called at the end.
    waiting: Vec<(Event, Py<PyAny>)>,
}

/// Who may make the next step.
enum Phase {
    /// Nobody has started it.
    New,
    /// A worker may begin it.
    Entered(Hosted, Awaited),
    /// Its thread may end it.
    Begun(Turn, Awaited),
    Over,
}

/// What a thread may wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Begin,
    Stop,
    End,
    /// It does not wait: it is called at the end.
    Callback,
}

/// The names of the states, in the order in which a job may come to them; made by the import.
static STATES: PyOnceLock<[Py<PyString>; 6]> = PyOnceLock::new();

/// Makes the names of the states.
pub(crate) fn name_states(py: Python<'_>) {
    let names = ["new", "entered", "running", "done", "failed", "stopped"];
    // If they are there already, they are the same.
    let _ = STATES.set(py, names.map(|name| PyString::intern(py, name).unbind()));
}

/// The callbacks to be called after a step.
type Callbacks = Option<Vec<Py<PyAny>>>;

impl JobCore {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job, once it was started.
    fn job(&self) -> Option<AnyJob> {
        self.lock().job.clone()
    }

    fn is_stopping(&self) -> bool {
        self.lock().is_stopping()
    }

    /// Ends the job, if it has begun and not ended.
    fn end(&self, py: Python<'_>, outcome: &str, value: Py<PyAny>) -> Callbacks {
        let mut inner = self.lock();
        let (turn, awaited) = match std::mem::replace(&mut inner.phase, Phase::Over) {
            Phase::Begun(turn, awaited) => (turn, awaited),
            other => {
                inner.phase = other;
                return None;
            }
        };
        if std::mem::take(&mut inner.interrupted) {
            interrupt(inner.ident, None);
        }
        let ident = PyInt::new(py, inner.ident);
        let running = running(py);
        if let Ok(Some(thread)) = running.get_item(&ident)
            && thread.cast::<Self>().is_ok_and(|job| std::ptr::eq(job.get(), self))
        {
            let _ = running.del_item(&ident);
        }
        inner.value = Some(value);
        turn.end(match outcome {
            "done" => Ok(()),
            "stopped" => Err(Failure::stopped("stopped")),
            _ => Err(Failure::new("raised an exception")),
        });
        let ended = inner.take_ended();
        drop((inner, awaited));
        ended.tell(py)
    }

    /// Begins a job that was entered, on the calling thread; false if it was stopped before.
    pub(crate) fn begin(&self, py: Python<'_>, ident: c_ulong, native_id: u64) -> bool {
        let mut inner = self.lock();
        let begun = inner.begin(ident, native_id);
        let locks = inner.take_waiting(Event::Begin);
        drop(inner);
        release(py, &locks);
        begun
    }
}

impl Inner {
    fn enter(&mut self, table: &Table, daemon: bool) -> PyResult<u64> {
        if !matches!(self.phase, Phase::New) {
            return Err(PyRuntimeError::new_err("threads can only be started once"));
        }
        let options = Options { daemon, ..Options::default() };
        // The text is Python's, where it may change.
        let hosted = table.handle.with(options).host("").map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        let job = hosted.job();
        let number = job.id().get();
        self.job = Some(job);
        self.phase = Phase::Entered(hosted, Awaited::unless(daemon));
        Ok(number)
    }

    fn begin(&mut self, ident: c_ulong, native_id: u64) -> bool {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Entered(hosted, awaited) => match hosted.begin() {
                Some(turn) => self.phase = Phase::Begun(turn, awaited),
                None => return false,
            },
            other => {
                self.phase = other;
                return false;
            }
        }
        (self.ident, self.native_id) = (ident, native_id);
        true
    }

    /// What is to be done by whoever made the job's end visible.
    fn take_ended(&mut self) -> Ended {
        let callbacks = self.take_waiting(Event::Callback);
        let locks = std::mem::take(&mut self.waiting).into_iter().map(|(_, lock)| lock).collect();
        Ended { locks, callbacks }
    }

    /// The locks of those who wait for `event`.
    fn take_waiting(&mut self, event: Event) -> Vec<Py<PyAny>> {
        self.waiting.extract_if(.., |(awaited, _)| *awaited == event).map(|(_, lock)| lock).collect()
    }

    fn is_stopping(&self) -> bool {
        self.job.as_ref().is_some_and(|job| job.stop_reason().is_some())
    }

    fn has_ended(&self) -> bool {
        self.job.as_ref().is_some_and(AnyJob::is_finished)
    }
}

/// Who is to hear of an end.
struct Ended {
    locks: Vec<Py<PyAny>>,
    callbacks: Vec<Py<PyAny>>,
}

impl Ended {
    /// Wakes those who wait; the callbacks are Python code, and left to the caller.
    fn tell(self, py: Python<'_>) -> Callbacks {
        release(py, &self.locks);
        (!self.callbacks.is_empty()).then_some(self.callbacks)
    }
}

fn release(py: Python<'_>, locks: &[Py<PyAny>]) {
    for lock in locks {
        // A lock that is free already belongs to a thread that does not wait any more.
        let _ = lock.call_method0(py, "release");
    }
}

#[pymethods]
impl JobCore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            inner: Mutex::new(Inner {
                phase: Phase::New,
                job: None,
                ident: 0,
                native_id: 0,
                interrupted: false,
                value: None,
                waiting: Vec::new(),
            }),
        }
    }

    /// Gives the job its number in `table`, if `crew` has or can make a worker for it; raises what the system says if not, and
    /// `RuntimeError` if it has a number or the interpreter has ended its jobs.
    fn _enter(&self, py: Python<'_>, crew: &Bound<'_, Crew>, table: &Bound<'_, Table>, daemon: bool) -> PyResult<u64> {
        crew.get().prepare(py)?;
        self.lock().enter(table.get(), daemon)
    }

    /// Whether `run` is to call the body: a worker has begun the job on this thread, or nobody has started it, and then it
    /// begins here, in a table of its own.
    fn _begin(&self, py: Python<'_>) -> PyResult<bool> {
        let mut inner = self.lock();
        match inner.phase {
            Phase::Begun(..) => return Ok(true),
            Phase::New => inner.enter(&Table::new(), false)?,
            Phase::Entered(..) | Phase::Over => return Ok(false),
        };
        drop(inner);
        let (ident, native_id) = numbers(py)?;
        Ok(self.begin(py, ident, native_id))
    }

    /// Ends the job with `value`, which is its result or its exception, and returns what is to be called then; nothing
    /// happens if it has ended.
    ///
    /// Until then it is Python's name for the thread, and not after.
    fn _end(&self, py: Python<'_>, outcome: &str, value: Py<PyAny>) -> Callbacks {
        self.end(py, outcome, value)
    }

    /// Ends the job by what was raised, as `_end` does; it was stopped if that is a `stopped`, and it was asked to.
    ///
    /// The handler that caught it calls this first of all. CPython raises an exception from outside between bytecodes only
    /// where a call returns, a function begins or a jump goes back, so no further one can come between the two.
    fn _end_by(&self, py: Python<'_>, error: Bound<'_, PyAny>, stopped: &Bound<'_, PyType>) -> Callbacks {
        let stopped = error.get_type().is_subclass(stopped).unwrap_or(false) && self.is_stopping();
        self.end(py, if stopped { "stopped" } else { "failed" }, error.unbind())
    }

    /// Asks the job to stop; whether it was the first to ask, and what is to be called if that ended it.
    fn _ask_stop(&self, py: Python<'_>, reason: String) -> (bool, Callbacks) {
        let Some(job) = self.job() else { return (false, None) };
        let first = job.ask_stop(reason);
        let mut inner = self.lock();
        if !job.is_finished() || matches!(inner.phase, Phase::Begun(..)) {
            let locks = inner.take_waiting(Event::Stop);
            drop(inner);
            release(py, &locks);
            return (first, None);
        }
        // It had not begun, and never will.
        inner.phase = Phase::Over;
        let ended = inner.take_ended();
        drop(inner);
        (first, ended.tell(py))
    }

    /// Raises an exception of that type in the thread that runs the body; false if none does.
    fn _interrupt(&self, exception: &Bound<'_, PyType>) -> bool {
        let mut inner = self.lock();
        let runs = matches!(inner.phase, Phase::Begun(..));
        if runs {
            inner.interrupted = true;
            interrupt(inner.ident, Some(exception));
        }
        runs
    }

    /// Whether the job was asked to stop.
    #[getter]
    fn _stopping(&self) -> bool {
        self.is_stopping()
    }

    /// Why it was asked to stop.
    #[getter]
    fn _reason(&self) -> Option<String> {
        self.job()?.stop_reason().map(|reason| (*reason).to_owned())
    }

    /// Where it is: `new`, `entered`, `running`, `done`, `failed`, `stopped`.
    #[getter]
    fn _state<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        let [new, entered, running, done, failed, stopped] = STATES.get(py).expect("the import has made them");
        let state = self.lock().job.as_ref().map(AnyJob::state);
        let name = match state {
            None => new,
            Some(State::Created | State::Queued) => entered,
            Some(State::Running | State::Stopping) => running,
            Some(State::Finished(Outcome::Done)) => done,
            Some(State::Finished(Outcome::Failed)) => failed,
            Some(State::Finished(Outcome::Stopped)) => stopped,
        };
        name.bind(py)
    }

    /// Whether it has ended.
    fn done(&self) -> bool {
        self.lock().has_ended()
    }

    /// The result or the exception, once it has ended.
    #[getter]
    fn _value(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.lock().value.as_ref().map(|value| value.clone_ref(py))
    }

    /// Exchanges the result or the exception for another.
    #[setter(_value)]
    fn exchange_value(&self, value: Option<Py<PyAny>>) {
        let old = std::mem::replace(&mut self.lock().value, value);
        drop(old);
    }

    /// The number of the thread that runs the body; 0 before.
    #[getter]
    fn _thread_ident(&self) -> c_ulong {
        self.lock().ident
    }

    /// The system's number of that thread; 0 before.
    #[getter]
    fn _thread_native_id(&self) -> u64 {
        self.lock().native_id
    }

    /// How many seconds the body has run, until now or until its end; none if it has not begun.
    #[getter]
    fn _ran(&self) -> Option<f64> {
        Some(self.job()?.times().ran()?.as_secs_f64())
    }

    /// What it printed; what is written before it was started is lost.
    fn _core_log(&self) -> Log {
        Log(self.job().as_ref().map(AnyJob::log))
    }

    /// Has `lock`, which is held, released when the body begins (`"begin"`), when it is asked to stop (`"stop"`) or when the
    /// job ends (`"end"`); false if that was before.
    fn _await(&self, event: &str, lock: Py<PyAny>) -> bool {
        let mut inner = self.lock();
        let (event, was) = match event {
            "begin" => (Event::Begin, matches!(inner.phase, Phase::Begun(..))),
            "stop" => (Event::Stop, inner.is_stopping()),
            _ => (Event::End, false),
        };
        let waits = !was && !inner.has_ended();
        if waits {
            inner.waiting.push((event, lock));
        }
        waits
    }

    /// Forgets a lock that nobody waits for any more.
    fn _forget(&self, lock: &Bound<'_, PyAny>) {
        let mut inner = self.lock();
        let forgotten: Vec<_> = inner.waiting.extract_if(.., |(_, waiting)| waiting.is(lock)).collect();
        drop(inner);
        drop(forgotten);
    }

    /// Has `callback` called at the end; false if it has ended.
    fn _call_at_end(&self, callback: Py<PyAny>) -> bool {
        let mut inner = self.lock();
        if inner.has_ended() {
            return false;
        }
        inner.waiting.push((Event::Callback, callback));
        true
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // Whoever holds the lock is attached to the interpreter and not in a collection.
        let Ok(inner) = self.inner.try_lock() else { return Ok(()) };
        visit.call(&inner.value)?;
        inner.waiting.iter().try_for_each(|(_, held)| visit.call(held))
    }

    fn __clear__(&self) {
        let old = {
            let mut inner = self.lock();
            (inner.value.take(), std::mem::take(&mut inner.waiting))
        };
        drop(old);
    }
}
