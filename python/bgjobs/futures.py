"""Waiting for jobs: joins, callbacks, `await`, waits for several, those of `concurrent.futures` and asyncio too.

A thread waits on a `_thread.lock` that the end of a job releases: Ctrl-C interrupts the wait at once, and
CPython can end the waiting thread. A stop of a job that waits raises its exception, which the thread notices as soon as
`wake` ends the wait. This module does not know how jobs run.
"""

from __future__ import annotations

import _thread
import functools
import logging
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Callable, TypeVar
from weakref import WeakKeyDictionary

from . import forks, output
from .lending import lending
from .record import Record, State

if TYPE_CHECKING:
    import asyncio

_log = logging.getLogger("bgjobs")
_NOTHING = nullcontext()

meet: Callable[[Record], object] | None = None
"""Waits some microseconds for the end of a job, on the main thread; set by `workers`."""

Job = TypeVar("Job", bound=Record)


def _wait(job: Record, event: str, timeout: float | None) -> None:
    """Waits for an event of the job, or its end, but at most `timeout` seconds."""
    lock = _thread.allocate_lock()
    lock.acquire()
    if not job._await(event, lock):
        return
    try:
        with woken_by(lock.release):
            lock.acquire(True, -1 if timeout is None else max(timeout, 0))
    finally:
        job._forget(lock)


def woken_by(wake: Callable[[], object]) -> AbstractContextManager[None]:
    """A wait of the calling thread that this call ends; if a job's body waits, a stop calls it."""
    job = output.current.get()
    # A thread that a job has started may share its context, and is not interrupted.
    return _NOTHING if job is None or not is_current(job) else _woken_by(job, wake)


@contextmanager
def _woken_by(job: Record, wake: Callable[[], object]) -> Iterator[None]:
    job._wake = wake
    try:
        yield
    finally:
        job._wake = None


def wake(job: Record) -> None:
    """Ends the wait that the body of a job is in, if it is in one; the body was interrupted before."""
    end_wait = job._wake
    if end_wait is not None:
        # The lock is not held if the wait ends anyway.
        with suppress(RuntimeError):
            end_wait()


def join(job: Record, timeout: float | None) -> None:
    state = job._state_name
    if state == "new":
        raise RuntimeError("cannot join thread before it is started")
    if state not in ("entered", "running") or job._is_lost():
        return
    if is_current(job):
        raise RuntimeError("cannot join current thread")
    if output.current.get() is None:
        if timeout is None and _thread.get_ident() == forks.main_ident and meet is not None:
            meet(job)
        _wait(job, "end", timeout)
    else:
        with lending([job], 1, timeout):
            _wait(job, "end", timeout)


def is_current(job: Record) -> bool:
    """Whether the calling thread runs the job."""
    return job._state_name == "running" and job._thread_ident == _thread.get_ident()


def await_begin(job: Record) -> bool:
    """Waits until the job has a thread; False if it has none and will not get one soon."""
    if not job._thread_ident and job._state_name == "entered" and not job._queued and not job._is_lost():
        _wait(job, "begin", None)
    return bool(job._thread_ident)


def sleep_in(job: Record, seconds: float) -> None:
    """Sleeps until the time is up or the job is asked to stop."""
    _wait(job, "stop", seconds)


def exception(job: Record, timeout: float | None) -> BaseException | None:
    join(job, timeout)
    if job._is_lost() and not job.done():
        raise RuntimeError(f"job #{job.num} runs in the process that this one was forked from, and never ends here")
    if not job.done():
        raise TimeoutError(f"job #{job.num} has not ended after {timeout} s")
    return job._read()


def get(job: Record, timeout: float | None) -> Any:
    error = exception(job, timeout)
    if error is not None:
        # Otherwise its traceback would grow with each call.
        raise error.with_traceback(job._trace or error.__traceback__)
    return job.result


def add_done_callback(job: Record, callback: Callable[[Any], object]) -> None:
    if getattr(callback, "__module__", None) == "asyncio.tasks":
        # From 3.11 on `asyncio.wait` adds its own to a job, and expects the call on its event loop.
        import asyncio

        callback = _kept(callback, _on_loop(asyncio.get_running_loop(), callback))
    _add(job, callback)


def remove_done_callback(job: Record, callback: Callable[[Any], object]) -> None:
    job._forget(getattr(callback, _KEPT, callback))


def _add(job: Record, callback: Callable[[Any], object]) -> None:
    if not job._call_at_end(callback):
        call([callback], job)


_KEPT = "_bgjobs_callback"


def _kept(listener: Any, callback: Callable[[Any], object]) -> Callable[[Any], object]:
    """The callback that tells a listener: the same for all jobs, because a job forgets one by its identity."""
    kept: Callable[[Any], object] = vars(listener).setdefault(_KEPT, callback)
    return kept


