"""Waiting for jobs: joins, callbacks, `await`, and waits for several.

A thread waits on a `_thread.lock` that the end of a job releases: Ctrl-C interrupts the wait at once, and
CPython can end the waiting thread. This module does not know how jobs run.
"""

from __future__ import annotations

import _thread
import logging
import time
from collections.abc import Generator, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, Callable, TypeVar

from .record import Record

_log = logging.getLogger("bgjobs")

Job = TypeVar("Job", bound=Record)


def _wait(job: Record, event: str, timeout: float | None) -> None:
    """Waits for an event of the job, or its end, but at most `timeout` seconds."""
    lock = _thread.allocate_lock()
    lock.acquire()
    if not job._await(event, lock):
        return
    try:
        lock.acquire(True, -1 if timeout is None else max(timeout, 0))
    finally:
        job._forget(lock)


def join(job: Record, timeout: float | None) -> None:
    state = job._state
    if state == "new":
        raise RuntimeError("cannot join thread before it is started")
    if state not in ("entered", "running") or job._is_lost():
        return
    if is_current(job):
        raise RuntimeError("cannot join current thread")
    _wait(job, "end", timeout)


def is_current(job: Record) -> bool:
    """Whether the calling thread runs the job."""
    return job._state == "running" and job._thread_ident == _thread.get_ident()


def await_begin(job: Record) -> bool:
    """Waits until the job has a thread; False if it has none and will not get one."""
    if not job._thread_ident and job._state == "entered" and not job._is_lost():
        _wait(job, "begin", None)
    return bool(job._thread_ident)


def sleep_in(job: Record, seconds: float) -> None:
    """Sleeps until the time is up or the job is asked to stop."""
    _wait(job, "stop", seconds)


def exception(job: Record, timeout: float | None) -> BaseException | None:
    join(job, timeout)
    if not job.done():
        raise TimeoutError(f"job #{job.num} has not ended after {timeout} s")
    return job._exception


def add_done_callback(job: Record, callback: Callable[[Any], object]) -> None:
    if not job._call_at_end(callback):
        call([callback], job)


def call(callbacks: Iterable[Callable[[Any], object]], job: Record) -> None:
    """Calls each callback; what one raises is logged, and affects neither the job nor the others."""
    for callback in callbacks:
        try:
            callback(job)
        except BaseException:
            _log.exception("exception calling callback for %r", job)


def awaiting(job: Record) -> Generator[Any, None, Any]:
    import asyncio

    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    def on_end(_job: object) -> None:
        try:
            loop.call_soon_threadsafe(wake)
        except RuntimeError:
            # The loop is closed, so nothing waits there any more.
            pass

    add_done_callback(job, on_end)
    yield from future
    if job._exception is not None:
        raise job._exception
    return job.result


def as_completed(jobs: Iterable[Job], timeout: float | None = None) -> Iterator[Job]:
    """Yields each job once, in the order in which they end.

    Raises `TimeoutError` if some have not ended `timeout` seconds after the first `next`.

    >>> import bgjobs
    >>> jobs = bgjobs.BackgroundJobManager()
    >>> sorted(job.result for job in bgjobs.as_completed([jobs.new("1"), jobs.new("2")]))
    [1, 2]
    """
    running = set(jobs)
    deadline = None if timeout is None else time.monotonic() + timeout
    ended: SimpleQueue[Job] = SimpleQueue()
    for job in running:
        add_done_callback(job, ended.put)
    while running:
        try:
            job = ended.get(timeout=None if deadline is None else max(deadline - time.monotonic(), 0))
        except Empty:
            numbers = ", ".join(f"#{job.num}" for job in sorted(running, key=lambda job: job.num or 0))
            raise TimeoutError(f"still running after {timeout} s: {numbers}") from None
        running.discard(job)
        yield job


def wait_all(jobs: Iterable[Record], timeout: float | None = None) -> None:
    """Waits until all jobs have ended, whatever their outcomes.

    Raises `TimeoutError` after `timeout` seconds; its text names the jobs that still run.
    """
    for _ in as_completed(jobs, timeout):
        pass


def wait_any(jobs: Iterable[Job], timeout: float | None = None) -> Job:
    """Waits until one of the jobs has ended, and returns it.

    Raises `TimeoutError` after `timeout` seconds, and `ValueError` if there are no jobs.
    """
    for job in as_completed(jobs, timeout):
        return job
    raise ValueError("wait_any needs at least one job")
