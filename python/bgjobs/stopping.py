"""Stopping jobs, and where they are: the ladder of a stop, its verdict, and what a body can ask.

It does not know what a job calls.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any, Protocol

from . import child_reports, frames, futures, output, places
from .labels import label
from .record import Record, Stopped
from .text import duration

_COURTESY = 0.02
"""How many seconds a body that has used `cancelled` or `sleep` has to react to the request before it is interrupted."""


class Verdict:
    """The answer to a stop: a text for the reader, and `stopped`, `finished`, `after` (seconds) and `place`.

    It is true if the job has ended.
    """

    def __init__(self, outcome: str | None, after: float, place: str | None, asked: bool = True) -> None:
        self.outcome = outcome
        self.after = after
        self.place = place
        # False if the job had ended before the request.
        self._asked = asked

    @property
    def stopped(self) -> bool:
        """Whether the stop ended the job."""
        return self.outcome == "stopped"

    @property
    def finished(self) -> bool:
        """Whether the job has ended, by the stop or before it noticed the stop."""
        return self.outcome is not None

    def __bool__(self) -> bool:
        return self.finished

    def __str__(self) -> str:
        if self.outcome == "stopped" and self._asked:
            return f"stopped after {duration(self.after)}"
        if self.outcome is not None:
            words = {"done": "completed", "failed": "failed", "stopped": "been stopped"}
            return f"had {words[self.outcome]} before" + (" it noticed the stop" if self._asked else "")
        return f"still running {duration(self.after)} after the request: {self.place}"

    def __repr__(self) -> str:
        return f"<Verdict: {self}>"


class Body(Protocol):
    """The body of a job, as a stop reaches it; each method is a rung of the ladder."""

    def ask(self) -> float:
        """Called after the request itself, which `cancelled` and `sleep` notice.

        Returns how many seconds the body has to react before it is interrupted.
        """

    def interrupt(self) -> None:
        """Interrupts a body that has not reacted."""

    def place(self) -> str:
        """Where a body that is still running is, for a sentence."""


def stop(jobs: Sequence[Record], reason: str, timeout: float) -> list[Verdict]:
    """Climbs the ladder with all these jobs at once: ask, wait a moment, interrupt; answers in time."""
    began = time.monotonic()
    running = [job for job in jobs if not job.done()]
    ran = {job: job._ran or 0.0 for job in running}
    _look(running)
    for job in running:
        job._foresee_stop()
    # Those that wait come first: they would begin when others end.
    for job in sorted(running, key=lambda job: not job._queued):
        ask(job, reason)
    # A coroutine that begins only now knows of the request.
    bodies: dict[Record, Body] = {job: job._ladder(timeout) for job in running}
    courtesies = {job: min(bodies[job].ask(), timeout) for job in running}
    late = [job for job in running if courtesies[job] <= 0 or not ended_by(job, began + courtesies[job])]
    _look(late)
    # The caller's own job is the last, because it goes no further.
    for job in sorted(late, key=futures.is_current):
        bodies[job].interrupt()
    verdicts = []
    for job in jobs:
        if job not in ran:
            verdicts.append(Verdict(job.outcome, 0.0, None, asked=False))
        elif ended_by(job, began + timeout):
            verdicts.append(Verdict(job.outcome, (job._ran or 0.0) - ran[job], None))
        else:
            verdicts.append(Verdict(None, time.monotonic() - began, bodies[job].place()))
    return verdicts


def ask(job: Record, reason: str) -> None:
    """Requests the stop, which ends a job that has not begun."""
    job._expect_stop()
    _, callbacks = job._ask_stop(reason)
    if callbacks is not None:
        futures.call(callbacks, job)


def _look(jobs: Sequence[Record]) -> None:
    """Notes where the threads of these jobs are; not job by job, because CPython collects the frames of all threads."""
    found = frames.of_threads()
    for job in jobs:
        _since(job, found.get(job._thread_ident))


def _since(job: Record, frame: FrameType | None) -> float:
    """Since when the thread of a job has been where it is, in this frame, at least."""
    position = None if frame is None else (id(frame), frame.f_lasti)
    seen = job._last_position
    if seen is None or seen[0] != position:
        seen = job._last_position = position, time.monotonic()
    return seen[1]


def ended_by(job: Record, deadline: float) -> bool:
    """Waits for the end until a time of the monotonic clock; not if the job would wait for itself."""
    if not futures.is_current(job):
        futures.join(job, max(deadline - time.monotonic(), 0))
    return job.done()


def stop_type(job: Record) -> type[Stopped]:
    """The exception that tells this job to stop; each job has its own, so that a reader sees which job was meant."""
    if job._stop_type is None:

        def __init__(self: Stopped, *args: Any) -> None:
            # CPython creates the instance when it raises it in the body, and passes no arguments.
            job._stop_delivered = True
            if job._coroutine is not None:
                job._coroutine.was_interrupted()
            BaseException.__init__(self, *(args or (job._reason,)))

        def __reduce__(self: Stopped) -> tuple[Any, ...]:
            # For pickle, which would look up the class by its name, or take the job along.
            return Stopped, self.args

        doc = f"Job #{job.num} was stopped."
        members = {"__module__": "bgjobs", "__doc__": doc, "__init__": __init__, "__reduce__": __reduce__}
        job._stop_type = type("Stopped", (Stopped,), members)
    found: type[Stopped] = job._stop_type
    return found


class ThreadBody:
    """A body on the job's own thread.

    A stop notes where it finds the body and when, so that a later one can say for how long the body has been there.
    """

    def __init__(self, job: Record) -> None:
        self._job = job

    def ask(self) -> float:
        return _COURTESY if self._job._asks else 0.0

    def interrupt(self) -> None:
        # The body has noticed the request itself, in `sleep` for example, and may be cleaning up.
        if self._job._stop_delivered:
            return
        self._job._interrupt(stop_type(self._job))
        futures.wake(self._job)

    def place(self) -> str:
        frame = innermost(self._job)
        if frame is None:
            return "its thread has no frame"
        if self._job._stop_delivered:
            return f"its body has swallowed the stop, or still cleans up; it is now at {call_at(self._job, frame)}"
        since = duration(time.monotonic() - _since(self._job, frame))
        return f"in a C call at {call_at(self._job, frame)}, for at least {since}; it stops when that returns"


def call_at(job: Record, frame: FrameType) -> str:
    """What a job is in, for a sentence: the innermost line that is not ours; without one, what the job itself calls."""
    theirs = next((found for found, _ in traceback.walk_stack(frame) if not frames.is_ours(found)), None)
    return label(job) if theirs is None else places.line_of(theirs)


def innermost(job: Record) -> FrameType | None:
    """The innermost frame of the job's thread, if the job runs."""
    if job._state_name != "running" or not job._thread_ident:
        return None
    return frames.of_threads().get(job._thread_ident)


