"""The threads that run jobs: made by Python, used again, sent home at the end.

The queue and the rule of growth are in `_core.Crew`; here is what must be Python. It does not know what a job calls.
"""

from __future__ import annotations

import _thread
import concurrent.futures.thread  # noqa: F401 (its exit hook must stand before ours, which then runs first)
import os
import sys
import threading
import time
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Callable

from . import _core, futures, output

if TYPE_CHECKING:
    from .jobs import BackgroundJobBase

_IDLE = 10.0
"""How many seconds a worker waits for another job."""

_FAREWELL = 0.5
"""How many seconds the exit waits for idle workers to end."""

_FORGETS = sys.version_info < (3, 13)
"""Whether a thread can forget its thread-locals, and so be used again; else each job gets a thread."""

main_ident = threading.main_thread().ident

_active: dict[int, Any] = threading._active  # type: ignore[attr-defined]

watch: Callable[[BackgroundJobBase], object] | None = None
"""Told of each job before it starts; see `stalls`."""

_generation = 0
"""How many forks lie between the first process and this one."""


def start(job: BackgroundJobBase) -> None:
    """Starts a job that no manager holds; `RuntimeError` if it was started."""
    prepare(job)
    job._enter(_core.Table(), job._daemon)
    push(job)


def prepare(job: BackgroundJobBase) -> None:
    """Makes sure that there will be a thread for the job; raises what the system says if not."""
    _crew.prepare()
    if _generation:
        job._generation = _generation
    output.install_router()
    if output.wants_copied_context():
        job._context = copy_context()
    if watch is not None:
        watch(job)


def push(job: BackgroundJobBase) -> None:
    """Hands a job that has its number to the workers."""
    _crew.push(job)


def _make() -> None:
    _thread.start_new_thread(_work, ())


def _work() -> None:
    """The life of a worker."""
    seat = _crew.seat()
    while True:
        job = _crew.take(seat)
        if job is None:
            return
        _run(job)
        # While it waits it keeps nothing of the user's.
        job = None
        if not _FORGETS:
            _crew.retire(seat)
            return
        _core.forget_locals()


def _run(job: BackgroundJobBase) -> None:
    """Runs a job in its context and settles it, whatever happens."""
    try:
        (job._context or Context()).run(_run_here, job)
    except BaseException as error:
        _settle(job, error)
    else:
        if not job.done():
            _settle(job, None)


def _run_here(job: BackgroundJobBase) -> None:
    output.current.set(job)
    ident = _thread.get_ident()
    _active[ident] = job
    trace, profile = threading._trace_hook, threading._profile_hook  # type: ignore[attr-defined]
    if trace is not None:
        sys.settrace(trace)
    if profile is not None:
        sys.setprofile(profile)
    try:
        job.run()
    finally:
        if trace is not None:
            sys.settrace(None)
        if profile is not None:
            sys.setprofile(None)
        if _active.get(ident) is job:
            del _active[ident]


def _settle(job: BackgroundJobBase, error: BaseException | None) -> None:
    """Ends a job whose `run` did not, because it is the user's own or was interrupted at its end."""
    while not job.done():
        # A stop may be raised here too, and then again.
        try:
            if job._state == "entered" and not job._begin(_thread.get_ident(), _thread.get_native_id()):
                return
            if error is None:
                job._end("done", None, _active)
            else:
                job._fail(error)
        except BaseException as another:
            error = another


# Exit.


def _leave() -> None:
    """Waits for the jobs that are no daemons, then sends the idle workers home.

    At the exit of the interpreter, before it begins to end threads.
    """
    while _core.awaited():
        jobs: list[Any] = [job for job in list(_active.values()) if isinstance(job, _core.JobCore)]
        awaited = [job for job in jobs if not job.daemon]
        if awaited:
            futures.join(awaited[0], None)
        elif _crew.queued() and not _crew.idle():
            # CPython 3.12 makes no threads any more: what is queued runs here.
            job = _crew.help()
            if job is not None:
                _run(job)
        else:
            # A worker is about to take it, or a hand that called `run` itself to end it.
            time.sleep(0.001)
    _crew.close()
    deadline = time.monotonic() + _FAREWELL
    while _crew.idle() and time.monotonic() < deadline:
        time.sleep(0.001)


# Fork.


def _renew() -> None:
    """Begins anew in the child of a fork, where only the thread that forked lives."""
    global _generation, main_ident
    _generation += 1
    main_ident = _thread.get_ident()
    _crew.renew()
    _core.await_none()


def survive(job: BackgroundJobBase) -> None:
    """Notes that a job goes on in the child of a fork; called before `_renew`."""
    job._generation = _generation + 1


def lost(job: BackgroundJobBase) -> bool:
    """Whether the job's thread stayed behind in the parent of a fork."""
    return job._generation != _generation


_crew = _core.Crew(_make, _IDLE)
threading._register_atexit(_leave)  # type: ignore[attr-defined]
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
