"""An engine whose far side says in messages what a body does, and where a question takes back what has not begun.

It does not know how either goes there.
"""

from __future__ import annotations

import contextlib
import queue
import time
from concurrent.futures import Future
from typing import Any

from .engine import Engine, Task

_ANSWER = 1.0
"""How many seconds the engine has to answer such a question."""


class MessagesEngine(Engine):
    """Such an engine; a derived class calls `hear` with each message, on any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._news: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.ending: dict[str, Task] = {}
        """Those whose far side has said all, and which have not ended."""
        self._foreseen: queue.SimpleQueue[tuple[Task, float]] = queue.SimpleQueue()
        """Those that are to be taken back, and since when; they were not asked for yet."""
        self._taking: dict[str, Future[set[str]]] = {}
        """The questions for the right to begin, by their tasks."""
        self._mute_until = 0.0

    def hear(self, what: str, name: str, *said: Any) -> None:
        """Takes a message about the task of this name."""
        self._news.put((what, name, said))
        self.wake()

    def pass_on(self) -> None:
        """Tells the listeners what was heard."""
        while not self._news.empty():
            what, name, said = self._news.get()
            task = self.tasks.get(name)
            if task is None:
                continue
            if what == "begun" and task.host is None:
                task.host = said[0]
                task.listener.began(said[0])
            elif what == "wrote":
                task.listener.wrote(*said)
            elif what == "how":
                task.how = said[0]
            elif what == "ended":
                self.ending[name] = task

    def ask_back(self, tasks: list[Task]) -> Future[set[str]]:
        """Asks for the rights to begin of all these tasks; the answer names those that will certainly never run."""
        raise NotImplementedError

    def begin_to_take_back(self, task: Task) -> None:
        self._foreseen.put((task, time.monotonic()))

    def take_back(self, task: Task) -> bool:
        with self._lock:
            if task.id not in self._taking:
                self.begin_to_take_back(task)
                self._ask_foreseen()
            taking = self._taking.pop(task.id, None)
        if taking is None:
            return False
        # An engine that has not answered for some tasks does not let the others wait too.
        is_mute = time.monotonic() < self._mute_until
        try:
            return task.id in taking.result(0 if is_mute else _ANSWER)
        except Exception:
            self._mute_until = time.monotonic() + _ANSWER
            return False

    def _ask_foreseen(self) -> None:
        """Asks once for all of them, because an answer takes its time."""
        tasks, now = {}, time.monotonic()
        while not self._foreseen.empty():
            task, since = self._foreseen.get()
            # A stop that was interrupted has left old ones.
            if now < since + _ANSWER:
                tasks[task.id] = task
        with contextlib.suppress(Exception):
            self._taking.update(dict.fromkeys(tasks, self.ask_back(list(tasks.values()))))

    def end(self, task: Task, take: Any) -> None:
        self._taking.pop(task.id, None)
        super().end(task, take)
