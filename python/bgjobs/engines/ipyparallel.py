"""A client of ipyparallel or a view of one, as jobs see it.

All goes by the controller, and no disk is shared. What a body says are messages of its engine's, which the client hands
on; a stop is a request on the engine's control channel, which is heard while a body runs. An engine asks for leave
before its first body, and has it for the next ones: so those that have it are asked before a task is taken back. This
module does not import ipyparallel.
"""

from __future__ import annotations

import contextlib
import functools
import queue
import secrets
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from .engine import JobLost, Task, name_of_source
from .messages import MessagesEngine

_LATE = 1.0
"""How many seconds the last messages of a body may come after its reply."""

_TAKEN = ""
"""Who has the right to begin of a task that was taken back; else it is a claim of the far side's."""


class IPyParallelEngine(MessagesEngine):
    """The engines of a client, or those of a view: each takes the next body when it is free."""

    name = "ipyparallel"
    channel = "ipyparallel"
    pause = 0.2

    def __init__(self, given: Any) -> None:
        super().__init__()
        # The executor of a view means the view.
        given = getattr(given, "view", given)
        self._client = getattr(given, "client", given)
        # To a direct view, each of its engines would run a copy of the body.
        targets = getattr(given, "targets", None)
        self._view = self._client.load_balanced_view(targets=None if targets in (None, "all") else targets)
        self._session = secrets.token_hex(4)
        self._guard = threading.Lock()
        self._rights: dict[str, str] = {}
        """Who may begin the tasks, if it is settled."""
        self._leaves: dict[str, int] = {}
        """The engines that begin tasks without asking, and their numbers."""
        self._over: dict[str, float] = {}
        """Since when the tasks have a reply that have not ended."""
        self._withdrawn: queue.SimpleQueue[Task] = queue.SimpleQueue()

    def check(self, wants: Mapping[str, Any]) -> None:
        for want in wants:
            raise TypeError(f"ipyparallel takes no {want}=; a view says which engines are meant, as in on=client[:2]")

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "session": self._session}

    def send(self, task: Task) -> None:
        task.handle = self._view.apply_async(eval, *self.call(task))
        # What comes before is said again.
        task.handle._children[0].iopub_callbacks.append(self._take)
        task.handle.add_done_callback(lambda _: self._note_end(task))

    def _take(self, message: Mapping[str, Any]) -> None:
        """Takes a message of an engine's, on the client's thread."""
        if message["header"]["msg_type"] != "data_pub":
            return
        what, name, *said = message["content"]["bgjobs"]
        if what != "claims":
            self.hear(what, name, *said)
            return
        claim, host, asks = said
        with self._guard:
            # The first one has it.
            right = self._rights.setdefault(name, claim) if name in self.tasks else None
            self._leaves[host["engine"]] = host["number"]
            taken = asks and [other for other, its in self._rights.items() if its == _TAKEN and other != name]
        if right == claim:
            self.hear("begun", name, host)
        if asks:
            refusal = "it was taken back" if right == _TAKEN else "it was started a second time, which was refused"
            self._ask(host["engine"], name, "answer", None if right == claim else refusal, taken)
        if right != claim:
            # It may have begun already, though it had no right to.
            self._ask(host["engine"], name, "stop", 0.0)

    def _note_end(self, task: Task) -> None:
        self._over[task.id] = time.monotonic()
        self.wake()

    def look(self) -> None:
        self.pass_on()
        now = time.monotonic()
        for name, since in list(self._over.items()):
            task = self.tasks.get(name)
            # The reply and the messages come by different ways; an engine that died has sent its last long ago.
            if task is None or name in self.ending or not task.handle.successful() or now >= since + _LATE:
                self._over.pop(name)
                if task is not None:
                    self._end(task)
        if self._client._closed:
            for task in list(self.tasks.values()):
                where = f"its body had begun {self.place(task)}, and may still run" if task.host else "it had not begun"
                self._end(task, f"the client of ipyparallel was closed; {where}")
        self._abort_withdrawn()

    def _end(self, task: Task, why: str | None = None) -> None:
        self.end(task, task.handle.result if why is None else functools.partial(_lost, why, task.host is not None))
        self.ending.pop(task.id, None)
        self._rights.pop(task.id, None)

    def ask_back(self, tasks: list[Task]) -> Future[set[str]]:
        with self._guard:
            ours = {task.id for task in tasks if self._rights.setdefault(task.id, _TAKEN) == _TAKEN}
            ids = self._client.ids
            engines = [engine for engine, number in self._leaves.items() if number in ids]
        answer: Future[set[str]] = Future()
        answers: list[list[str]] = []

        def hear(reply: Any) -> None:
            # All are heard on the client's thread.
            answers.append(reply.result()["content"]["answer"])
            if len(answers) == len(engines):
                answer.set_result(ours.intersection(*answers))

        for engine in engines:
            asked = self._ask(engine, "", "take", sorted(ours))
            if asked is not None:
                asked.add_done_callback(hear)
        if not engines:
            answer.set_result(ours)
        return answer

    def withdraw(self, task: Task) -> None:
        self._withdrawn.put(task)
        self.wake()

    def _abort_withdrawn(self) -> None:
        """Has the engines skip what was taken back: all at once, because it is a message to each of them."""
        results = []
        while not self._withdrawn.empty():
            results.append(self._withdrawn.get().handle)
        if results:
            # Perhaps there is no engine.
            with contextlib.suppress(Exception):
                self._client.abort([result for result in results if result is not None], block=False)

    def stop(self, task: Task, grace: float) -> None:
        if task.host is not None:
            self._ask(task.host["engine"], task.id, "stop", grace)

    def where(self, task: Task, timeout: float) -> str | None:
        asked = None if task.host is None else self._ask(task.host["engine"], task.id, "where")
        try:
            return None if asked is None else asked.result(timeout)["content"]["answer"]
        except Exception:
            return None

    def _ask(self, engine: str, name: str, what: str, *said: Any) -> Any:
        """Asks something about a task of the far side on an engine, which answers while a body runs."""
        client, request, content = self._client, f"{name_of_source()}_request", {"said": (name, what, *said)}
        try:
            return client._send(client._control_stream, request, content=content, ident=engine.encode())
        except OSError:
            # The client was closed.
            return None

    def state(self, task: Task) -> str:
        return super().state(task) if self._client.ids else "waits on ipyparallel for an engine: none is left"


def _lost(why: str, began: bool) -> bytes:
    raise JobLost(why, began)
