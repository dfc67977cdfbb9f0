"""The near end of a folder that a worker sees too: what the far side says in files, and what it is told by files.

Each file is named after its task: `begun` is taken by who comes first, the far side that runs the body or the near side
that takes it back; `out` and `err` have what it prints; `stop` and `ask` are told to it, and `where` is its answer. The
files of a task go with it. This module knows no engine.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from .engine import How, Task

_PIECE = 1 << 16
"""How many bytes of output are read at once."""

_FILES = (".begun", ".out", ".err", ".stop", ".ask", ".where", ".how", ".task", ".reply")


class Folder:
    """Such a folder: a given one, or a new one on this machine that goes with this object."""

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._readers: dict[str, _Output] = {}
        self._taken: set[str] = set()
        """The tasks that were taken back, and have not been removed."""
        if path is not None:
            self.path = os.path.abspath(os.fspath(path))
            os.makedirs(self.path, 0o700, exist_ok=True)
            found = os.stat(self.path)
            # The workers run what they find there.
            if found.st_uid != os.geteuid() or found.st_mode & 0o022:
                raise PermissionError(f"others can write to {self.path}; jobs need a folder of yours: chmod go-w")
            return
        self.path = tempfile.mkdtemp(prefix="bgjobs-")
        weakref.finalize(self, _remove, self.path, os.getpid())

    def file(self, task: str, what: str) -> str:
        return os.path.join(self.path, task + what)

    def files(self) -> set[str]:
        """The names of all files."""
        try:
            return set(os.listdir(self.path))
        except FileNotFoundError:
            # Somebody has removed it, so nothing begins there any more.
            return set()

    def begun(self) -> list[str]:
        """The tasks that have begun, and have not been removed."""
        found = (file[: -len(".begun")] for file in self.files() if file.endswith(".begun"))
        return [task for task in found if task not in self._taken]

    def host(self, task: str) -> Mapping[str, Any] | None:
        """Where a task has begun; None if it has not."""
        try:
            with open(self.file(task, ".begun")) as file:
                found: Mapping[str, Any] | None = json.load(file)
        except (FileNotFoundError, ValueError):
            # The far side is about to write it.
            return None
        return found

    def how(self, task: Task) -> How | None:
        """How far the body of a task said last that it is."""
        with contextlib.suppress(FileNotFoundError), open(self.file(task.id, ".how"), encoding="utf-8") as file:
            done, total, text, after = json.load(file)
            task.how = done, total, text, after
        return task.how

    def take_back(self, task: str) -> bool:
        """Takes the far side's right to begin; false if it has begun."""
        try:
            file = os.open(self.file(task, ".begun"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        except FileNotFoundError:
            # There is no folder any more, so the far side can't take it either.
            return True
        os.write(file, b"null")
        os.close(file)
        self._taken.add(task)
        return True

    def read(self, task: str, write: Callable[[bool, str], None], last: bool = False) -> None:
        """Passes on what a task has printed since; `last` if it has ended."""
        reader = self._readers.get(task)
        if reader is None:
            reader = self._readers[task] = _Output(self.file(task, ""))
        reader.pass_on(write, last)

    def tell(self, task: str, what: str, text: str = "") -> None:
        """Tells the far side something."""
        new = self.file(task, f"{what}-new")
        with contextlib.suppress(FileNotFoundError):
            with open(new, "w") as file:
                file.write(text)
            os.replace(new, self.file(task, what))

    def ask(self, task: str, timeout: float) -> str | None:
        """Where the body of a task is, as it says itself."""
        answer = self.file(task, ".where")
        with contextlib.suppress(OSError):
            os.unlink(answer)
        self.tell(task, ".ask")
        deadline = time.monotonic() + timeout
        while True:
            with contextlib.suppress(FileNotFoundError), open(answer, encoding="utf-8") as file:
                return file.read()
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.005)

    def remove(self, task: str) -> None:
        """Removes the files of a task that has ended."""
        reader = self._readers.pop(task, None)
        if reader is not None:
            reader.close()
        self._taken.discard(task)
        for what in _FILES:
            with contextlib.suppress(OSError):
                os.unlink(self.file(task, what))


class _Output:
    """What a task prints: two files, each in its own order."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._files: list[Any] = [None, None]
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = [decoder("replace"), decoder("replace")]

    def pass_on(self, write: Callable[[bool, str], None], last: bool) -> None:
        for err, what in ((False, ".out"), (True, ".err")):
            if self._files[err] is None:
                try:
                    self._files[err] = open(self._base + what, "rb", 0)  # noqa: SIM115
                except FileNotFoundError:
                    continue
            while True:
                data = self._files[err].read(_PIECE)
                text = self._decoders[err].decode(data, final=last and not data)
                if text:
                    write(err, text)
                if not data:
                    break

    def close(self) -> None:
        for file in filter(None, self._files):
            file.close()


def _remove(path: str, pid: int) -> None:
    # The child of a fork is not the owner.
    if os.getpid() == pid:
        shutil.rmtree(path, ignore_errors=True)
