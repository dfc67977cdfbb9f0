"""Channels: what a body tells the near side, and how it hears from it.

`Folder` needs a disk that both see; `Dask` goes by the scheduler. It does not know how a body runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import time
from typing import Any, Callable

POLL = 0.02
"""How many seconds pass between two looks for a stop."""

PROGRESS = 0.2
"""How many seconds pass between two looks at how far a body is."""

PIECE = 1 << 16
"""How many characters of output are sent at once."""


class Channel:
    """What a body tells the near side, and hears from it; this one does neither."""

    takes_text = False
    """Whether `write` leads anywhere."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.task: str = settings["task"]

    def claim(self, host: dict[str, Any]) -> str | None:
        """Takes the sole right to run the task, and tells where it runs; why not, if it is taken."""
        return None

    def files(self) -> tuple[int, int] | None:
        """Descriptors of new files for what the body prints, if it prints to files."""
        return None

    def write(self, err: bool, text: str) -> None:
        """Sends what the body prints."""

    def attend(self, body: Any) -> None:
        """Begins to hear of stops, and to tell how far the body is."""

    def end(self) -> None:
        """The body is over."""


class Folder(Channel):
    """A folder that both sides see: a file for each thing that one of them says, named after the task."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self._base = os.path.join(settings["folder"], self.task)
        # In the user's own process the streams are the prompt's.
        self.takes_text = settings["near"] != [platform.node(), os.getpid()]
        self._is_over = threading.Event()
        self._body: Any = None
        self._how: Any = None
        self._text: list[Any] = [None, None]

    def claim(self, host: dict[str, Any]) -> str | None:
        try:
            file = os.open(self._base + ".begun", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            with open(self._base + ".begun") as other:
                began = other.read()
            if began == "null":
                return "it was taken back"
            return "the engine has started it a second time, which was refused; it had begun: " + began
        os.write(file, json.dumps(host).encode())
        os.close(file)
        return None

    def files(self) -> tuple[int, int] | None:
        if not self.takes_text:
            return None
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.open(self._base + ".out", flags, 0o600), os.open(self._base + ".err", flags, 0o600)

    def write(self, err: bool, text: str) -> None:
        if self._text[err] is None:
            self._text[err] = open(self._base + (".err" if err else ".out"), "ab", 0)  # noqa: SIM115
        self._text[err].write(text.encode("utf-8", "backslashreplace"))

    def attend(self, body: Any) -> None:
        self._body = body
        threading.Thread(target=self._hear, args=(body,), name="bgjobs hears stops", daemon=True).start()

    def _hear(self, body: Any) -> None:
        look_at = 0.0
        while not self._is_over.wait(POLL):
            with contextlib.suppress(OSError):
                if time.monotonic() >= look_at:
                    look_at = time.monotonic() + PROGRESS
                    self._tell_how()
                grace = self._take(".stop")
                if grace is not None:
                    body.stop(float(grace or 0))
                if self._take(".ask") is not None:
                    with open(self._base + ".new", "w", encoding="utf-8", errors="backslashreplace") as file:
                        file.write(body.where())
                    os.replace(self._base + ".new", self._base + ".where")

    def _tell_how(self) -> None:
        how = self._body.how()
        if how != self._how:
            self._how = how
            with open(self._base + ".how-new", "w", encoding="utf-8", errors="backslashreplace") as file:
                json.dump(how, file)
            os.replace(self._base + ".how-new", self._base + ".how")

    def _take(self, what: str) -> str | None:
        """What the near side has said, once."""
        try:
            with open(self._base + what) as file:
                said = file.read()
            os.unlink(self._base + what)
        except FileNotFoundError:
            return None
        return said

    def end(self) -> None:
        self._is_over.set()
        if self._body is not None:
            with contextlib.suppress(OSError):
                self._tell_how()
        for file in filter(None, self._text):
            file.close()


class Dask(Channel):
    """Events of a topic of Dask's; the near side calls the body on this worker."""

    takes_text = True

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        from distributed import get_worker

        self._worker: Any = get_worker()
        self._topic = settings["topic"]
        self._lock = threading.Lock()
        self._text = ["", ""]
        self._flushes = False
        self._body: Any = None
        self._how: Any = None

    def claim(self, host: dict[str, Any]) -> str | None:
        from distributed.utils import sync

        lock = f"{self.task}-{host['pid']}-{time.time_ns()}"

        async def acquire() -> Any:
            return await self._worker.scheduler.multi_lock_acquire(
                locks=["bgjobs-" + self.task], id=lock, num_locks=1, timeout=0
            )

        if not sync(self._worker.loop, acquire):
            return "dask has lost its worker and started it a second time, which was refused"
        self._tell("begun", {**host, "worker": self._worker.address, "lock": lock})
        return None

    def _tell(self, what: str, *said: Any) -> None:
        self._worker.log_event(self._topic, (what, self.task, *said))

    def write(self, err: bool, text: str) -> None:
        with self._lock:
            self._text[err] += text
            if len(self._text[err]) >= PIECE:
                self._flush()
            elif not self._flushes:
                self._flushes = True
                self._worker.loop.add_callback(self._worker.loop.call_later, POLL, self._flush_later)

    def _flush_later(self) -> None:
        with self._lock:
            self._flushes = False
            self._flush()

    def _flush(self) -> None:
        for err in (False, True):
            text, self._text[err] = self._text[err], ""
            if text:
                self._tell("wrote", err, text)

    def attend(self, body: Any) -> None:
        self._body = body
        self._look_later()

    def _look_later(self) -> None:
        self._worker.loop.add_callback(self._worker.loop.call_later, PROGRESS, self._look)

    def _look(self) -> None:
        if self._body is not None:
            self._tell_how(self._body)
            self._look_later()

    def _tell_how(self, body: Any) -> None:
        how = body.how()
        if how != self._how:
            self._how = how
            self._tell("how", how)

    def end(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            self._tell_how(body)
        with self._lock:
            self._flush()
        self._tell("ended")


CHANNELS: dict[str, Callable[[dict[str, Any]], Channel]] = {"folder": Folder, "dask": Dask}
