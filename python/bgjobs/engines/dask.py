"""A client of Dask, as jobs see it.

All goes by the scheduler, and no disk is shared: what a body says are events of a topic, a lock of the scheduler's is
the right to begin, and a stop is a call on the worker. This module does not import Dask.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import queue
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from ..failures import message
from .engine import JobLost, Task, name_of_source
from .messages import MessagesEngine

_OURS = {"func", "args", "kwargs", "key", "retries", "actor", "actors", "pure"}
"""The parameters of `Client.submit` that are not for a user here: a body runs once, and is no actor."""

_ANSWER = 1.0
"""How many seconds the scheduler or a worker has to answer."""

_LOOK = 0.2
"""How many seconds pass between two looks at all tasks."""

_SOON = 0.005
"""The same for those that are about to end."""

_COUNT = 1.0
"""How many seconds pass between two looks at which workers live."""


class DaskEngine(MessagesEngine):
    """A client of Dask."""

    name = "dask"
    channel = "dask"
    pause = _LOOK

    def __init__(self, client: Any) -> None:
        super().__init__()
        self._client = client
        self._topic = f"bgjobs-{secrets.token_hex(4)}"
        self._withdrawn: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._looked = self._counted = 0.0
        client.subscribe_topic(self._topic, lambda event: self.hear(*event[1]))

    def check(self, wants: Mapping[str, Any]) -> None:
        known = [name for name in inspect.signature(self._client.submit).parameters if name not in _OURS]
        for want in wants:
            if want not in known:
                raise TypeError(f"dask takes no {want}=; it takes {', '.join(known)}")

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "topic": self._topic}

    def send(self, task: Task) -> None:
        submit, key = self._client.submit, f"bgjobs-{task.id}"
        task.handle = submit(eval, *self.call(task), key=key, pure=False, retries=0, **task.wants)

    def look(self) -> None:
        now = time.monotonic()
        looked = self.ending
        if now >= self._looked + _LOOK:
            self._looked = now
            looked = self.tasks
        # First, because what it has printed was told before.
        over = [task for task in list(looked.values()) if task.handle is not None and task.handle.status != "pending"]
        self.pass_on()
        if now >= self._counted + _COUNT:
            self._counted = now
            self._end_on_lost_workers()
        self._end(over)
        self._cancel_withdrawn()
        # The scheduler says that a task has ended a moment after the far side does.
        self.ending = {name: task for name, task in self.ending.items() if name in self.tasks}
        self.pause = _SOON if self.ending else _LOOK

    def _end(self, tasks: list[Task]) -> None:
        done = [task for task in tasks if task.handle.status == "finished"]
        replies: dict[str, bytes] = {}
        if done:
            # Once for all, because each is a call of a worker.
            with contextlib.suppress(Exception):
                replies = dict(zip([task.id for task in done], self._client.gather([task.handle for task in done])))
        for task in tasks:
            future, task.handle = task.handle, None
            self.end(task, functools.partial(self._result, task, future, replies.get(task.id)))
            self._let_go(task)

    def _result(self, task: Task, future: Any, reply: bytes | None) -> bytes:
        try:
            return future.result(timeout=_ANSWER) if reply is None else reply
        except Exception as error:
            if future.status not in ("cancelled", "lost") or task.host is None:
                raise
            # The scheduler is gone, or has forgotten the task; the worker need not be.
            where = f"its body had begun {self.place(task)}, and may still run"
            raise JobLost(f"dask has lost the job: {message(error)}; {where}", began=True) from error

    def _cancel_withdrawn(self) -> None:
        """Cancels what was taken back: all at once, because each is a question to the scheduler."""
        handles = []
        while not self._withdrawn.empty():
            handle = self._withdrawn.get().handle
            if handle is not None:
                handles.append(handle)
        if handles:
            self._later(lambda: self._client.cancel(handles, asynchronous=True))

    def _end_on_lost_workers(self) -> None:
        """Ends the tasks whose workers are gone; Dask would wait for others, to run them again."""
        begun = [task for task in list(self.tasks.values()) if task.host is not None and task.handle is not None]
        if not begun:
            return
        try:
            live = set(self._ask(self._client.scheduler.ncores))
        except Exception:
            # It can't be asked, which does not mean that the workers are dead.
            return
        for task in begun:
            worker = task.host["worker"] if task.host else ""
            if worker not in live and task.handle.status == "pending":
                task.handle.cancel()
                # The right to begin stays taken: Dask may have started the task on another worker.
                self.end(task, functools.partial(_lost, f"dask worker {worker} is gone, and the job with it"))

    def ask_back(self, tasks: list[Task]) -> Future[set[str]]:
        names = [task.id for task in tasks if task.handle is not None and task.handle.status == "pending"]
        return asyncio.run_coroutine_threadsafe(self._take(names), self._client.loop.asyncio_loop)

    async def _take(self, tasks: list[str]) -> set[str]:
        """Takes the rights that are free. The scheduler gives all or none, so those that are taken are halved out."""
        if not tasks:
            return set()
        locks = [f"bgjobs-{task}" for task in tasks]
        holder = f"near-{tasks[0]}-{len(tasks)}"
        if await self._client.scheduler.multi_lock_acquire(locks=locks, id=holder, num_locks=len(locks), timeout=0):
            return set(tasks)
        half = len(tasks) // 2
        return await self._take(tasks[:half]) | await self._take(tasks[half:]) if half else set()

    def withdraw(self, task: Task) -> None:
        self._withdrawn.put(task)
        self.wake()

    def stop(self, task: Task, grace: float) -> None:
        self._call_body(task, f".stop({grace!r})")

    def where(self, task: Task, timeout: float) -> str | None:
        found: str | None = self._call_body(task, ".where()")
        return found

    def _call_body(self, task: Task, what: str) -> Any:
        """Calls a method of the body, on its worker; None if that does not answer."""
        if task.host is None:
            return None
        worker = task.host["worker"]
        expression = (
            "(lambda body: '' if body is None else body" + what + ")(__import__('sys').modules[NAME].bodies.get(TASK))"
        )
        names = {"NAME": f"{name_of_source()}.channel", "TASK": task.id}
        try:
            said: Any = self._ask(self._client._run, eval, expression, names, workers=[worker], on_error="return")
        except Exception:
            return None
        answer: str | None = (said or {}).get(worker)
        return answer

    def _let_go(self, task: Task) -> None:
        """Frees the right to begin, without waiting."""
        if task.host is None:
            return
        scheduler, lock = self._client.scheduler, task.host["lock"]
        self._later(lambda: scheduler.multi_lock_release(id=lock))

    def _later(self, ask: Callable[[], Any]) -> None:
        """Asks something of the scheduler, whose answer nobody waits for."""

        async def call() -> None:
            with contextlib.suppress(Exception):
                await ask()

        with contextlib.suppress(Exception):
            self._client.loop.add_callback(call)

    def _ask(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self._client.sync(call, *args, asynchronous=False, callback_timeout=_ANSWER, **kwargs)

    def state(self, task: Task) -> str:
        status = getattr(task.handle, "status", "pending")
        return "waits for its turn on dask" if status == "pending" else f"is {status} on dask"

    def place(self, task: Task) -> str:
        if task.host is None:
            return self.state(task)
        return f"on dask worker {task.host['worker']}, process {task.host['pid']} of {task.host['host']}"


def _lost(why: str) -> bytes:
    raise JobLost(why, began=True)
