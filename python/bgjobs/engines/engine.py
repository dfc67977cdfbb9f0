"""What an engine is here: something that users run already, and that runs a body for us somewhere else.

An engine object of the user's (a pool, a client) has one `Engine`, with one thread that attends to it, however many
jobs it has. This module knows no engine, and does not know what a job is to its users.
"""

from __future__ import annotations

import functools
import itertools
import logging
import os
import platform
import secrets
import sys
import threading
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Optional, Protocol

_RUN = """(lambda sys, made: (
    sys.modules.get(NAME + '.main') or (
        made.update(source={text}),
        exec(compile(made['source'], '<bgjobs far side>', 'exec'), made),
        made['load'](NAME, made['source']),
    )[2]
).main)(__import__('sys'), {{}})(LETTER, dict(SETTINGS, task=TASK, process=PROCESS))"""
"""What a worker evaluates: `main` of the far side, whose modules are made at their first use."""

_PARTS = ("letter", "channel", "folder", "dask", "ipyparallel", "streams", "body", "child", "main")
"""The files of the far side, in import order."""

_log = logging.getLogger("bgjobs")

_IDLE = 10.0
"""How many seconds the thread of an engine goes on without a task."""


How = tuple[int, Optional[int], Optional[str], float]
"""How far a body is: done, of how much, what is being done, and after how many seconds."""


class JobLost(Exception):
    """An engine has lost a job: a worker, a node or a scheduler went away. The text has the engine's words.

    `began` says whether the body had begun.
    """

    def __init__(self, message: str, began: bool = False) -> None:
        super().__init__(message)
        self.began = began

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.began)


class Listener(Protocol):
    """Hears of a task, on the engine's thread."""

    def title(self) -> str:
        """What its job is called."""

    def began(self, host: Mapping[str, Any]) -> None:
        """Its body has begun, there."""

    def wrote(self, err: bool, text: str) -> None:
        """Its body has printed this."""

    def ended(self, take: Callable[[], bytes]) -> None:
        """It has ended: `take` returns the reply, or raises in the engine's words. Nothing is heard after that."""


class Task:
    """One call of a body on an engine."""

    __slots__ = ("handle", "host", "how", "id", "letter", "listener", "process", "wants")

    listener: Listener

    def __init__(self, letter: bytes, wants: Mapping[str, Any], process: bool) -> None:
        self.id = f"{_session()}-{next(_numbers)}"
        self.letter = letter
        self.wants = wants
        self.process = process
        self.host: Mapping[str, Any] | None = None
        """Where the body runs, once it has begun."""
        self.how: How | None = None
        """How far the body said last that it is."""
        self.handle: Any = None
        """What the engine calls it."""


_numbers = itertools.count(1)


@functools.lru_cache(None)
def _session() -> str:
    return secrets.token_hex(4)


@functools.lru_cache(None)
def source() -> str:
    """The text of the far side."""
    folder = Path(__file__).with_name("far")
    parts = [(part, (folder / f"{part}.py").read_text("utf-8")) for part in _PARTS]
    load = (folder / "load.py").read_text("utf-8")
    return load.replace(" = []\n", f" = {parts!r}\n")


@functools.lru_cache(None)
def packed_source() -> bytes:
    return zlib.compress(source().encode(), 9)


@functools.lru_cache(None)
def name_of_source() -> str:
    """The name of its module on a worker: another text has another name."""
    return f"bgjobs_far_{zlib.crc32(source().encode()):08x}"


