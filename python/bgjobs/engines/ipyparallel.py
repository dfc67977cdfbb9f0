"""A client of ipyparallel or a view of one, as jobs see it: an executor that shares a folder with its engines.

Its own channels could not tell a body which stop is meant: while one runs, an engine hears nothing but signals. So
engines on other machines need a folder that they see too. This module does not import ipyparallel.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .engine import Task
from .executor import ExecutorEngine


class IPyParallelEngine(ExecutorEngine):
    """The engines of a client, or those of a view: each takes the next body when it is free."""

    def __init__(self, given: Any, folder: str | os.PathLike[str] | None = None) -> None:
        self._client = getattr(given, "client", given)
        # To a direct view, each of its engines would run a copy of the body.
        targets = getattr(given, "targets", None)
        self._view = self._client.load_balanced_view(targets=None if targets in (None, "all") else targets)
        super().__init__(self._view.executor, folder)
        self.name = "ipyparallel"

    def check(self, wants: Mapping[str, Any]) -> None:
        for want in wants:
            raise TypeError(f"ipyparallel takes no {want}=; it takes folder, and a view of the engines that are meant")

    def _cancel(self, task: Task) -> bool:
        # It can't: the task stays in the queue.
        return False

    def state(self, task: Task) -> str:
        return super().state(task) if self._client.ids else "waits on ipyparallel for an engine: none is left"
