"""Stopping jobs, and where they are: the ladder, its verdict, and what a body can ask.

It does not know what a job calls.
"""

from __future__ import annotations

import sys
import time
import traceback
from types import FrameType
from typing import TYPE_CHECKING, Any

from . import failures, futures, output

if TYPE_CHECKING:
    from .jobs import BackgroundJobBase

EXPRESSION = "<BackgroundJob compilation>"
"""What an expression has for the name of its file, as in the original."""

_COURTESY = 0.02
"""How many seconds a body has to hear of the stop by itself before it is interrupted."""


class Stopped(BaseException):
    """Raised in the body of a job that is to stop.

    It is no `Exception`, so that `except Exception` lets it through; `finally` and `with` do their work.
    """


class Verdict:
    """What came of a stop: a text for the reader, and `stopped`, `finished`, `after` (seconds) and `place`.

    It is true if the job has ended.
    """

    def __init__(self, outcome: str | None, after: float, place: str | None, asked: bool = True) -> None:
        self.outcome = outcome
        self.after = after
        self.place = place
        # Not so if it had ended before the request.
        self._asked = asked

    @property
    def stopped(self) -> bool:
        """Whether the stop ended the job."""
        return self.outcome == "stopped"

    @property
    def finished(self) -> bool:
        """Whether the job has ended, by the stop or before it heard of it."""
        return self.outcome is not None

    def __bool__(self) -> bool:
        return self.finished

    def __str__(self) -> str:
        if self.outcome == "stopped":
            return f"stopped after {_duration(self.after)}"
        if self.outcome is not None:
            words = {"done": "completed", "failed": "died"}
            return f"had {words[self.outcome]} before" + (" it heard of the stop" if self._asked else "")
        return f"still running {_duration(self.after)} after the request: {self.place}"

    def __repr__(self) -> str:
        return f"<Verdict: {self}>"


def stop(job: BackgroundJobBase, reason: str, timeout: float) -> Verdict:
    """The ladder: ask, wait a moment, interrupt, and answer in time."""
    if job.done():
        return Verdict(job.outcome, 0.0, None, asked=False)
    began = time.monotonic()
    _, callbacks = job._ask_stop(reason)
    if callbacks is not None:
        futures.call(callbacks, job)
    place = _Place(job)
    if not _ended_within(job, min(_COURTESY, timeout)):
        place.look()
        job._heard = False
        job._interrupt(_order(job))
        _ended_within(job, max(timeout - (time.monotonic() - began), 0))
    after = time.monotonic() - began
    return Verdict(job.outcome, after, None if job.done() else place.text())


def _ended_within(job: BackgroundJobBase, timeout: float) -> bool:
    if futures.is_current(job):
        return False
    futures.join(job, timeout)
    return job.done()


def _order(job: BackgroundJobBase) -> type[Stopped]:
    """The exception by which this job is told to stop; its own, so that a reader sees whose it is."""
    if job._order is None:

        def heard(self: Stopped, *args: Any) -> None:
            # CPython makes the instance when the body gets it, and gives it no arguments.
            job._heard = True
            BaseException.__init__(self, *(args or (job._reason,)))

        def reduce(self: Stopped) -> tuple[Any, ...]:
            # For pickle, which would look for the class by its name, or take the job along.
            return Stopped, self.args

        doc = f"Job #{job.num} was stopped."
        own = {"__module__": "bgjobs", "__doc__": doc, "__init__": heard, "__reduce__": reduce}
        job._order = type("Stopped", (Stopped,), own)
    return job._order


class _Place:
    """Where a job is when one looks, and since when at least, which an earlier look of another may have seen."""

    def __init__(self, job: BackgroundJobBase) -> None:
        self._job = job
        self.look()

    def look(self) -> None:
        seen, position = self._job._seen_at, _position(self._job)
        if seen is None or seen[0] != position:
            seen = self._job._seen_at = position, time.monotonic()
        self._since = seen[1]

    def text(self) -> str:
        """Where the job is, for a sentence: whether it sits in a call into C, and since when at least."""
        frame = _frame(self._job)
        if frame is None:
            return "its thread has no frame"
        if self._job._heard:
            return f"its body has swallowed it; now at {line_of(frame)}"
        self.look()
        since = _duration(time.monotonic() - self._since)
        return f"in a C call at {line_of(frame)}, for at least {since}; it stops when that returns"


def line_of(frame: FrameType) -> str:
    """The place of a frame, for a sentence."""
    code = frame.f_code
    if code.co_filename == EXPRESSION:
        return f"line {frame.f_lineno} of its expression"
    return f"{code.co_filename}:{frame.f_lineno}, in {code.co_name}"


def _frame(job: BackgroundJobBase) -> FrameType | None:
    """The innermost frame of the body, if the job runs."""
    if job._state != "running" or not job._thread_ident:
        return None
    return sys._current_frames().get(job._thread_ident)


def _position(job: BackgroundJobBase) -> tuple[int, int] | None:
    frame = _frame(job)
    return None if frame is None else (id(frame), frame.f_lasti)


def where(job: BackgroundJobBase) -> str:
    """The stack of a running job, outermost call first, as a traceback shows it."""
    frame = _frame(job)
    if frame is None:
        return f"{job!r} is not running: {job.status}"
    stack = [(frame, line) for frame, line in traceback.walk_stack(frame) if not failures.is_ours(frame)]
    summary = traceback.StackSummary.extract(reversed(stack), lookup_lines=False)
    lines = getattr(job, "expression", "").splitlines()
    for index, entry in enumerate(summary):
        if entry.filename == EXPRESSION and entry.lineno is not None and entry.lineno <= len(lines):
            line = lines[entry.lineno - 1].strip()
            summary[index] = traceback.FrameSummary(EXPRESSION, entry.lineno, entry.name, line=line)
    ran = f"running for {_duration(job._ran)}" if job._ran is not None else "running"
    return f"{job!r}, {ran}\n{''.join(summary.format())}".rstrip("\n")


def _duration(seconds: float) -> str:
    """A time for a sentence: `4 ms`, `1.2 s`, `3 min 5 s`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s"


def cancelled() -> bool:
    """Whether the job that asks was asked to stop; False outside of jobs.

    >>> import bgjobs
    >>> bgjobs.cancelled()
    False
    """
    job = output.current.get()
    return job is not None and job._stopping


def sleep(seconds: float) -> None:
    """Sleeps as `time.sleep`; in a job that is asked to stop meanwhile, raises `Stopped` at once."""
    job: Any = output.current.get()
    if job is None:
        time.sleep(seconds)
        return
    futures.sleep_in(job, seconds)
    if job._stopping:
        raise _order(job)(job._reason)
