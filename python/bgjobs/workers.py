"""The threads that run jobs: created by Python, reused, and ended at the exit.

The queue and the rule for new workers are in `_core.WorkerPool`; this module is the part that must be Python. It
does not know what a job calls.
"""

from __future__ import annotations

import _thread
import atexit
import math
import os
import signal
import sys
import threading
import time
from contextvars import Context
from types import CoroutineType
from typing import Any, Callable

from . import (
    _core,
    coroutines,
    failures,
    figures,
    forks,
    futures,
    host,
    kernel,
    keyboard,
    leaving,
    output,
    thread_locals,
)
from .record import DIED, Record, Stopped
from .router import Router

_IDLE_TIMEOUT = 10.0
"""How many seconds a worker waits for another job."""

_EXIT_TIMEOUT = 0.5
"""How many seconds the exit waits for idle workers to end."""

_EXIT_POLL = 0.05
"""After how many seconds the exit looks again for a job that it should run."""

_EXIT_PATIENCE = 0.5
"""After how many seconds the exit says what it waits for."""

_EXIT_REFUSES_THREADS = sys.version_info[:2] == (3, 12)
"""Whether CPython creates no threads once its exit has begun."""

_SHOWN = ("status", "stat_code", "finished", "result")
"""What a job shows while a `run` of a derived class goes on after `run_within`."""

_active: dict[int, Any] = threading._active  # type: ignore[attr-defined]

_modules = 0
"""How many modules there were when the streams and the keyboard were last guarded."""

on_start: Callable[[Record], object] | None = None
"""Called with each job before it starts; see `stalls`."""

call_by_options: Callable[[Record, Any], Any] | None = None
"""Calls the body of a job with options; set by `schedule`, as the next is."""

on_exit_look: Callable[[], object] | None = None
"""Called again and again while the exit waits for jobs with options."""

_exiting = False
"""Whether the exit of the interpreter has begun."""

_is_cut_off = False
"""Whether Ctrl-C has ended the exit's wait for jobs."""


def start(job: Record) -> None:
    """Starts a job that no manager holds; `RuntimeError` if it was started."""
    enter(job, _core.Table())
    push(job)


def enter(job: Record, table: _core.Table) -> int:
    """Gives a job its number in a table; raises the system's error if there is no thread for it."""
    _prepare(job)
    return _pool.enter(job, table, job._daemon, None if job._options is None else job._options.for_engine(job._daemon))


def start_in(job: Record, table: _core.Table, jobs: dict[int, Any]) -> None:
    """Starts a job without options, in a table and under its number in `jobs`; raises as `enter` does."""
    if on_start is not None:
        job.num = enter(job, table)
        jobs[job.num] = job
        push(job)
        return
    # One call, because that is faster.
    _prepare(job)
    _pool.start(job, table, jobs, job._daemon)


def _prepare(job: Record) -> None:
    """Does what precedes the start of a job."""
    global _modules
    modules = sys.modules
    # This is what the calls find out, if nothing has changed since; a module that came is one that they may look for.
    streams_guarded = type(sys.stdout) is type(sys.stderr) is Router and type(sys.stdin) is keyboard.Stdin
    if not (streams_guarded and hasattr(input, "guards") and len(modules) == _modules):
        output.install_router()
        keyboard.install()
        _modules = len(modules)
    if "ipykernel" in modules and host.is_kernel():
        kernel.enter(job)
    if forks.generation:
        job._generation = forks.generation
    if _exiting:
        _wait_at_exit()


def push(job: Record) -> None:
    """Hands a job that has its number to the workers, unless its body runs elsewhere."""
    if job._depart():
        return
    if on_start is not None:
        on_start(job)
    _pool.push(job)


def land(job: Record) -> None:
    """Hands a job whose body ran elsewhere to the workers, for its end."""
    _pool.push(job)


def _create_thread() -> None:
    _thread.start_new_thread(_work, ())


