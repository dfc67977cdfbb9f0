"""The channel by a folder that both sides see: a file for each thing that one of them says, named after the task.

It does not know how a body runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import time
from typing import Any

from .channel import POLL, PROGRESS, Channel


class Folder(Channel):
    """A folder that both sides see: a file for each thing that one of them says, named after the task."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self._base = os.path.join(settings["folder"], self.task)
        # In the user's own process the streams are the prompt's.
        self.takes_text = settings["near"] != [platform.node(), os.getpid()]
        self._is_over = threading.Event()
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
                    self.look_how(self._body)
                grace = self._take(".stop")
                if grace is not None:
                    body.stop(float(grace or 0))
                if self._take(".ask") is not None:
                    with open(self._base + ".new", "w", encoding="utf-8", errors="backslashreplace") as file:
                        file.write(body.where())
                    os.replace(self._base + ".new", self._base + ".where")

    def tell_how(self, how: Any) -> None:
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
                self.look_how(self._body)
        for file in filter(None, self._text):
            file.close()
