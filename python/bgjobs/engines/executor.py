"""Every `concurrent.futures.Executor`: process pools, loky, mpi4py, executorlib, parsl's.

They share a folder with their workers: one on this machine, unless `jobs.on(executor, folder=...)` names one that the
workers see too.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from .engine import Engine, How, JobLost, Task, source
from .folder import Folder

_BROKEN_BY_CANCEL = {"executorlib"}
"""Packages whose executors start nothing any more once a future of theirs was cancelled."""

_OURS = {"self", "fn", "func", "function", "task", "args", "kwargs"}
"""Names that parameters of a `submit` have for what is called."""


class ExecutorEngine(Engine):
    """An executor, as jobs see it."""

    channel = "folder"

    def __init__(self, executor: Any, folder: str | os.PathLike[str] | None = None) -> None:
        super().__init__()
        self._executor = executor
        package = type(executor).__module__.partition(".")[0]
        self.name = type(executor).__name__ if package == "concurrent" else package
        self._folder = Folder(folder)
        self._far = Path(self._folder.path, f"far-{os.getpid()}.py")
        self._far.write_text(source(), "utf-8")
        self._over: deque[Task] = deque()
        self._listed = 0.0

    def check(self, wants: Mapping[str, Any]) -> None:
        parameters = inspect.signature(self._executor.submit).parameters.values()
        known = [one.name for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
        known = ["folder", *(name for name in known if name not in _OURS)]
        for want in wants:
            if want not in known:
                raise TypeError(f"{self.name} takes no {want}=; it takes {', '.join(known)}")

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "folder": self._folder.path}

    def text(self) -> tuple[str, Any]:
        return "open(TEXT, encoding='utf-8').read()", str(self._far)

    def send(self, task: Task) -> None:
        task.handle = self._executor.submit(eval, *self.call(task), **task.wants)
        task.handle.add_done_callback(lambda _: self._note_end(task))

    def _note_end(self, task: Task) -> None:
        if task.id in self.tasks:
            self._over.append(task)
            self.wake()

    def look(self) -> None:
        # First, because what has ended by now has also begun.
        over = [self._over.popleft() for _ in range(len(self._over))]
        now = time.monotonic()
        # Each end wakes this thread, and a folder of many tasks takes time to list.
        if now >= self._listed + self.pause:
            self._listed = now
            for name in self._folder.begun():
                task = self.tasks.get(name)
                if task is not None:
                    self._look_at(task)
        for task in over:
            if task.id not in self.tasks:
                continue
            self._look_at(task, last=True)
            self._folder.how(task)
            self._folder.remove(task.id)
            self.end(task, self._taking(task))

    def _look_at(self, task: Task, last: bool = False) -> None:
        if task.host is None:
            task.host = self._folder.host(task.id)
            if task.host is None:
                return
            task.listener.began(task.host)
        self._folder.read(task.id, task.listener.wrote, last)

    def _taking(self, task: Task) -> Callable[[], bytes]:
        """What takes the reply of a task that has ended."""
        future: Future[bytes] = task.handle

        def take() -> bytes:
            try:
                return future.result()
            except FileNotFoundError as error:
                if str(error.filename).startswith(self._folder.path):
                    raise JobLost(
                        f"a worker of {self.name} does not see the folder {self._folder.path}: give one that it sees, "
                        "as in jobs.on(executor, folder=...)"
                    ) from error
                raise

        return take

    def take_back(self, task: Task) -> bool:
        # If it can't be cancelled, the task finds at its start that it was taken back.
        return self._cancel(task) or self._folder.take_back(task.id)

    def _cancel(self, task: Task) -> bool:
        """Cancels a task, of which nothing is heard any more then."""
        if task.handle is None or self.name in _BROKEN_BY_CANCEL or self.tasks.pop(task.id, None) is None:
            return False
        with contextlib.suppress(NotImplementedError):
            if task.handle.cancel():
                return True
        self.tasks[task.id] = task
        if task.handle.done():
            # Its end may have come when it was not there.
            self._note_end(task)
        return False

    def stop(self, task: Task, grace: float) -> None:
        self._folder.tell(task.id, ".stop", str(grace))

    def how(self, task: Task) -> How | None:
        return self._folder.how(task)

    def where(self, task: Task, timeout: float) -> str | None:
        return self._folder.ask(task.id, timeout)