def _work(moved: _core.Worker | None = None, job: Any = None) -> None:
    """The life of a worker, or what is left of it after it has moved to this thread with a job."""
    worker, generation = _pool.worker() if moved is None else moved.to_this_thread(), forks.generation
    locals, stack_size = thread_locals.of_new_thread(), _core.stack_size()
    while True:
        if job is None:
            job = _pool.take(worker)
            if job is None:
                return
            if _core.stack_size() != stack_size and _moves(worker, job):
                return
        _run_in_context(job, worker)
        if forks.generation != generation:
            # The job forked and returned in the child: this thread is the only one there, and the process ends with it.
            return
        # An idle worker keeps no object of the user's alive.
        job = None
        if locals is None:
            # The next job gets a thread without this one's thread-locals.
            _pool.retire(worker)
            return
        locals.clear()


def _moves(worker: _core.Worker, job: Record) -> bool:
    """Moves a worker, which has just taken a job, to a new thread, whose stack has the size asked for since."""
    try:
        _thread.start_new_thread(_work, (worker, job))
    except RuntimeError:
        # The system has no thread left.
        return False
    return True


def _run_in_context(job: Record, worker: _core.Worker) -> None:
    """Runs a job in its context."""
    try:
        (job._context or Context()).run(run, job, worker)
    except BaseException as error:
        # CPython 3.9 raises between any two bytecodes: another stop has come before `run` could end the job.
        callbacks = job._die(error, Stopped)
        _after_death(job, error)
        if callbacks is not None:
            futures.call(callbacks, job)
    finally:
        # This includes those that the job itself has set.
        if sys.gettrace() is not None:
            sys.settrace(None)
        if sys.getprofile() is not None:
            sys.setprofile(None)


def run(job: Record, worker: _core.Worker | None = None) -> None:
    """Begins a job on the calling thread, runs its body, and ends it.

    Without a worker, the caller has called `run` directly. From the beginning to the end of the job a stop may raise
    its exception here, so the `try` holds all of it.
    """
    runs_own = False
    try:
        if worker is None:
            if not job._begin():
                return
            result = _call(job)
        else:
            if not worker.begin(job):
                return
            if job._cell is not None:
                kernel.begin(job)
            output.current.set(job)
            trace, profile = threading._trace_hook, threading._profile_hook  # type: ignore[attr-defined]
            if trace is not None:
                sys.settrace(trace)
            if profile is not None:
                sys.setprofile(profile)
            # Not by a look in the job's `__dict__`: CPython creates that only on demand, and it takes memory.
            runs_own = getattr(job.run, "__func__", None) is not job._base_run
            try:
                result = _call_run(job) if runs_own else _call(job)
            finally:
                if job._figures:
                    figures.show_left(job)
                if job._own_streams is not None:
                    output.end_streams(job)
        callbacks = job._complete(result)
    except BaseException as error:
        # Before anything else: another stop may be on its way. It is not raised before the next call.
        leaving.dying[job] = None
        callbacks = job._die(error, Stopped)
        _after_death(job, error)
    if runs_own:
        for name in _SHOWN:
            job.__dict__.pop(name, None)
    if callbacks is not None:
        futures.call(callbacks, job)


def _call(job: Record) -> Any:
    """Calls the body, as often as the options of the job say."""
    if job._options is not None and call_by_options is not None:
        return call_by_options(job, job._options)
    result = job.call()
    return coroutines.run(result, job) if type(result) is CoroutineType else result


def _after_death(job: Record, error: BaseException) -> None:
    """Does what is left to do, if the job has died of this exception."""
    if job._value is error:
        job.__dict__.pop("result", None)
        failures.capture(job)
    leaving.add(job)


def _call_run(job: Record) -> Any:
    """Calls the `run` of a derived class; returns or raises what `call` did, if that `run` has called it."""
    job.run()
    result, error = job.__dict__.pop("_within", (None, None))
    if error is None:
        return result
    try:
        raise error
    finally:
        # Otherwise the exception would hold itself, by its traceback and this frame.
        del error


