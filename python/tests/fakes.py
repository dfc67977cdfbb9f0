"""A minimal job, for tests that need only a log and an end."""

from __future__ import annotations

import threading
import time
from contextvars import Context

from bgjobs import output
from bgjobs.log import Log


class FakeLog:
    """The interface of `_core.Log`, in a few lines."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[tuple[float, bool, str, bool]] = []
        self._open = {False: "", True: ""}
        self.dropped = 0

    def write(self, err: bool, text: str, at: float | None = None) -> None:
        with self._lock:
            *whole, self._open[err] = (self._open[err] + text).split("\n")
            self._lines += [(at or time.time(), err, line, False) for line in whole]

    def end(self) -> None:
        for err in self._open:
            if self._open[err]:
                self.write(err, "\n")

    def read(
        self, cursor: int
    ) -> tuple[int, int, list[tuple[float, bool, str, bool]], list[tuple[float, bool, str, bool]]]:
        with self._lock:
            missed = max(0, self.dropped - cursor)
            pending = [(time.time(), err, text, False) for err, text in self._open.items() if text]
            return len(self._lines), missed, self._lines[max(cursor, self.dropped) :], pending

    def tail(self, count: int) -> list[tuple[float, bool, str, bool]]:
        _, _, lines, pending = self.read(0)
        lines = lines + pending
        return lines[len(lines) - min(count, len(lines)) :]


class FakeJob:
    """Runs `body` in its own thread, as a job does, with `current` set to this job."""

    _own_streams = None

    def __init__(self, body, num: int = 0, context: Context | None = None) -> None:
        self.num = num
        self._log = FakeLog()
        self.log = Log(self)
        self._body = body
        self._context = Context() if context is None else context
        self._ended = threading.Event()

    def start(self) -> FakeJob:
        output.install_router()
        threading.Thread(target=self._context.run, args=(self._bootstrap,), daemon=True).start()
        return self

    def _bootstrap(self) -> None:
        output.current.set(self)
        try:
            self._body()
        finally:
            output.end_streams(self)
            self._log.end()
            self._ended.set()

    def _core_log(self) -> FakeLog:
        return self._log

    def done(self) -> bool:
        return self._ended.is_set()

    def join(self, timeout: float | None = None) -> None:
        self._ended.wait(timeout)


def run(body, **options) -> FakeJob:
    """Runs `body` as a job, and waits for its end."""
    job = FakeJob(body, **options).start()
    job.join(60)
    assert job.done(), "the job did not end"
    return job
