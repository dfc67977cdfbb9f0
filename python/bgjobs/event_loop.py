"""An event loop for one coroutine: runs it to its end, cancels it from any thread, and finds where it is.

It does not know jobs, and is imported with the first coroutine, because asyncio takes long to import.
"""

from __future__ import annotations

import asyncio
import gc
import os
import selectors
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from types import AsyncGeneratorType, FrameType, TracebackType
from typing import Any

from .frames import is_ours

_LOOPS_FILES = (os.path.dirname(asyncio.__file__) + os.sep, selectors.__file__)
"""The beginnings of the names of the files whose frames are the event loop's."""


class Loop:
    """An event loop for one coroutine.

    It ends as that of `asyncio.run` does: it cancels the tasks that are left, ends the asynchronous generators, and
    waits for the threads of `asyncio.to_thread`. After a cancel it does not wait for these.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        # The task of the coroutine, and where that was when it ended by an exception.
        self.task: asyncio.Task[Any] | None = None
        self._trace: TracebackType | None = None
        # Whether a cancel is on its way to the task, and whether there ever was one.
        self.cancels = self._was_cancelled = False

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Returns or raises what the coroutine does; the frames of asyncio are not in the traceback."""
        try:
            return self._run(coroutine)
        except BaseException as error:
            # The same exception, so it has no other as its cause.
            raise error.with_traceback(_without_loop(error.__traceback__) or to_body(self._trace))  # noqa: B904

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        loop = asyncio.new_event_loop()
        try:
            asyncio.set_event_loop(loop)
            return loop.run_until_complete(self._main(loop, coroutine))
        finally:
            try:
                self._end(loop)
            finally:
                asyncio.set_event_loop(None)
                loop.close()

    async def _main(self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]) -> Any:
        self.task, self._loop = asyncio.current_task(), loop
        self._cancel()
        try:
            return await coroutine
        except BaseException as error:
            self._trace = error.__traceback__ and error.__traceback__.tb_next
            raise

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        if not self._was_cancelled:
            loop.run_until_complete(loop.shutdown_default_executor())

    def cancel(self) -> None:
        """Cancels the task when the loop next runs, at once if it only waits; any thread may call this."""
        self.cancels = self._was_cancelled = True
        if self._loop is not None:
            with suppress(RuntimeError):
                # Raised if the loop is closed: the coroutine has ended.
                self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if not self.cancels or self.task is None or self._loop is None:
            return
        self.cancels = False
        if not self.task.cancel():
            # The coroutine has ended, and something that it has left behind has not.
            for task in asyncio.all_tasks(self._loop):
                task.cancel()

    def running(self) -> asyncio.Task[Any] | None:
        """The task of which a step runs now; None while the loop begins, waits or ends."""
        return None if self._loop is None else asyncio.current_task(self._loop)

    def is_in_body(self, frame: FrameType | None) -> bool:
        """Whether the innermost frame of the loop's thread is not the loop's own."""
        return frame is not None and not is_loops(frame)

    def stack(self, frames: list[FrameType]) -> list[FrameType]:
        """The frames of the loop's thread without the loop's; if it waits, with those of the coroutine instead."""
        shown = [frame for frame in frames if not is_loops(frame)]
        waits = self.running() is None and (is_loops(frames[-1]) or is_ours(frames[-1]))
        return shown + self._frames_of(self.task) if waits else shown

    def other_tasks(self) -> list[tuple[str, FrameType]]:
        """The names of the other tasks that wait, each with its innermost frame."""
        if self._loop is None:
            return []
        shown = (self.task, self.running())
        tasks = [task for task in asyncio.all_tasks(self._loop) if task not in shown]
        found = [(task.get_name(), self._frames_of(task)) for task in tasks]
        return sorted([(name, frames[-1]) for name, frames in found if frames], key=lambda one: (len(one[0]), one[0]))

    def _frames_of(self, task: asyncio.Task[Any] | None) -> list[FrameType]:
        frames = [] if task is None else _suspended(task.get_coro())
        return [frame for frame in frames if not is_loops(frame) and not is_ours(frame)]


def _suspended(link: Any) -> Iterator[FrameType]:
    """The frames of a coroutine that is suspended, and of what it awaits, outermost first."""
    while link is not None:
        for frame, awaited in (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await")):
            if hasattr(link, frame):
                if getattr(link, frame) is not None:
                    yield getattr(link, frame)
                link = getattr(link, awaited)
                break
        else:
            # What `async for` awaits has no attribute for its generator.
            link = next((found for found in gc.get_referents(link) if isinstance(found, AsyncGeneratorType)), None)


def is_loops(frame: FrameType) -> bool:
    """Whether a frame runs code of the event loop."""
    name = frame.f_code.co_filename
    # Notebooks use the second to let a cell run a loop within the kernel's; it has its own copy of the loop's methods.
    return name.startswith(_LOOPS_FILES) or os.path.basename(name).startswith("nest_asyncio")


def _without_loop(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame on that is neither the loop's nor ours."""
    while trace is not None and (is_loops(trace.tb_frame) or is_ours(trace.tb_frame)):
        trace = trace.tb_next
    return trace


def to_body(trace: TracebackType | None) -> TracebackType | None:
    """The traceback of a cancel without the frames of what the body awaits in asyncio, at its end."""
    found = last = trace
    while found is not None:
        if not is_loops(found.tb_frame):
            last = found
        found = found.tb_next
    if last is not None:
        last.tb_next = None
    return trace


def is_cancel(error: BaseException, other: type[BaseException]) -> bool:
    """Whether an exception is a cancel or an `other`, or is a group of nothing else, as a `TaskGroup` makes it."""
    parts = getattr(error, "exceptions", None)
    if parts is None:
        return isinstance(error, (asyncio.CancelledError, other))
    return all(is_cancel(part, other) for part in parts)
