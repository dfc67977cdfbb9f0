"""A job whose body runs on an engine: `jobs.new(f, x, on=pool)`.

No thread waits for it here. It begins when the far side says that the body has begun, and a worker of this process
takes it over for its end. It does not know managers, nor how an engine is asked.
"""

from __future__ import annotations

import _thread
import io
import pickle
import re
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any

from .. import futures, labels, output, schedule, stopping, workers
from ..cells import BackgroundJobCell
from ..failures import message
from ..jobs import BackgroundJobBase, BackgroundJobExpr, BackgroundJobFunc
from ..options import Options
from ..payload import pack_call, pack_expression
from ..peek import NoNames
from ..remote import RemoteTraceback, received
from ..text import duration
from .engine import JobLost, Task
from .recognize import Target

_ANSWER = 1.0
"""How many seconds `where` waits for the far side's answer."""

_SHORT = 0.2
"""The same for a verdict, which should not be late."""

_PLAIN = Options({})
"""Has no option set: with options a job is not handed to the workers at once."""

_LAST = re.compile(r'File "(.*)", line (\d+), in (.*)')


class BackgroundJobEngine(BackgroundJobBase):
    """A job whose body runs on an engine, on a `Target`.

    It is made from a job that has not started, as a `BackgroundJobProcess` is, and its body is sent by value. It is a
    daemon: the end of the program does not wait for it, though the engine's own end may. An exception of the body comes
    back with the remote traceback as its cause. If the engine loses the job, it dies of `JobLost`.

    Raises `pickle.PicklingError`, which names the part that cannot be sent.
    """

    def __init__(self, job: Any, target: Target, process: bool = False) -> None:
        self.__dict__.update(vars(job))
        self.strform = job.strform
        if isinstance(job, BackgroundJobFunc):
            self.func, self.args, self.kwargs = job.func, job.args, job.kwargs
        elif not isinstance(job, (BackgroundJobExpr, BackgroundJobCell)):
            raise TypeError(f"{job!r} can't run on an engine: on= takes functions, expressions and cells")
        self._set_out(target, process)

    def _set_out(self, target: Target, process: bool) -> None:
        """Ends the `__init__`."""
        self._target = target
        self._process = process
        self._task: Task | None = None
        self._take: Callable[[], bytes] | None = None
        self._is_over = _thread.allocate_lock()
        self._letter = self._packed()
        self._daemon = True
        self._options = _PLAIN
        self._init()

    def _packed(self) -> bytes:
        made: Any = self
        if hasattr(self, "func"):
            return pack_call(made.func, made.args, made.kwargs, option="on=")
        return pack_expression(made.expression, made.code, made.glob, made.loc, option="on=")

    def _describe(self) -> str:
        return labels.of_function_job(self) if hasattr(self, "func") else super()._describe()

    def _copy(self, names: Mapping[str, Any]) -> BackgroundJobBase:
        made: Any = self
        job = (
            BackgroundJobFunc(made.func, *made.args, **made.kwargs)
            if hasattr(self, "func")
            else BackgroundJobExpr(made.expression, made.glob, made.loc)
        )
        return BackgroundJobEngine(job, self._target, self._process)

    @property
    def place(self) -> str:
        """Where the body runs, or what it waits for there."""
        task = self._task
        return f"on {self._target.engine.name}" if task is None else self._target.engine.place(task)

    # From its start to its end.

    def _depart(self) -> bool:
        self._send()
        # A stop may have come before there was anything to take back.
        task = self._told()
        if self.done() and self._target.engine.take_back(task):
            self._target.engine.withdraw(task)
        return True

    def _send(self) -> None:
        self._take = None
        self._is_over.acquire(False)
        task = self._new_task()
        task.listener = self
        self._task = task
        try:
            self._start(task)
        except BaseException as error:
            self._fail(error)

    def _new_task(self) -> Task:
        return Task(self._letter, self._target.wants, self._process)

    def _start(self, task: Task) -> None:
        self._target.engine.start(task)

    def _fail(self, error: BaseException) -> None:
        def take() -> bytes:
            raise error

        self.ended(take)

    def title(self) -> str:
        """As a `Listener`."""
        return labels.label(self)

    def began(self, host: Mapping[str, Any]) -> None:
        """As a `Listener`."""
        if self._begin_elsewhere():
            schedule.begun_elsewhere(self)
        elif self.done():
            # Nothing hears of this body any more: it goes on only until it hears the stop.
            self._target.engine.stop(self._told(), 0.0)

    def wrote(self, err: bool, text: str) -> None:
        """As a `Listener`."""
        (self._context or Context()).run(output.writer(self), err, text)

    def ended(self, take: Callable[[], bytes]) -> None:
        """As a `Listener`."""
        self._take = take
        if self._thread_ident:
            # A worker has called the body again, and waits.
            self._is_over.release()
            return
        if self.done():
            # It was taken back.
            return
        try:
            workers.land(self)
        except RuntimeError:
            # The interpreter has ended its jobs.
            pass

    def call(self) -> Any:
        """Returns or raises what the body has returned or raised; called again, it runs the body again."""
        if self._take is None:
            self._send()
            with futures.woken_by(self._is_over.release):
                self._is_over.acquire()
        take, self._take = self._take, None
        if take is None:
            raise stopping.stop_type(self)(self._reason)
        try:
            reply = take()
        except BaseException as error:
            raise self._lost(error) from error
        return self._received(reply)

    def _lost(self, error: BaseException) -> BaseException:
        """What the job dies of if the engine gives no reply, but this error."""
        if self._stopping:
            return stopping.stop_type(self)(self._reason)
        if isinstance(error, JobLost):
            return error
        task = self._told()
        began = task.host is not None
        where = f"its body had begun {self.place}" if began else "its body had not begun"
        return JobLost(f"{self._target.engine.name} has lost the job, and {where}: {message(error)}", began)

    def _received(self, reply: bytes) -> Any:
        file = io.BytesIO(reply)
        kind, _, text = pickle.load(file)
        if kind in ("stopped", "died", "refused"):
            if self._stopping:
                trace = RemoteTraceback(text) if kind == "stopped" else None
                raise stopping.stop_type(self)(self._reason) from trace
            raise JobLost(text if kind != "stopped" else "its body was told to stop, by somebody else", True)
        file.seek(0)
        return received(file, "worker")

    def _told(self) -> Task:
        assert self._task is not None, "it was sent"
        return self._task

    # Stops and looks.

    def _foresee_stop(self) -> None:
        task = self._task
        if task is not None and self._state_name == "entered":
            self._target.engine.begin_to_take_back(task)

    def _ask_stop(self, reason: str) -> Any:
        """Takes a body back that has not begun; one that can't be taken back counts as begun."""
        task, engine = self._task, self._target.engine
        if task is None or self._state_name != "entered":
            return super()._ask_stop(reason)
        taken = engine.take_back(task)
        if not taken:
            self._begin_elsewhere()
        answer = super()._ask_stop(reason)
        if taken:
            # Its end is heard of from now on, so the stop comes first.
            engine.withdraw(task)
        return answer

    def stop(self, reason: str = "stopped by its user", timeout: float = 1.0) -> stopping.Verdict:
        """Asks the body to stop, and returns the verdict within `timeout` seconds.

        A body that has not begun is taken back. One that runs is interrupted as the engine allows; in a process of its
        own it is killed after half of the time. The verdict on one that goes on says where it is, and what ends it.
        """
        return super().stop(reason, timeout)

    def kill(self) -> None:
        """Has the engine end the body, without waiting for its end; `NotImplementedError` if it can't end one task."""
        task = self._told()
        stopping.ask(self, "killed by its user")
        if not self.done():
            self._target.engine.kill(task)

    def _ladder(self, timeout: float) -> stopping.Body:
        return _EngineBody(self, max(timeout, 0.0) / 2)

    def _bars_state(self) -> tuple[int, int | None, str | None, float] | None:
        return None if self._task is None else self._target.engine.how(self._task)

    def why(self) -> list[str]:
        """What it waits for: as any job, and then for the engine."""
        waits = super().why()
        task = self._task
        if not waits and task is not None and self._state_name == "entered":
            waits = [self._target.engine.state(task)]
        return waits

    def where(self) -> str:
        """Where the body is: the stack of its thread on the worker, as the far side says it."""
        task, ran = self._task, self._ran
        if task is None or self._state_name != "running" or task.host is None:
            return super().where() if self.done() else f"{self!r} has not begun: {self.place}"
        stack = self._target.engine.where(task, _ANSWER)
        lines = [f"{self!r}, running for {duration(ran or 0.0)} {self.place}"]
        lines += [f"  its worker has not answered within {_ANSWER:g} s"] if stack is None else stack.splitlines()
        return "\n".join(lines)

    @property
    def ident(self) -> None:
        """None: no thread of this process runs the body."""
        return None

    @property
    def native_id(self) -> None:
        """None, as `ident` is."""
        return None

    def peek(self, expression: str) -> Any:
        """Raises `NoNames`: the names are on a worker."""
        raise NoNames(
            f"job #{self.num} runs {self.place}, where {expression!r} can't be looked at; print it in the body, and "
            "read job.log"
        )


class _EngineBody:
    """A body on an engine, as a stop reaches it."""

    def __init__(self, job: BackgroundJobEngine, grace: float) -> None:
        self._job = job
        self._grace = grace

    def ask(self) -> float:
        job = self._job
        if job._task is not None and not job.done():
            job._target.engine.stop(job._task, self._grace)
        return 0.0

    def interrupt(self) -> None:
        """Does nothing: the far side has heard the stop, or does not hear it."""

    def place(self) -> str:
        job, engine = self._job, self._job._target.engine
        task = job._told()
        if task.host is None:
            return f"it {engine.state(task)}, and can't be taken back"
        stack = engine.where(task, _SHORT)
        found = _LAST.findall(stack or "")
        at = "its worker does not answer" if stack is None else "{}:{}, in {}".format(*found[-1]) if found else ""
        return f"{job.place}" + (f", at {at}" if found else f"; {at}" if at else "") + f"; {engine.advice(task)}"
