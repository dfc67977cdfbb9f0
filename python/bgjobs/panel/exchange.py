"""A panel and its pages: one thread tells them what is new, and hears what they ask.

The thread sleeps while nothing runs and nobody asks. It does not know how messages travel (`widget` does), nor what is
in them (`feed` does).
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Mapping
from contextvars import copy_context
from typing import Any, Callable

from .. import stopping
from ..foreground import let_go
from ..jobs import BackgroundJobBase
from .feed import ROOM, Feed, Message

_log = logging.getLogger("bgjobs")

PACE = 0.5
"""How many seconds lie between two looks at the jobs, at least."""

_CARRIER = 1000
"""How many bytes carry a message: its header, that of the cell, signatures."""

_LONGEST = 5.0
"""How many seconds a page waits for news at most, however many there are."""

_RATE = (ROOM + _CARRIER) / _LONGEST
"""How many bytes a second the messages have in the long run, but for what a page asks for."""

KEPT = 3.0
"""How many seconds lie between two still pictures for the notebook, at least."""

_KEPT_RATE = 1500
"""How many bytes a second the still pictures have in the long run."""

_PATIENCE = 1.0
"""How many seconds a stop has until its verdict."""


class Exchange:
    """Tells pages about jobs, by `send`, on a thread of its own; `jobs` returns them by number.

    Every few seconds while jobs run, and after the last one, `keep(is_lost)` has the notebook keep a still picture of
    the panel, if it has changed or `is_lost`; it returns how many bytes that took.
    """

    def __init__(
        self,
        jobs: Callable[[], Mapping[int, BackgroundJobBase]],
        send: Callable[[Message], object],
        keep: Callable[[bool], int],
    ) -> None:
        self.feed = Feed(jobs)
        self._jobs = jobs
        self._send = send
        self._keep = keep
        self._requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._wakes = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_over = False
        # Whether something was started or asked since the last look.
        self._is_due = True
        # When the pace allows the next look and the next still picture, by the steady clock.
        self._due = 0.0
        self._kept_due = 0.0
        # Whether jobs may have changed since the last picture; whether a page may be without it.
        self._is_stale = False
        self._is_lost = False

    def start(self) -> None:
        """Starts the thread, once. It sends in the context of its caller, as old kernels need it."""
        if self._thread is None:
            run = copy_context().run
            self._thread = threading.Thread(target=run, args=(self._run,), name="bgjobs panel", daemon=True)
            self._thread.start()
        self.wake()

    def end(self) -> None:
        """Ends the thread, which sends nothing after this."""
        self._is_over = True
        self._wakes.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def wake(self) -> None:
        """Has the thread look soon: a job was started, or forgotten."""
        if not self._wakes.is_set():
            self._wakes.set()

    def receive(self, request: Any) -> None:
        """Takes a request of a page, on any thread; it is answered on the panel's.

        A request is a dict with a `kind`, and for the first three the name of its `page`:

        - `hello`: the page knows nothing, or has missed a message; `keeps` if it can write into its notebook.
        - `look`: it has the rows `seen` in view, and the rows `open` are open.
        - `bye`: it is closed.
        - `stop`: to stop the jobs `ids`.
        - `let_go`: to end the waits of cells for the jobs `ids`.

        Another one is ignored, because a page may be of another version.
        """
        if isinstance(request, dict):
            self._requests.put(request)
            self._wakes.set()

    def _run(self) -> None:
        while True:
            self._wakes.wait(self._pause())
            if self._is_over:
                return
            self._turn()

    def _pause(self) -> float | None:
        """For how many seconds the thread sleeps if nobody wakes it; None for ever."""
        dues = [self._due] * (self._is_due or self.feed.is_live) + [self._kept_due] * self._is_stale
        return max(min(dues) - time.monotonic(), 0.0) if dues else None

    def _turn(self) -> None:
        """Answers what was asked, looks at the jobs and has the panel kept, if it is time for that."""
        self._is_due |= self._wakes.is_set()
        self._wakes.clear()
        is_asked = self._answer()
        if is_asked or ((self._is_due or self.feed.is_live) and time.monotonic() >= self._due):
            self._is_due = False
            self._is_stale = True
            self._look()
        if self._is_stale and time.monotonic() >= self._kept_due:
            self._have_kept()

    def _look(self) -> None:
        began = time.monotonic()
        size = 0
        try:
            message = self.feed.look(time.time())
        except Exception:
            # The pages still have to be answered, and a later look may do better.
            _log.exception("the panel could not look at its jobs")
            self._due = began + _LONGEST
            return
        if message is not None:
            self._send(message)
            size = _CARRIER + len(json.dumps(message))
        self._due = began + min(max(PACE, size / _RATE), _LONGEST)

    def _have_kept(self) -> None:
        """Has the notebook keep how the panel is now."""
        began = time.monotonic()
        size = 0
        try:
            if not self.feed.is_left:
                size = self._keep(self._is_lost)
        except Exception:
            _log.exception("the panel could not be drawn for the notebook")
        self._is_stale = self._is_lost = False
        self._kept_due = began + max(KEPT, size / _KEPT_RATE)

    def _answer(self) -> bool:
        """Answers what was asked; whether a page waits for a look."""
        is_asked = False
        while not self._requests.empty():
            request = self._requests.get()
            kind, page = request.get("kind"), str(request.get("page"))
            if kind == "hello":
                self.feed.meet(page, request.get("keeps") is True)
                self._is_lost = is_asked = True
            elif kind == "look":
                self.feed.show(page, _numbers(request, "seen"), _numbers(request, "open"))
                is_asked = True
            elif kind == "bye":
                self.feed.hide(page)
            elif kind == "verdict":
                self._send(request)
            elif kind == "stop":
                self._stop(self._named(request))
            elif kind == "let_go":
                jobs = self._named(request)
                for job in jobs:
                    let_go(job)
                self._send({"kind": "gone_on", "ids": [job.num for job in jobs]})
                is_asked = True
        return is_asked

    def _named(self, request: Message) -> list[BackgroundJobBase]:
        """The jobs that a request names, of those that there are."""
        known = self._jobs()
        return [known[number] for number in _numbers(request, "ids") if number in known]

    def _stop(self, jobs: list[BackgroundJobBase]) -> None:
        self._send({"kind": "asked", "ids": [job.num for job in jobs]})
        # A verdict takes time.
        threading.Thread(target=self._judge, args=(jobs,), name="bgjobs panel stops", daemon=True).start()

    def _judge(self, jobs: list[BackgroundJobBase]) -> None:
        for job, verdict in zip(jobs, stopping.stop(jobs, "stopped by its user", _PATIENCE)):
            self.receive({"kind": "verdict", "id": job.num, "text": str(verdict)})


def _numbers(request: Message, key: str) -> list[int]:
    found = request.get(key)
    return [number for number in found if isinstance(number, int)] if isinstance(found, list) else []