def stack(job: Record) -> list[FrameType]:
    """The frames of the body of a running job, outermost first; where it awaits something, those of its coroutine."""
    frame = innermost(job)
    if frame is None:
        return []
    stack = [found for found, _ in traceback.walk_stack(frame)][::-1]
    coroutine = job._coroutine
    if coroutine is not None:
        stack = coroutine.stack(stack)
    return [found for found in stack if not frames.is_ours(found)]


def where(job: Record) -> str:
    """The stack of a running job, outermost call first, as in a traceback."""
    coroutine = job._coroutine
    lines = [(frame, frame.f_lineno) for frame in stack(job)]
    # A job that has ended meanwhile may have left its thread to another one.
    if job._state_name != "running":
        return f"{job!r} is not running: {job.status}"
    shown = places.stack(lines, getattr(job, "expression", "")).splitlines()
    ran = f"running for {duration(job._ran)}" if job._ran is not None else "running"
    others = [] if coroutine is None else coroutine.others()
    # A function of C that the job itself calls has no frame.
    return "\n".join([f"{job!r}, {ran}", *(shown + others or [f"  in {label(job)}"])])


def cancelled() -> bool:
    """Whether the job that runs this code was asked to stop; False outside of jobs.

    >>> import bgjobs
    >>> bgjobs.cancelled()
    False
    """
    job = output.current.get()
    if job is None:
        body = child_reports.far_body()
        return body is not None and bool(body.cancelled())
    if not job._asks:
        job._asks = True
    return job._stopping


def sleep(seconds: float) -> None:
    """Sleeps like `time.sleep`; in a job that is asked to stop meanwhile, raises `Stopped` at once."""
    job = output.current.get()
    if job is None:
        body = child_reports.far_body()
        (time if body is None else body).sleep(seconds)
        return
    job._asks = True
    futures.sleep_in(job, seconds)
    if job._stopping:
        raise stop_type(job)(job._reason)
