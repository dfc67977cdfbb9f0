"""Waiting for jobs: joins, callbacks, `await`, and waits for several.

Threads wait on a `_thread.lock` that the end of a job releases: Ctrl-C comes through at once, and CPython can end a
thread that waits. It does not know how jobs run.
"""

from __future__ import annotations

import _thread
import logging
import time
from collections.abc import Generator, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Callable

from . import workers

if TYPE_CHECKING:
    from .jobs import BackgroundJobBase

_log = logging.getLogger("bgjobs")


def _wait(job: BackgroundJobBase, event: str, timeout: float | None) -> None:
    """Waits for an event of the job, or its end, `timeout` seconds at most."""
    lock = _thread.allocate_lock()
    lock.acquire()
    if not job._await(event, lock):
        return
    try:
        lock.acquire(True, -1 if timeout is None else max(timeout, 0))
    finally:
        job._forget(lock)


def join(job: BackgroundJobBase, timeout: float | None) -> None:
    state = job._state
    if state == "new":
        raise RuntimeError("cannot join thread before it is started")
    if state not in ("entered", "running") or workers.lost(job):
        return
    if is_current(job):
        raise RuntimeError("cannot join current thread")
    _wait(job, "end", timeout)


def is_current(job: BackgroundJobBase) -> bool:
    """Whether the caller's thread runs the job."""
    return job._state == "running" and job._thread_ident == _thread.get_ident()


def await_begin(job: BackgroundJobBase) -> bool:
    """Waits until the job has a thread; False if it never had or will have one."""
    if not job._thread_ident and job._state == "entered" and not workers.lost(job):
        _wait(job, "begin", None)
    return bool(job._thread_ident)


def sleep_in(job: BackgroundJobBase, seconds: float) -> None:
    """Sleeps, or until the job is asked to stop."""
    _wait(job, "stop", seconds)


def exception(job: BackgroundJobBase, timeout: float | None) -> BaseException | None:
    join(job, timeout)
    if not job.done():
        raise TimeoutError(f"job #{job.num} has not ended after {timeout} s")
    return job._exception


def add_done_callback(job: BackgroundJobBase, callback: Callable[[Any], object]) -> None:
    if not job._call_at_end(callback):
        call([callback], job)


def call(callbacks: Iterable[Callable[[Any], object]], job: BackgroundJobBase) -> None:
    """Calls each; what one raises is logged, and harms neither the job nor the others."""
    for callback in callbacks:
        try:
            callback(job)
        except BaseException:
            _log.exception("exception calling callback for %r", job)


def awaiting(job: BackgroundJobBase) -> Generator[Any, None, Any]:
    import asyncio

    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    def tell(_job: object) -> None:
        try:
            loop.call_soon_threadsafe(wake)
        except RuntimeError:
            # The loop was closed: nobody waits there any more.
            pass

    job.add_done_callback(tell)
    yield from future
    if job._exception is not None:
        raise job._exception
    return job.result


def as_completed(jobs: Iterable[BackgroundJobBase], timeout: float | None = None) -> Iterator[BackgroundJobBase]:
    """The jobs in the order in which they end; each once.

    Raises `TimeoutError` if not all have ended `timeout` seconds after the first `next`.

    >>> import bgjobs
    >>> jobs = bgjobs.BackgroundJobManager()
    >>> sorted(job.result for job in bgjobs.as_completed([jobs.new("1"), jobs.new("2")]))
    [1, 2]
    """
    left = set(jobs)
    deadline = None if timeout is None else time.monotonic() + timeout
    ended: SimpleQueue[BackgroundJobBase] = SimpleQueue()
    for job in left:
        job.add_done_callback(ended.put)
    while left:
        try:
            job = ended.get(timeout=None if deadline is None else max(deadline - time.monotonic(), 0))
        except Empty:
            numbers = ", ".join(f"#{job.num}" for job in sorted(left, key=lambda job: job.num or 0))
            raise TimeoutError(f"still running after {timeout} s: {numbers}") from None
        left.discard(job)
        yield job


def wait_all(jobs: Iterable[BackgroundJobBase], timeout: float | None = None) -> None:
    """Waits until all of the jobs have ended, however they end.

    Raises `TimeoutError`, which names those that run, after `timeout` seconds.
    """
    for _ in as_completed(jobs, timeout):
        pass


def wait_any(jobs: Iterable[BackgroundJobBase], timeout: float | None = None) -> BackgroundJobBase:
    """Waits until one of the jobs has ended, and returns it.

    Raises `TimeoutError` after `timeout` seconds, and `ValueError` if there are no jobs.
    """
    for job in as_completed(jobs, timeout):
        return job
    raise ValueError("wait_any needs at least one job")
