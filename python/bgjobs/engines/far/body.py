"""A body on a thread of a worker: it is called, interrupted, and looked at.

It does not know how the near side is reached.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any

from .channel import Channel
from .letter import FILE, failed, read, reply_of
from .streams import Stream, descriptors

SIGNAL = getattr(signal, "SIGRTMIN", signal.SIGUSR1 - 7) + 7
"""Interrupts a body on a main thread. The engines and their users use the lower ones."""

here: Any = vars(sys).setdefault("_bgjobs_far_here", threading.local())
"""Has the `body` of a thread, for `bgjobs.sleep` and `bgjobs.cancelled` on a worker that has the package."""


class Stopped(BaseException):
    """Tells a body to stop, where the package is not at hand."""


def stopped_types() -> tuple[type[BaseException], ...]:
    """The exceptions that tell a body to stop; the first is the one to raise."""
    # Its import may go on right now, and the package itself would begin one.
    theirs = getattr(sys.modules.get("bgjobs.record"), "Stopped", Stopped)
    return (theirs, Stopped)


def watch_bars() -> None:
    """Has the package, if this worker has it, see the progress bars of the libraries that are loaded."""
    if any(name in sys.modules for name in ("tqdm", "rich", "joblib")):
        with contextlib.suppress(Exception):
            __import__("bgjobs.reporting")


class Body:
    """A body on a thread of the engine's."""

    _bars: Any = None
    """Its progress bars: `bgjobs.bars` sets them, where the worker has the package."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._lock = threading.Lock()
        self._ident = 0
        self._armed = False
        self._asked = threading.Event()
        self._began = time.monotonic()
        self._told: tuple[Any, ...] | None = None
        self._on_main = threading.current_thread() is threading.main_thread()

    def run(self, letter: bytes) -> bytes:
        """Calls the body, and returns the reply."""
        self._ident, me = threading.get_ident(), os.getpid()
        value = failure = None
        with self._output(), self._signal():
            self.channel.attend(self)
            try:
                try:
                    call = read(letter)
                    watch_bars()
                    self._arm()
                    value = call()
                finally:
                    self._disarm()
            except BaseException as error:
                failure = error
            # A stop may have come at the entry of the first call.
            self._disarm()
        if os.getpid() != me:
            # This is a child that the body has forked.
            os._exit(0 if failure is None else 1)
        if failure is None:
            return reply_of(value)
        return failed(failure, "stopped" if isinstance(failure, stopped_types()) else "failure")

    def _arm(self) -> None:
        """Lets stops interrupt this thread; raises `Stopped` if one has come before."""
        here.body = self
        with self._lock:
            self._armed = True
        if self.cancelled():
            raise stopped_types()[0]

    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._asked.is_set()

    def sleep(self, seconds: float) -> None:
        """Sleeps, but not on after a stop."""
        if self._asked.wait(seconds):
            raise stopped_types()[0]

    def tell(self, done: int, total: int | None, text: str | None) -> None:
        """Notes how far it says that it is."""
        if text is None and self._told is not None:
            text = self._told[2]
        self._told = (done, total, text, time.monotonic() - self._began)

    def how(self) -> tuple[Any, ...] | None:
        """How far it is: done, of how much, what is being done, and after how many seconds."""
        bars = self._bars
        return self._told if self._told is not None or bars is None else bars.read()

    def _disarm(self) -> None:
        """Takes the right to interrupt this thread away for good; what is on its way is taken back."""
        here.body = None
        while True:
            try:
                with self._lock:
                    self._armed = False
                    if not self._on_main:
                        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._ident), None)
                return
            except stopped_types():
                # It comes too late to stop anything else.
                continue

    def stop(self, grace: float) -> None:
        """Interrupts the body, from another thread."""
        self._asked.set()
        with self._lock:
            if not self._armed:
                return
            if self._on_main and os.name == "posix":
                signal.pthread_kill(self._ident, SIGNAL)
            else:
                stopped = ctypes.py_object(stopped_types()[0])
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._ident), stopped)

    def where(self) -> str:
        """Its stack, as a traceback has it."""
        frame = sys._current_frames().get(self._ident)
        frames = [] if frame is None else list(traceback.walk_stack(frame))[::-1]
        # Those of the engine come first, then ours, which end where the body begins.
        is_ours = [found.f_code.co_filename == FILE for found, _ in frames]
        begin = is_ours.index(True) if True in is_ours else 0
        while begin < len(frames) and is_ours[begin]:
            begin += 1
        frames = frames[begin:]
        # In `bgjobs.sleep` the last ones are ours again.
        end = next((at for at, (found, _) in enumerate(frames) if found.f_code.co_filename == FILE), len(frames))
        while end < len(frames) and frames[end - 1][0].f_globals.get("__name__", "").startswith("bgjobs."):
            end -= 1
        frames = frames[:end]
        return "".join(traceback.StackSummary.extract(iter(frames)).format())

    @contextlib.contextmanager
    def _signal(self) -> Iterator[None]:
        if not self._on_main or os.name != "posix":
            yield
            return

        def interrupt(*_: Any) -> None:
            if self._armed:
                raise stopped_types()[0]

        before = signal.signal(SIGNAL, interrupt)
        # A signal that was sent too late finds the handler that ignores it.
        try:
            yield
        finally:
            signal.signal(SIGNAL, signal.SIG_IGN if before == signal.SIG_DFL else before)

    @contextlib.contextmanager
    def _output(self) -> Iterator[None]:
        """Sends to the channel what the body prints."""
        files = self.channel.files() if self._on_main else None
        if files is not None:
            with descriptors(*files):
                yield
        elif self.channel.takes_text:
            for name in ("stdout", "stderr"):
                if not isinstance(getattr(sys, name), Stream):
                    setattr(sys, name, Stream(getattr(sys, name), name == "stderr"))
            Stream.of_thread.write = self.channel.write
            try:
                yield
            finally:
                Stream.of_thread.write = None
        else:
            yield
