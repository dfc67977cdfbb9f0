"""Slots: a job that waits for others lends its slot in its group, and takes it back afterwards.

It does not know how the job waits.
"""

from __future__ import annotations

import _thread
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from . import _core, output
from .record import Record

_NOTHING = nullcontext()


def lending(jobs: Collection[Record], needed: int, timeout: float | None) -> AbstractContextManager[None]:
    """A wait until `needed` of these jobs have ended: if a job waits, it lends its slot in its group meanwhile.

    Raises `RuntimeError` if the job would wait for itself, directly or through others, for ever.
    """
    job = output.current.get()
    return _NOTHING if job is None else _lending(job, jobs, needed, timeout)


@contextmanager
def _lending(job: Record, jobs: Collection[Record], needed: int, timeout: float | None) -> Iterator[None]:
    carry_out = _core.begin_wait(job, list(jobs), needed, timeout is None)
    if carry_out is not None:
        carry_out(job)
    met = False
    try:
        yield
        met = sum(other.done() for other in jobs) >= needed
    finally:
        take_back(job, at_once=not met)


def take_back(job: Record, at_once: bool) -> None:
    """Takes back the slot that a job has lent; waits for it, unless `at_once` or a stop says otherwise."""
    while True:
        lock = _thread.allocate_lock()
        lock.acquire()
        if job._end_wait(at_once or job._stopping, lock):
            return
        # A stop has to wake it too; then it goes on without waiting.
        if job._await("stop", lock):
            lock.acquire()
        job._forget(lock)