def run_within(job: Record) -> None:
    """Calls the body for the `run` of a derived class; the job ends only when that `run` returns, as a thread does."""
    state = "done"
    try:
        result = job.result = _call(job)
        job._within = result, None
    except BaseException as error:
        state = job._state_by(error, Stopped)
        job.result, job._within = DIED, (None, error)
    job.status, job.stat_code, job.finished = job._of_state[state]


# Exit.


def _wait_at_exit() -> None:
    """Makes CPython wait for jobs as for threads: after the main thread has ended, because a job may wait for that."""
    global _exiting
    if not _exiting and _core.awaited() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _cut_off)
    _exiting = True
    leaving.begin_exit(_awaited(), _core.awaited())
    if not hasattr(threading, "_shutdown_locks"):
        # From 3.13 on we can't reach the list of what CPython waits for, but a thread can be created at this point.
        threading.Thread(target=_wait_for_all, name="bgjobs waits at exit").start()
        return
    with threading._shutdown_locks_lock:  # type: ignore[attr-defined]
        threading._shutdown_locks.add(_JOBS)


def _cut_off(*_: object) -> None:
    """Ends the wait for jobs, without the traceback of an exit that CPython would print."""
    global _is_cut_off
    # The next one ends the wait for other threads.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    leaving.tell_cut_off(_awaited(), _core.awaited())
    _is_cut_off = True


class _JobsLock:
    """Looks to CPython up to 3.12 like the lock of a thread; to acquire it is to wait for the jobs."""

    def acquire(self) -> None:
        _wait_for_all()

    def release(self) -> None:
        """There is nothing to release."""

    def locked(self) -> bool:
        return True


_JOBS = _JobsLock()


def _wait_for_all() -> None:
    """Waits for all jobs that are not daemons."""
    me = threading.current_thread()
    explain_at = time.monotonic() + _EXIT_PATIENCE
    while _core.awaited() and not _is_cut_off:
        if on_exit_look is not None and _core.held_jobs():
            on_exit_look()
        awaited = _awaited()
        if time.monotonic() >= explain_at:
            explain_at = math.inf
            leaving.explain_wait(awaited, _core.awaited())
        if _pool.queued() and not _pool.idle() and (_EXIT_REFUSES_THREADS or not awaited):
            # Queued jobs run here, because the others may wait for them.
            job = _pool.help()
            if job is not None:
                _run_in_context(job, _pool.worker())
                _active[_thread.get_ident()] = me
        elif awaited:
            futures.join(awaited[0], _EXIT_POLL)
        else:
            # A worker is about to take the job, a thread that has called `run` itself is about to end it, or its
            # options keep it.
            time.sleep(0.01 if _core.held_jobs() else 0.001)


def _awaited() -> list[Any]:
    """The jobs with threads that the exit waits for."""
    jobs: list[Any] = [job for job in list(_active.values()) if isinstance(job, _core.JobCore)]
    return [job for job in jobs if not job.daemon]


def _close() -> None:
    """Ends the idle workers, before the interpreter begins to end threads."""
    leaving.print_failures()
    _pool.close()
    deadline = time.monotonic() + _EXIT_TIMEOUT
    while _pool.idle() and time.monotonic() < deadline:
        time.sleep(0.001)


def _renew() -> None:
    """Starts afresh in the child of a fork, where only the thread that forked lives."""
    global on_start
    # The prompt belongs to the parent.
    on_start = None
    leaving.forget()
    _pool.renew()
    _core.reset_awaited()


_pool = _core.WorkerPool(_create_thread, _IDLE_TIMEOUT)
futures.meet = _pool.meet
threading._register_atexit(_wait_at_exit)  # type: ignore[attr-defined]
atexit.register(_close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
