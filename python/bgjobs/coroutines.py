"""Coroutines: a job whose call returns one runs it, on an event loop of its own, until it has ended.

Only coroutines run. Any other awaitable belongs to a loop that runs elsewhere, so a future or a task that a function
returns is the job's result. This module does not know what a job calls, nor how a loop works.
"""

from __future__ import annotations

import time
from collections.abc import Coroutine
from types import CoroutineType, FrameType
from typing import TYPE_CHECKING, Any

from . import places, stopping
from .record import Record, Stopped

if TYPE_CHECKING:
    from .event_loop import Loop

_STEP = 0.01
"""How many seconds a coroutine may go on after the request, without awaiting anything, before it is interrupted."""

_LOOKS = 10
"""How often a stop looks whether the coroutine is in its own code."""

_LISTED = 10
"""How many other tasks of a job `where` lists."""


def run_body(job: Record) -> Any:
    """Calls the body of a job, and runs the coroutine that it may return."""
    result = job.call()
    return run(result, job) if type(result) is CoroutineType else result


def run(coroutine: Coroutine[Any, Any, Any], job: Record) -> Any:
    """Runs a coroutine for a job on this thread; a stop of the job cancels it."""
    body = job._coroutine = CoroutineBody(job)
    try:
        # A stop does not interrupt this import, which would leave Python's lock of imports as it is.
        from . import event_loop

        loop = body.loop = event_loop.Loop()
        # A stop that was asked for before this line does not know of the loop, and a later one does.
        if job._stopping:
            raise stopping.stop_type(job)(job._reason)
        return loop.run(coroutine)
    except Stopped:
        # It may not have begun, and Python would warn that it was never awaited.
        coroutine.close()
        raise
    except BaseException as error:
        if not job._stopping or not event_loop.is_cancel(error, Stopped):
            raise
        trace = event_loop.to_body(error.__traceback__)
        raise stopping.stop_type(job)(job._reason).with_traceback(trace) from None
    finally:
        del job._coroutine


class CoroutineBody(stopping.ThreadBody):
    """A coroutine that a job runs on its thread, as a stop reaches it.

    The stop cancels it. One that does not await anything meanwhile is interrupted, as any body on a thread; but only in
    its own code: in the loop's, the exception would not reach it, and the loop might lose track of its task.
    """

    loop: Loop | None = None
    """None until it can run."""
    _step: Any = None
    _until = 0.0

    def ask(self) -> float:
        courtesy = super().ask()
        if self.loop is not None:
            self.loop.cancel()
            # A loop that has not heard of the cancel when it runs this task again runs the same step of it.
            self._step, self._until = self.loop.running(), time.monotonic() + _STEP
        return max(courtesy, _STEP)

    def interrupt(self) -> None:
        for _ in range(_LOOKS):
            if self.loop is None or not self.loop.cancels or self._step is None:
                return
            stopping.ended_by(self._job, self._until)
            if not self.loop.cancels or self.loop.running() is not self._step:
                return
            if self.loop.is_in_body(stopping.innermost(self._job)):
                super().interrupt()
                return
            self._until = time.monotonic() + _STEP / _LOOKS

    def was_interrupted(self) -> None:
        """Called where the interrupt arrives; if that is in the coroutine, a cancel would only disturb its clean-up."""
        if self.loop is not None and self.loop.running() is self.loop.task:
            self.loop.cancels = False

    def place(self) -> str:
        if self.loop is None:
            return "its coroutine has not begun"
        if self.loop.cancels:
            return super().place()
        frames = stopping.stack(self._job)
        if not frames:
            return "its coroutine has ended, and asyncio waits for other tasks or threads of it"
        return f"its body has swallowed the stop, or still cleans up; it is now at {places.line_of(frames[-1])}"

    def stack(self, frames: list[FrameType]) -> list[FrameType]:
        """The frames of the thread; where it waits for what the coroutine awaits, those of the coroutine instead."""
        return frames if self.loop is None else self.loop.stack(frames)

    def others(self) -> list[str]:
        """Where the other tasks of the coroutine are, a line each."""
        tasks = [] if self.loop is None else self.loop.other_tasks()
        lines = [f"{name} at {places.line_of(frame)}" for name, frame in tasks[:_LISTED]]
        return lines + [f"and {len(tasks) - _LISTED} more tasks"] * (len(tasks) > _LISTED)