def call(callbacks: Iterable[Callable[[Any], object]], job: Record) -> None:
    """Calls each callback; what one raises is logged, and affects neither the job nor the others."""
    for callback in callbacks:
        try:
            callback(job)
        except BaseException:
            _log.exception("exception calling callback for %r", job)


class _Shown(threading.local):
    """The states that a thread sees, of the jobs whose condition it holds."""

    def __init__(self) -> None:
        self.states: WeakKeyDictionary[Record, State] = WeakKeyDictionary()


_shown = _Shown()


def shown_state(job: Record) -> State | None:
    """The state that the `Condition` of the job shows to this thread, if the thread holds it."""
    return _shown.states.get(job)


class Condition:
    """What `concurrent.futures` holds while it looks at a job and adds a waiter.

    It does not delay the end of the job, but shows the holder the same state all the while.
    """

    def __init__(self, job: Record) -> None:
        self._job = job

    def acquire(self) -> None:
        self.release()
        _shown.states[self._job] = self._job._state

    def release(self) -> None:
        _shown.states.pop(self._job, None)

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class Waiters:
    """The waits of `concurrent.futures` for a job: to these functions the list of a future's waiters."""

    def __init__(self, job: Record) -> None:
        self._job = job

    def append(self, waiter: Any) -> None:
        # The waiter does not count a job whose end it has seen.
        if self._job._state in ("PENDING", "RUNNING"):
            _add(self._job, _kept(waiter, functools.partial(_tell, waiter)))

    def remove(self, waiter: Any) -> None:
        self._job._forget(getattr(waiter, _KEPT, None))


def _tell(waiter: Any, job: Record) -> None:
    if job.outcome == "stopped":
        waiter.add_cancelled(job)
    elif job._exception is not None:
        waiter.add_exception(job)
    else:
        waiter.add_result(job)


def awaiting(job: Record) -> Generator[Any, None, Any]:
    import asyncio

    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def wake(_job: object) -> None:
        if not future.done():
            future.set_result(None)

    on_end = _on_loop(loop, wake)
    _add(job, on_end)
    try:
        yield from future
    finally:
        job._forget(on_end)
    return get(job, None)


def _on_loop(loop: asyncio.AbstractEventLoop, callback: Callable[[Any], object]) -> Callable[[Any], object]:
    """A callback that has an event loop call this one."""

    def on_end(job: object) -> None:
        try:
            loop.call_soon_threadsafe(callback, job)
        except RuntimeError:
            # The loop is closed, so nothing waits there any more.
            pass

    return on_end


def as_completed(jobs: Iterable[Job], timeout: float | None = None) -> Iterator[Job]:
    """Yields each job once, in the order in which they end.

    Raises `TimeoutError` if some have not ended `timeout` seconds after the first `next`.

    >>> import bgjobs
    >>> jobs = bgjobs.BackgroundJobManager()
    >>> sorted(job.result for job in bgjobs.as_completed([jobs.new("1"), jobs.new("2")]))
    [1, 2]
    """
    running = set(_checked(jobs))
    deadline = None if timeout is None else time.monotonic() + timeout
    ended: SimpleQueue[Job | None] = SimpleQueue()
    put = ended.put
    for job in running:
        _add(job, put)
    try:
        while running:
            left = None if deadline is None else max(deadline - time.monotonic(), 0)
            try:
                with lending(running, 1, left), woken_by(functools.partial(put, None)):
                    first = ended.get(timeout=left)
            except Empty:
                raise _still_running(running, timeout) from None
            if first is not None:
                running.discard(first)
                yield first
    finally:
        for job in running:
            job._forget(put)


def _checked(jobs: Iterable[Job]) -> Iterator[Job]:
    """These jobs; raises `TypeError` for what is none."""
    if isinstance(jobs, Record):
        raise TypeError(f"one job is given, {jobs!r}, where several are taken: job.join() waits for it")
    for job in jobs:
        if not isinstance(job, Record):
            raise TypeError(f"{job!r} is no job")
        yield job


def _still_running(jobs: Iterable[Record], timeout: float | None) -> TimeoutError:
    numbers = ", ".join(f"#{job.num}" for job in sorted(jobs, key=lambda job: job.num or 0))
    return TimeoutError(f"still running after {timeout} s: {numbers}")


def wait_while(running: Callable[[], Iterable[Record]], timeout: float | None) -> None:
    """Waits while `running` returns any jobs of this process but the caller's own; `TimeoutError` after `timeout` s."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while jobs := [job for job in running() if job.is_alive() and not is_current(job)]:
        if deadline is not None and time.monotonic() >= deadline:
            raise _still_running(jobs, timeout)
        for job in jobs:
            join(job, None if deadline is None else max(deadline - time.monotonic(), 0))


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
