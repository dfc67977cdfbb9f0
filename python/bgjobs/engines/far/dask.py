"""The channel by Dask's scheduler: the far side logs events of a topic, and the near side calls the body on its worker.

It does not know how a body runs.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from .channel import PIECE, POLL, PROGRESS, Channel


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
        body = self._body
        if body is not None:
            self.look_how(body)
            self._look_later()

    def tell_how(self, how: Any) -> None:
        self._tell("how", how)

    def end(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            self.look_how(body)
        with self._lock:
            self._flush()
        self._tell("ended")
