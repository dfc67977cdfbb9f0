"""How far a body in a process of its own is, told in a file that the user's process reads when somebody looks.

Each report replaces the last one. This module does not know jobs.
"""

from __future__ import annotations

import atexit
import os
import pickle
import sys
import threading
import time
from typing import Any, Optional, cast

from . import _child, bars

Report = tuple[int, Optional[int], Optional[str], Optional[float]]
"""How much is done, of how much, what is being done, and for how many seconds if a bar knows that."""

_INTERVAL = 0.2
"""After how many seconds the bars of the process are read again."""

_LENGTH = 4096
"""How long a report is at most, in bytes."""


def read(fd: int) -> Report | None:
    """The last report in a file; None if there is none, or if it is just being written."""
    try:
        number, report, same = pickle.loads(os.pread(fd, _LENGTH, 0))
    except Exception:
        return None
    return cast("Report", report) if number == same else None


class Reporter:
    """The body's process, which reports how far the body is."""

    # This belongs to `bars`, of which this is an owner.
    _bars: Any = None

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._number = 0
        self._is_told = False
        self._last: Report | None = None

    def tell(self, done: int, total: int | None, text: str | None) -> None:
        """Reports what the body has said, which counts more than any bar."""
        if text is None and self._is_told and self._last is not None:
            text = self._last[2]
        self._is_told = True
        self._write((done, total, text, None))

    def look(self) -> None:
        """Reports how far the bars are."""
        report = None if self._is_told else bars.read(self)
        if report is not None and report != self._last:
            self._write(report)

    def look_again_and_again(self) -> None:
        """Reports how far the bars are, until the process ends."""
        while True:
            time.sleep(_INTERVAL)
            self.look()

    def _write(self, report: Report) -> None:
        # A child that the body has forked reports nothing.
        if os.getpid() != self._process:
            return
        done, total, text, elapsed = report
        with self._lock:
            self._last = report
            self._number += 1
            text = None if text is None else text[: _LENGTH // 8]
            os.pwrite(self._fd, pickle.dumps((self._number, (done, total, text, elapsed), self._number)), 0)


_reporter: Reporter | None = None


def far_body() -> Any:
    """The body of a job of another process, if this is the thread of an engine's worker that runs it."""
    return getattr(getattr(sys, "_bgjobs_far_here", None), "body", None)


def reporter() -> Any:
    """What takes the reports of this thread, if it or its process is one of a job's: a `Reporter`, or a `far_body`."""
    global _reporter
    if _reporter is None and _child.reports is not None:
        _reporter = Reporter(_child.reports)
        atexit.register(_reporter.look)
        threading.Thread(target=_reporter.look_again_and_again, daemon=True).start()
    return _reporter or far_body()
