"""An engine whose far side says in messages what a body does, in their order.

It does not know how they come.
"""

from __future__ import annotations

import queue
from typing import Any

from .engine import Engine, Task


class MessagesEngine(Engine):
    """Such an engine; a derived class calls `hear` with each message, on any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._news: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.ending: dict[str, Task] = {}
        """Those whose far side has said all, and which have not ended."""

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
