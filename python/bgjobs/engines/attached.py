"""A job that another program has left on an engine, which this one goes on with.

It does not know how an engine is asked.
"""

from __future__ import annotations

from typing import Any

from .engine import Task
from .job import BackgroundJobEngine
from .recognize import Target


class BackgroundJobAttached(BackgroundJobEngine):
    """Such a job: its log, its result and its stops are those of the body that runs there."""

    def __init__(self, target: Target, title: str, task: Task) -> None:
        self.strform = title
        self._left = task
        self._set_out(target, task.process)

    def _packed(self) -> bytes:
        return b""

    def _new_task(self) -> Task:
        return self._left

    def _start(self, task: Task) -> None:
        engine: Any = self._target.engine
        engine.adopt(task)