class Engine:
    """An engine of the user's, as jobs see it; a derived class says how its kind is asked."""

    name = "engine"
    """What the user calls it."""
    channel = ""
    """The channel of its far side."""
    pause = 0.02
    """How many seconds its thread waits between two looks."""

    given: Any = None
    """The object of the user's, kept because its identity stands for it."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        """Those that have not ended."""
        self._lock = threading.Lock()
        self._wakes = threading.Event()
        self._runs = False

    # Each kind has its own.

    def check(self, wants: Mapping[str, Any]) -> None:
        """Raises `TypeError` for a want that the engine does not know."""
        raise NotImplementedError

    def send(self, task: Task) -> None:
        """Hands the task over, with its handle as soon as there is one; raises what the engine does."""
        raise NotImplementedError

    def look(self) -> None:
        """Tells the listeners what is new."""
        raise NotImplementedError

    def take_back(self, task: Task) -> bool:
        """Takes back a task that has not begun: true if its body will certainly never run."""
        raise NotImplementedError

    def begin_to_take_back(self, task: Task) -> None:
        """What `take_back`, which follows at once, would wait for begins; this does not wait."""

    def withdraw(self, task: Task) -> None:
        """Frees the place in the engine's queue of a task that was taken back; its listener may hear of the end."""

    def stop(self, task: Task, grace: float) -> None:
        """Asks the body to stop; one in a process of its own is killed after `grace` seconds."""
        raise NotImplementedError

    def kill(self, task: Task) -> None:
        """Ends a task for certain, without asking its body; `NotImplementedError` if the engine can't."""
        raise NotImplementedError(self.advice(task))

    def where(self, task: Task, timeout: float) -> str | None:
        """The stack of the body; None if it does not answer in time."""
        raise NotImplementedError

    def how(self, task: Task) -> How | None:
        """How far the body said last that it is; None if it has said nothing."""
        return task.how

    def state(self, task: Task) -> str:
        """How the engine calls the state of a task that has not begun."""
        return f"waits for its turn on {self.name}"

    def advice(self, task: Task) -> str:
        """What would end a body that does not hear a stop."""
        return f"{self.name} can't end one task: start it with process=True"

    # These are the same for all.

    def start(self, task: Task) -> None:
        """Starts a task; its listener hears the rest."""
        was_idle = not self.tasks
        self.tasks[task.id] = task
        try:
            self.send(task)
        except BaseException:
            del self.tasks[task.id]
            raise
        if was_idle:
            self._begin_to_attend()

    def _begin_to_attend(self) -> None:
        self.wake()
        with self._lock:
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._attend, name=f"bgjobs attends to {self.name}", daemon=True).start()

    def settings(self) -> dict[str, Any]:
        """What the far side has to know, whichever the task."""
        return {
            "python": "{}.{}".format(*sys.version_info),
            "channel": self.channel,
            "near": [platform.node(), os.getpid()],
        }

    @functools.cached_property
    def _run(self) -> tuple[str, dict[str, Any]]:
        text, value = self.text()
        return _RUN.format(text=text), {"NAME": name_of_source(), "TEXT": value, "SETTINGS": self.settings()}

    def call(self, task: Task) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """The arguments of `eval` that run a task on a worker."""
        return *self._run, {"LETTER": task.letter, "TASK": task.id, "PROCESS": task.process}

    def text(self) -> tuple[str, Any]:
        """How a worker gets the text of the far side: an expression, and the value of `TEXT` in it."""
        return "__import__('zlib').decompress(TEXT).decode()", packed_source()

    def end(self, task: Task, take: Callable[[], bytes]) -> None:
        """Tells the listener of the end, once."""
        if self.tasks.pop(task.id, None) is not None:
            task.listener.ended(take)

    def wake(self) -> None:
        """Makes its thread look at once."""
        self._wakes.set()

    def place(self, task: Task) -> str:
        """Where the body of a task runs, in words."""
        if task.host is None:
            return self.state(task)
        return f"on {self.name}, process {task.host['pid']} of {task.host['host']}"

    def _attend(self) -> None:
        while True:
            woken = self._wakes.wait(self.pause if self.tasks else _IDLE)
            self._wakes.clear()
            with self._lock:
                if not (woken or self.tasks):
                    self._runs = False
                    return
            try:
                self.look()
            except Exception:
                # The other tasks still have to be attended to.
                _log.exception("%s could not be asked", self.name)
