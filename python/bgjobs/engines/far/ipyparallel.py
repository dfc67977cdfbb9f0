"""The channel by an engine of ipyparallel: the far side publishes messages, and the near side's come on the control
channel, whose thread is free while a body runs.

It does not know how a body runs.
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import os
import secrets
import tempfile
import threading
import time
from typing import Any

from .channel import PIECE, POLL, PROGRESS, Channel, bodies

AGAIN = 0.2
"""After how many seconds the leave to begin is asked for again: the near side may not listen yet."""

PATIENCE = 2.0
"""For how many seconds; then the near side is gone, and nobody is there who could take the task back."""

guard = threading.Lock()

leaves: set[str] = set()
"""The near sides that need not be asked any more; they ask here before they take a task back."""

taken: set[str] = set()
"""The tasks that were taken back, and may come."""

claiming: dict[str, IPyParallel] = {}
"""The channels whose bodies are about to begin, or have begun, by their tasks."""


class IPyParallel(Channel):
    """Messages of a task on the engine's iopub channel."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        from IPython import get_ipython

        self._kernel: Any = get_ipython().kernel
        self._kernel.control_handlers.setdefault(f"{__package__}_request", functools.partial(hear, self._kernel))
        self._parent = self._kernel.get_parent("shell")
        self._near: str = settings["session"]
        self._answered = threading.Event()
        self._refusal: str | None = None
        self._outputs: list[Output] = []
        self._is_over = threading.Event()
        self._tailer: threading.Thread | None = None

    def _tell(self, what: str, *said: Any) -> None:
        # Of all types, this one alone is ignored by the hub and handed on by clients.
        content = {"bgjobs": (what, self.task, *said)}
        socket = self._kernel.iopub_socket
        self._kernel.session.send(socket, "data_pub", content, parent=self._parent, ident=b"bgjobs")

    def claim(self, host: dict[str, Any]) -> str | None:
        with guard:
            asks = self._near not in leaves
            if self.task in taken and not asks:
                taken.remove(self.task)
                return "it was taken back"
            claiming[self.task] = self
        claim, ends = secrets.token_hex(8), time.monotonic() + PATIENCE
        host = {**host, "engine": self._kernel.ident, "number": self._kernel.engine_id}
        self._tell("claims", claim, host, asks)
        while asks and not self._answered.wait(AGAIN):
            if time.monotonic() >= ends:
                self.answer(None, [])
            self._tell("claims", claim, host, asks)
        return self._refusal

    def answer(self, refusal: str | None, others: list[str]) -> None:
        """What the near side says to the claim, and which tasks were taken back before."""
        with guard:
            leaves.add(self._near)
            taken.update(others)
        self._refusal = refusal
        self._answered.set()

    def files(self) -> tuple[int, int] | None:
        self._outputs = [Output(), Output()]
        out, err = (os.dup(output.file) for output in self._outputs)
        return out, err

    def attend(self, body: Any) -> None:
        self._body = body
        self._tailer = threading.Thread(target=self._follow, name="bgjobs follows a body", daemon=True)
        self._tailer.start()

    def _follow(self) -> None:
        look_at = 0.0
        while not self._is_over.wait(POLL):
            # A disk may be full, or a socket closed.
            with contextlib.suppress(Exception):
                self._tell_output()
                if time.monotonic() >= look_at:
                    look_at = time.monotonic() + PROGRESS
                    self.look_how(self._body)

    def _tell_output(self, last: bool = False) -> None:
        for err, output in enumerate(self._outputs):
            for text in output.take(last):
                self._tell("wrote", bool(err), text)

    def tell_how(self, how: Any) -> None:
        self._tell("how", how)

    def end(self) -> None:
        claiming.pop(self.task, None)
        self._is_over.set()
        if self._tailer is not None:
            self._tailer.join()
            self._tell_output(last=True)
            self.look_how(self._body)
        for output in self._outputs:
            os.close(output.file)
        self._tell("ended")


def hear(kernel: Any, stream: Any, ident: Any, request: Any) -> None:
    """Carries out a request of a near side, on the thread of the control channel."""
    task, what, *said = request["content"]["said"]
    answer: Any = None
    if what == "take":
        answer = take(*said)
    elif what == "answer" and task in claiming:
        claiming[task].answer(*said)
    elif what in ("stop", "where"):
        answer = getattr(bodies[task], what)(*said) if task in bodies else ""
    content = {"status": "ok", "answer": answer}
    kernel.session.send(stream, f"{__package__}_reply", content, parent=request, ident=ident)


def take(tasks: list[str]) -> list[str]:
    """Takes these tasks back; those that have not begun, and will not begin here."""
    with guard:
        found = [task for task in tasks if task not in claiming]
        taken.update(found)
    return found


class Output:
    """A file without a name that takes what a body prints: the body never waits for it, as it would for a pipe."""

    def __init__(self) -> None:
        file, path = tempfile.mkstemp()
        os.close(file)
        self.file = os.open(path, os.O_RDWR | os.O_APPEND)
        os.unlink(path)
        self._at = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def take(self, last: bool) -> Any:
        """The text that is new, in pieces."""
        while True:
            data = os.pread(self.file, PIECE, self._at)
            self._at += len(data)
            text = self._decoder.decode(data, final=last and not data)
            if text:
                yield text
            if not data:
                return
