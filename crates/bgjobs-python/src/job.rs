//! A job as Python's threads see it: its steps, each one call, and what it ended with.
//!
//! It does not know workers.

use std::{
    ffi::c_ulong,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bgjobs::{AfterError, AnyJob, Context, Failure, Options, Outcome, Process, State, Turn};
use pyo3::{
    PyTraverseError, PyVisit,
    prelude::*,
    types::{PyDict, PyInt, PyString, PyType},
};

use crate::{
    awaited::Awaited,
    held,
    life::{Callbacks, ELSEWHERE, Event, Life, Phase, release},
    log::Log,
    states::name_of,
    summary,
    table::Table,
    thread::{active, ids, interrupt},
};

/// The base of the classes of jobs.
///
/// Each step of a job is one call, so that an exception raised in its thread from outside finds the job before the step or after
/// it, never within.
#[pyclass(subclass, frozen, module = "bgjobs._core")]
pub(crate) struct JobCore {
    /// Held during a step; no Python code runs meanwhile.
    inner: Mutex<Life>,
}

impl JobCore {
    fn lock(&self) -> MutexGuard<'_, Life> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine's job, once this one is started.
    pub(crate) fn job(&self) -> Option<AnyJob> {
        self.lock().job.clone()
    }

    /// The engine's view from the body, while that runs.
    pub(crate) fn context(&self) -> Option<Context> {
        match &self.lock().phase {
            Phase::Begun(turn, _) => Some(turn.context()),
            _ => None,
        }
    }

    fn is_stopping(&self) -> bool {
        self.lock().is_stopping()
    }

    /// Gives the job its number in `table`; `RuntimeError` if it has one.
    pub(crate) fn enter(&self, table: &Table, options: bgjobs::Options) -> PyResult<u64> {
        self.lock().enter(table, options)
    }

    /// Holds the job, which has options, until its end.
    pub(crate) fn hold(&self, this: Py<PyAny>) {
        let mut inner = self.lock();
        inner.held = true;
        if let Some(job) = inner.job.clone() {
            held::hold(job, this);
        }
    }

    /// What `call` returns for the turn of the body, if it runs.
    pub(crate) fn with_turn<R>(&self, call: impl FnOnce(&Turn) -> R) -> Option<R> {
        match &self.lock().phase {
            Phase::Begun(turn, _) => Some(call(turn)),
            _ => None,
        }
    }

    /// Begins an entered job on the calling thread; false if it was stopped before.
    pub(crate) fn begin(&self, py: Python<'_>, ident: c_ulong, native_id: u64) -> bool {
        let mut inner = self.lock();
        let begun = inner.begin(ident, native_id);
        let locks = inner.take_waiting(Event::Begin);
        drop(inner);
        release(py, &locks);
        begun
    }

    /// Ends the job, if it has begun and not ended; no job that has begun ends elsewhere.
    fn end(&self, py: Python<'_>, outcome: Outcome, value: Py<PyAny>) -> Callbacks {
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
        let active = active(py);
        if let Ok(Some(thread)) = active.get_item(&ident)
            && thread.cast::<Self>().is_ok_and(|job| std::ptr::eq(job.get(), self))
        {
            let _ = active.del_item(&ident);
        }
        inner.value = Some(value);
        let is_due = turn.end(match outcome {
            Outcome::Done => Ok(()),
            Outcome::Failed => Err(Failure::new("raised an exception")),
            Outcome::Stopped => Err(Failure::stopped("stopped")),
        });
        let ended = inner.take_ended(py, is_due);
        drop((inner, awaited));
        ended.announce(py)
    }

    /// The outcome of a job that raised `error`: stopped if that is a `stopped` and the job was asked to stop, else failed.
    fn outcome_of(&self, error: &Bound<'_, PyAny>, stopped: &Bound<'_, PyType>) -> Outcome {
        let by_stop = error.get_type().is_subclass(stopped).unwrap_or(false) && self.is_stopping();
        if by_stop { Outcome::Stopped } else { Outcome::Failed }
    }
}

#[pymethods]
impl JobCore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { inner: Mutex::new(Life::new()) }
    }

    /// Begins a job for a caller of `run`; false if it waits for a worker or has ended.
    ///
    /// A job that was not started begins here, in its own table.
    fn _begin(&self, py: Python<'_>) -> PyResult<bool> {
        let mut inner = self.lock();
        match inner.phase {
            Phase::Begun(..) => return Ok(true),
            Phase::New => inner.enter(&Table::new(), Options::default())?,
            Phase::Entered(..) | Phase::Over => return Ok(false),
        };
        drop(inner);
        let (ident, native_id) = ids(py)?;
        Ok(self.begin(py, ident, native_id))
    }

    /// Begins an entered job whose body no thread of this process runs; a worker may take it over later, to end it.
    ///
    /// False if it has begun or ended.
    fn _begin_elsewhere(&self, py: Python<'_>) -> bool {
        self.begin(py, ELSEWHERE, 0)
    }

    /// Ends the job with its result, and returns the callbacks to call; does nothing if it has ended.
    ///
    /// Until then, and not after, the job is the thread's entry in `threading._active`.
    fn _complete(&self, py: Python<'_>, result: Py<PyAny>) -> Callbacks {
        self.end(py, Outcome::Done, result)
    }

    /// Ends the job by what its body raised, as `_complete` does by its result.
    ///
    /// A handler calls this before anything else. CPython raises an exception from outside only between bytecodes, where a call
    /// returns, a function begins or a jump goes back, so no second one can come between the `except` and this call.
    fn _die(&self, py: Python<'_>, error: Bound<'_, PyAny>, stopped: &Bound<'_, PyType>) -> Callbacks {
        let outcome = self.outcome_of(&error, stopped);
        self.end(py, outcome, error.unbind())
    }

    /// The name of the state to which `_die` would bring the job.
    fn _state_by<'py>(&self, error: &Bound<'py, PyAny>, stopped: &Bound<'py, PyType>) -> &Bound<'py, PyString> {
        name_of(error.py(), Some(State::Finished(self.outcome_of(error, stopped))))
    }

    /// Asks the job to stop; returns whether this was the first request, and the callbacks to call if it ended the job.
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
        // It had not begun, so the request has ended it.
        inner.phase = Phase::Over;
        let ended = inner.take_ended(py, job.manager().has_due());
        drop(inner);
        (first, ended.announce(py))
    }

    /// Records that the schedule has ended a job that had not begun, by `error` if it failed; returns the callbacks to call.
    fn _end_unbegun(&self, py: Python<'_>, error: Option<Py<PyAny>>) -> Callbacks {
        let mut inner = self.lock();
        if !matches!(inner.phase, Phase::Entered(..)) || !inner.has_ended() {
            return None;
        }
        inner.value = error;
        let entered = std::mem::replace(&mut inner.phase, Phase::Over);
        let ended = inner.take_ended(py, false);
        drop((inner, entered));
        ended.announce(py)
    }

    /// The number of the job that this one follows and whose failure has ended it.
    #[getter]
    fn _failed_after(&self) -> Option<u64> {
        let failure = self.job()?.failure()?;
        failure.error()?.downcast_ref::<AfterError>().map(|error| error.job.get())
    }

    /// Wakes what waits for a stop, which the schedule has asked for.
    fn _hear_stop(&self, py: Python<'_>) {
        let locks = self.lock().take_waiting(Event::Stop);
        release(py, &locks);
    }

    /// Lets the exit go on without the job, if it runs: from now on it is a daemon's.
    fn _let_exit(&self) {
        if let Phase::Begun(_, awaited) = &mut self.lock().phase {
            *awaited = Awaited::unless(true);
        }
    }

    /// Wakes the body, which has its slot back.
    fn _resume(&self, py: Python<'_>) {
        let locks = self.lock().take_waiting(Event::Slot);
        release(py, &locks);
    }

    /// Takes back the slot that the body lent while it waited; otherwise returns false, and releases `lock`, which the caller
    /// holds, when it may try again.
    fn _end_wait(&self, at_once: bool, lock: Py<PyAny>) -> bool {
        let mut inner = self.lock();
        let back = match &inner.phase {
            Phase::Begun(turn, _) => turn.end_wait(at_once),
            _ => true,
        };
        if !back {
            inner.waiting.push((Event::Slot, lock));
        }
        back
    }

    /// Whether its options keep it from starting.
    #[getter]
    fn _queued(&self) -> bool {
        self.lock().job.as_ref().is_some_and(|job| job.state() == State::Queued)
    }

    /// Raises an exception of that type in the thread that runs the body; false if no thread does.
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
        self.job()?.stop_reason().map(|reason| reason.text().into_owned())
    }

    /// The name of its state: `new`, `entered`, `running`, `done`, `failed`, `stopped`.
    #[getter]
    fn _state<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        name_of(py, self.lock().job.as_ref().map(AnyJob::state))
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

    /// Replaces the result or the exception.
    #[setter(_value)]
    fn replace_value(&self, value: Option<Py<PyAny>>) {
        let old = std::mem::replace(&mut self.lock().value, value);
        drop(old);
    }

    /// Its number; none until a manager starts it.
    #[getter]
    fn num(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.lock().num.as_ref().map(|num| num.clone_ref(py))
    }

    /// Replaces its number.
    #[setter(num)]
    pub(crate) fn renumber(&self, num: Option<Py<PyAny>>) {
        let old = std::mem::replace(&mut self.lock().num, num);
        drop(old);
    }

    /// Python's identifier of the thread that runs the body; 0 before.
    #[getter]
    fn _thread_ident(&self) -> c_ulong {
        self.lock().ident
    }

    /// The system's identifier of that thread; 0 before.
    #[getter]
    fn _thread_native_id(&self) -> u64 {
        self.lock().native_id
    }

    /// How many seconds the body has run, until now or until its end; none if it has not begun.
    #[getter]
    fn _ran(&self) -> Option<f64> {
        Some(self.job()?.times().ran()?.as_secs_f64())
    }

    /// Records how far the body is, while it runs.
    fn _report(&self, done: u64, total: Option<u64>, text: Option<&str>) {
        if let Some(context) = self.context() {
            context.progress(done, total);
            if let Some(text) = text {
                context.say(text);
            }
        }
    }

    /// Has its progress be read from its log, while it runs and does not report any.
    fn _read_progress(&self) {
        if let Some(context) = self.context() {
            context.read_progress();
        }
    }

    /// How far the body has said it is, or the command has shown: how much is done, of how much, and what is being done.
    fn _reported(&self) -> Option<(u64, Option<u64>, Option<String>)> {
        let progress = self.job()?.progress()?;
        Some((progress.done, progress.total, progress.text.map(|text| text[..].to_owned())))
    }

    /// What the engine knows of it; none if it was not started.
    fn _summary<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.job().map(|job| summary::of(py, &job)).transpose()
    }

    /// The processes of its command, each before its descendants: their numbers and those of their parents, command lines,
    /// states, and how many seconds of processor time and bytes of memory they use.
    fn _processes(&self) -> Vec<(u32, u32, String, String, f64, u64)> {
        let processes = self.job().and_then(|job| job.place()).map(|place| place.processes).unwrap_or_default();
        let row = |process: Process| {
            let Process { id, parent, command, state, cpu, memory, .. } = process;
            (id, parent, command, state.to_string(), cpu.as_secs_f64(), memory)
        };
        processes.into_iter().map(row).collect()
    }

    /// What it printed; text written before its start is lost.
    fn _core_log(&self) -> Log {
        Log(self.job().as_ref().map(AnyJob::log))
    }

    /// Releases `lock`, which the caller holds, when the body begins (`"begin"`), when the job is asked to stop (`"stop"`) or when
    /// it ends (`"end"`); false if that has already happened.
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

    /// Forgets a lock for which no thread waits any more.
    fn _forget(&self, lock: &Bound<'_, PyAny>) {
        let mut inner = self.lock();
        let forgotten: Vec<_> = inner.waiting.extract_if(.., |(_, waiting)| waiting.is(lock)).collect();
        drop(inner);
        drop(forgotten);
    }

    /// Calls `callback` at the end; false if the job has ended.
    fn _call_at_end(&self, callback: Py<PyAny>) -> bool {
        let mut inner = self.lock();
        if inner.has_ended() {
            return false;
        }
        inner.waiting.push((Event::Callback, callback));
        true
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // The holder of the lock is attached to the interpreter, and is not in a collection.
        let Ok(inner) = self.inner.try_lock() else { return Ok(()) };
        visit.call(&inner.value)?;
        visit.call(&inner.num)?;
        inner.waiting.iter().try_for_each(|(_, held)| visit.call(held))
    }

    fn __clear__(&self) {
        let old = {
            let mut inner = self.lock();
            (inner.value.take(), inner.num.take(), std::mem::take(&mut inner.waiting))
        };
        drop(old);
    }
}
