"""The threads that run jobs: made by Python, used again, sent home at the end.

The queue and the rule of growth are in `_core.Crew`; here is what must be Python. It does not know what a job calls.
"""

from __future__ import annotations

import _thread
import atexit
import os
import sys
import threading
import time
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Callable

from . import _core, futures, output, stopping

if TYPE_CHECKING:
    from .jobs import BackgroundJobBase

_IDLE = 10.0
"""How many seconds a worker waits for another job."""

_FAREWELL = 0.5
"""How many seconds the exit waits for idle workers to end."""

_ROUND = 0.05
"""After how many seconds the exit looks again whether there is something to run."""

_REFUSES = sys.version_info[:2] == (3, 12)
"""Whether CPython makes no threads from the beginning of its exit on."""

_FORGETS = sys.version_info < (3, 13)
"""Whether a thread can forget its thread-locals, and so be used again; else each job gets a thread."""

main_ident = threading.main_thread().ident

_active: dict[int, Any] = threading._active  # type: ignore[attr-defined]

watch: Callable[[BackgroundJobBase], object] | None = None
"""Told of each job before it starts; see `stalls`."""

farewell: Callable[[], object] | None = None
"""Called once if the exit has to wait for jobs, before it does."""

_generation = 0
"""How many forks lie between the first process and this one."""

_leaving = False
"""Whether the exit of the interpreter has begun."""


def start(job: BackgroundJobBase) -> None:
    """Starts a job that no manager holds; `RuntimeError` if it was started."""
    enter(job, _core.Table())
    push(job)


def enter(job: BackgroundJobBase, table: _core.Table) -> int:
    """Gives a job its number in a table, where a thread can be had for it; raises what the system says if not."""
    output.install_router()
    if output.wants_copied_context():
        job._context = copy_context()
    if _generation:
        job._generation = _generation
    if _leaving:
        _wait_at_exit()
    return job._enter(_crew, table, job._daemon)


def push(job: BackgroundJobBase) -> None:
    """Hands a job that has its number to the workers."""
    if watch is not None:
        watch(job)
    _crew.push(job)


def _make() -> None:
    _thread.start_new_thread(_work, ())


def _work() -> None:
    """The life of a worker."""
    seat, generation = _crew.seat(), _generation
    while True:
        job = _crew.take(seat)
        if job is None:
            return
        _run(job, seat)
        if _generation != generation:
            # The job forked and came back, in the child: its thread is all there is, and the process ends with it.
            return
        # While it waits it keeps nothing of the user's.
        job = None
        if not _FORGETS:
            _crew.retire(seat)
            return
        _core.forget_locals()


def _run(job: BackgroundJobBase, seat: _core.Seat) -> None:
    """Runs a job in its context, and ends it if `run` did not: it is the user's own, or was interrupted at its end."""
    callbacks = None
    try:
        (job._context or Context()).run(_run_here, job, seat)
        if not job.done():
            callbacks = job._end_within()
    except BaseException as error:
        # First of all: another stop may be on its way.
        callbacks = job._end_by(error, stopping.Stopped)
        if job._value is error:
            job._died()
    if callbacks is not None:
        futures.call(callbacks, job)


def _run_here(job: BackgroundJobBase, seat: _core.Seat) -> None:
    if not seat.begin(job):
        return
    output.current.set(job)
    trace, profile = threading._trace_hook, threading._profile_hook  # type: ignore[attr-defined]
    if trace is not None:
        sys.settrace(trace)
    if profile is not None:
        sys.setprofile(profile)
    try:
        job.run()
    finally:
        # What the job itself has set goes too.
        if sys.gettrace() is not None:
            sys.settrace(None)
        if sys.getprofile() is not None:
            sys.setprofile(None)


# Exit.


def _wait_at_exit() -> None:
    """Has CPython wait for jobs as for threads: after it has ended the main thread, for a job may wait for that."""
    global _leaving, farewell
    _leaving = True
    if farewell is not None and _core.awaited():
        tell, farewell = farewell, None
        tell()
    if not hasattr(threading, "_shutdown_locks"):
        # From 3.13 on CPython lists what it waits for where we can't, but lets a thread be made at this time.
        threading.Thread(target=_wait_for_all, name="bgjobs waits at exit").start()
        return
    with threading._shutdown_locks_lock:  # type: ignore[attr-defined]
        threading._shutdown_locks.add(_JOBS)


class _Jobs:
    """What CPython up to 3.12 takes for the lock of a thread: to acquire it is to wait for the jobs."""

    def acquire(self) -> None:
        _wait_for_all()

    def release(self) -> None:
        """Nothing is held."""

    def locked(self) -> bool:
        return True


_JOBS = _Jobs()


def _wait_for_all() -> None:
    """Waits for the jobs that are no daemons."""
    me = threading.current_thread()
    while _core.awaited():
        jobs: list[Any] = [job for job in list(_active.values()) if isinstance(job, _core.JobCore)]
        awaited = [job for job in jobs if not job.daemon]
        if _crew.queued() and not _crew.idle() and (_REFUSES or not awaited):
            # What is queued runs here, for the others may wait for it.
            job = _crew.help()
            if job is not None:
                _run(job, _crew.seat())
                _active[_thread.get_ident()] = me
        elif awaited:
            futures.join(awaited[0], _ROUND)
        else:
            # A worker is about to take it, or a hand that called `run` itself to end it.
            time.sleep(0.001)


def _close() -> None:
    """Sends the idle workers home, before the interpreter begins to end threads."""
    _crew.close()
    deadline = time.monotonic() + _FAREWELL
    while _crew.idle() and time.monotonic() < deadline:
        time.sleep(0.001)


# Fork.


def _renew() -> None:
    """Begins anew in the child of a fork, where only the thread that forked lives."""
    global _generation, main_ident, watch
    _generation += 1
    # The prompt is the parent's.
    watch = None
    main_ident = _thread.get_ident()
    _crew.renew()
    _core.await_none()


def survive(job: BackgroundJobBase) -> None:
    """Notes that a job goes on in the child of a fork, as its main thread; called before `_renew`."""
    job._generation = _generation + 1
    # What CPython looks for in a main thread: up to 3.12, and then.
    main: Any = job
    if hasattr(threading, "_shutdown_locks"):
        lock = main._tstate_lock = _thread.allocate_lock()
        lock.acquire()
        main._is_stopped = False
    else:
        main._handle = main._os_thread_handle = _thread._make_thread_handle(_thread.get_ident())  # type: ignore[attr-defined]


def lost(job: BackgroundJobBase) -> bool:
    """Whether the job's thread stayed behind in the parent of a fork."""
    return job._generation != _generation


_crew = _core.Crew(_make, _IDLE)
threading._register_atexit(_wait_at_exit)  # type: ignore[attr-defined]
atexit.register(_close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
