"""What the end of a program says: which failures of jobs nobody has read, which jobs it waits for or cuts off.

At a prompt it tells no failures, because its user was told of each end. This module does not know how jobs run.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from . import host
from .failures import without_ours
from .labels import label
from .places import with_cells
from .record import Record

_MOST = 32
"""How many failures are printed: the oldest."""

_NAMED = 10
"""How many jobs a sentence names."""


class _Unread:
    """A failure that nobody has read, without the frames: these would keep the names of the body alive."""

    def __init__(self, job: Record) -> None:
        error = job._exception
        assert error is not None, "a job that died has an exception"
        self.is_read = False
        self._job = _named(job)
        trace = without_ours(job._trace or error.__traceback__, show_call=False)
        self._error = traceback.TracebackException(type(error), error, trace, lookup_lines=False)
        if job._failed_after is not None:
            # Its cause is the failure of another job, which is told there.
            self._error.__cause__ = None

    def __str__(self) -> str:
        return with_cells(f"Exception in job {self._job}:\n{''.join(self._error.format())}")


dying: dict[Record, None] = {}
"""The jobs that are about to die, until they are added: so no exit is so early that it does not know of them."""

_unread: list[_Unread] = []
_more = 0
"""How many jobs have died when there was no room for their failures."""

_COUNTED = SimpleNamespace(is_read=False)
"""Stands for the failure of such a job."""

_lock = threading.Lock()


def add(job: Record) -> None:
    """Remembers the failure of a job that has died, once, unless there is a prompt."""
    _add(job)
    # It may have been read since the job has died.
    if job._is_read:
        job._read()
    dying.pop(job, None)


def _add(job: Record) -> None:
    global _more
    # Like a thread, a job may end by `sys.exit`.
    if job._state_name != "failed" or isinstance(job._value, SystemExit) or host.has_prompt():
        return
    failure = None
    if not _is_full():
        # A program may have exceptions that can't be formatted.
        with contextlib.suppress(Exception):
            failure = _Unread(job)
    with _lock:
        if job._unread is not None:
            return
        if failure is None or _is_full():
            job._unread = _COUNTED
            _more += 1
            return
        if len(_unread) >= _MOST:
            _unread[:] = [failure for failure in _unread if not failure.is_read]
        job._unread = failure
        _unread.append(failure)


def _is_full() -> bool:
    return len(_unread) >= _MOST and not any(failure.is_read for failure in _unread)


def forget() -> None:
    """Forgets all failures; in the child of a fork they are its parent's."""
    global _unread, _more, _lock
    _unread, _more, _lock = [], 0, threading.Lock()
    dying.clear()


def print_failures() -> None:
    """Prints the failures that nobody has read, each once, if there is no prompt."""
    for job in list(dying):
        add(job)
    failures = [failure for failure in _unread if not failure.is_read]
    more = f"{_more} more jobs have died since.\n" if _more else ""
    forget()
    if failures and not host.has_prompt():
        _print("".join(map(str, failures)) + more)


def begin_exit(running: Sequence[Record], count: int) -> None:
    """Says in a kernel what becomes of its running jobs, `count` in all; called before the exit waits for them.

    A server kills a kernel whose end takes some seconds, so the failures are printed now.
    """
    if not host.is_kernel():
        return
    print_failures()
    if not count:
        return
    _print(
        f"The kernel ends while it runs job {_listed(running, count)}. What that prints now is lost, and in a few "
        "seconds it may be cut off. jobs.wait() in the last cell waits for all jobs.\n"
    )


def explain_wait(running: Sequence[Record], count: int) -> None:
    """Says at a prompt for which jobs its end waits; otherwise it would seem to hang."""
    if host.has_prompt():
        _print(f"Waiting for job {_listed(running, count)}. Ctrl-C leaves at once.\n")


def tell_cut_off(running: Sequence[Record], count: int) -> None:
    """Says which jobs are cut off, because the user does not want to wait for them."""
    _print(f"Cut off job {_listed(running, count)}.\n")


def _listed(jobs: Sequence[Record], count: int) -> str:
    """The first of these jobs, and how many of all `count` are more."""
    more = count - min(len(jobs), _NAMED)
    return ", ".join(_named(job) for job in jobs[:_NAMED]) + f" and {more} more" * (more > 0)


def _named(job: Record) -> str:
    return f"#{job.num} ({label(job)})"


def _print(text: str) -> None:
    # At its end nobody reads what a kernel sends.
    stream: Any = sys.__stderr__ if host.is_kernel() else sys.stderr
    if stream is not None:
        stream.write(text)
        stream.flush()
