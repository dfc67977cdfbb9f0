"""The classes of jobs: what each calls, and what is seen of it.

It does not know the managers; how a job gets its thread is in `workers`.
"""

from __future__ import annotations

import _thread
import threading
from collections.abc import Generator, Mapping
from contextvars import Context
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any, Callable, ClassVar

from . import failures, futures, stopping, workers
from ._core import JobCore
from .output import Log

_PENDING = "<BackgroundJob has not completed>"
_DIED = "<BackgroundJob died, call jobs.traceback() for details>"

_STOPPED = stopping.Stopped


class BackgroundJobBase(JobCore, threading.Thread):
    """What classes of jobs derive from, as in the original; a thread to every eye.

    A derived class has an `__init__` that sets `strform`, the text shown, and ends with `self._init()`; and a method
    `call()`, whose value is the job's result.

    >>> class Greeting(BackgroundJobBase):
    ...     def __init__(self, whom):
    ...         self.whom = whom
    ...         self.strform = f"greet {whom}"
    ...         self._init()
    ...     def call(self):
    ...         return f"hello, {self.whom}"
    >>> job = Greeting("you")
    >>> job.start()
    >>> job.join()
    >>> job.result
    'hello, you'
    """

    stat_created = "Created"
    stat_created_c = 0
    stat_running = "Running"
    stat_running_c = 1
    stat_completed = "Completed"
    stat_completed_c = 2
    stat_dead = "Dead (Exception), call jobs.traceback() for details"
    stat_dead_c = -1
    stat_stopped = "Dead (Stopped), call jobs.traceback() for details"

    num: int | None = None
    strform: str
    call: Callable[[], Any]

    # What few jobs have of their own stands here, so that the others need no memory for it.
    _daemon = False
    _name: str | None = None
    _context: Context | None = None
    _generation = 0
    _order: type[stopping.Stopped] | None = None
    _heard = False
    _trace: TracebackType | None = None
    _seen_at: tuple[Any, float] | None = None
    _extends_run = False
    _within: tuple[str, Any]

    _seen: ClassVar[dict[str, tuple[str, int, bool | None]]] = {
        "new": (stat_created, stat_created_c, False),
        "entered": (stat_running, stat_running_c, False),
        "running": (stat_running, stat_running_c, False),
        "done": (stat_completed, stat_completed_c, True),
        "failed": (stat_dead, stat_dead_c, None),
        "stopped": (stat_stopped, stat_dead_c, None),
    }

    def __init__(self) -> None:
        raise NotImplementedError("This class can not be instantiated directly.")

    def _init(self) -> None:
        """Ends the `__init__` of a derived class.

        Raises `AssertionError` if it lacks `call` or `strform`.
        """
        # An `assert` would go with `python -O`.
        if not hasattr(self, "call"):
            raise AssertionError("Missing attribute <call>")
        if not hasattr(self, "strform"):
            raise AssertionError("Missing attribute <strform>")
        if _thread.get_ident() != workers.main_ident and threading.current_thread().daemon:
            self._daemon = True

    def __str__(self) -> str:
        return self.strform

    def __repr__(self) -> str:
        return f"<BackgroundJob #{self.num}: {self.strform}>"

    def _repr_html_(self) -> str:
        from . import display

        return display.job_html(self)

    # What is seen of it. A derived class with a `run` of its own may set these, so each looks there first.

    @property
    def status(self) -> str:
        """`Created`, `Running`, `Completed` or `Dead (...), call jobs.traceback() for details`."""
        own: str | None = self.__dict__.get("status")
        return self._seen[self._state][0] if own is None else own

    @status.setter
    def status(self, text: str) -> None:
        self.__dict__["status"] = text

    @property
    def stat_code(self) -> int:
        """0 created, 1 running, 2 completed, -1 dead."""
        own: int | None = self.__dict__.get("stat_code")
        return self._seen[self._state][1] if own is None else own

    @stat_code.setter
    def stat_code(self, code: int) -> None:
        self.__dict__["stat_code"] = code

    @property
    def finished(self) -> bool | None:
        """False until the end, True after a good one, None if the job is dead."""
        if "finished" in self.__dict__:
            own: bool | None = self.__dict__["finished"]
            return own
        return self._seen[self._state][2]

    @finished.setter
    def finished(self, value: bool | None) -> None:
        self.__dict__["finished"] = value

    @property
    def outcome(self) -> str | None:
        """`"done"`, `"failed"` or `"stopped"`; None until the end."""
        state = self._state
        return state if state in ("done", "failed", "stopped") else None

    @property
    def result(self) -> Any:
        """What `call` returned; before the end, and of a dead job, a text that says so."""
        state = self._state
        if state == "done":
            return self._value
        return self.__dict__.get("result", _DIED if state in ("failed", "stopped") else _PENDING)

    @result.setter
    def result(self, value: Any) -> None:
        if self._state == "done":
            self._value = value
        else:
            self.__dict__["result"] = value

    @property
    def _exception(self) -> BaseException | None:
        """Why it is dead, without waiting."""
        return self._value if self._state in ("failed", "stopped") else None

    @property
    def _tb(self) -> str | None:
        """The text of the traceback; None unless the job is dead."""
        return failures.text_of(self)

    @property
    def log(self) -> Log:
        """What the job printed."""
        return Log(self)

    def traceback(self) -> None:
        """Prints the traceback of a dead job, and `None` for any other, as the original does."""
        print(self._tb)

    def where(self) -> str:
        """Where the body is right now: its stack, with source lines, and for how long at least it has been there."""
        return stopping.where(self)

    def stop(self, reason: str = "stopped by its user", timeout: float = 1.0) -> stopping.Verdict:
        """Asks the job to stop, and says within `timeout` seconds what came of it.

        The body hears it in `bgjobs.sleep` and `bgjobs.cancelled` at once; else `bgjobs.Stopped` is raised in it at the
        next bytecode, which is no `Exception`, so that `except Exception` does not swallow it. Code in C is not
        interrupted: the verdict names the place, and the job stops when that call returns.

        >>> from bgjobs import BackgroundJobManager, sleep
        >>> job = BackgroundJobManager().new(sleep, 3600)
        >>> job.stop().stopped
        True
        >>> job.status
        'Dead (Stopped), call jobs.traceback() for details'
        """
        return stopping.stop(self, reason, timeout)

    # As `concurrent.futures.Future` has them; so is `done()`, whether the job has ended.

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Waits for the end, and returns what the body raised, or None.

        Raises `TimeoutError` if the job has not ended after `timeout` seconds.
        """
        return futures.exception(self, timeout)

    def add_done_callback(self, callback: Callable[[BackgroundJobBase], object]) -> None:
        """Has `callback(job)` called at the end, on the job's thread; at once if it has ended.

        What it prints at the end, or raises, is in the job's log.
        """
        futures.add_done_callback(self, callback)

    def __await__(self) -> Generator[Any, None, Any]:
        """Waits without blocking the event loop; the value is the result, or what the body raised is raised."""
        return futures.awaiting(self)

    # As `threading.Thread` has them.

    def start(self) -> None:
        """Starts the job; `RuntimeError` if it was started."""
        workers.start(self)

    def run(self) -> None:
        """Calls `call` and keeps what comes of it; on the job's own thread."""
        if self._extends_run and self._state == "running":
            self._run_within()
            return
        if not self._begin():
            return
        try:
            result = self.call()
        except BaseException as error:
            # First of all: another stop may be on its way.
            callbacks = self._end_by(error, _STOPPED)
            self._died()
        else:
            callbacks = self._end("done", result)
        if callbacks is not None:
            futures.call(callbacks, self)

    def _run_within(self) -> None:
        """Does what `run` does, for a `run` of a derived class: the job ends when that returns, as a thread does."""
        outcome, value = "done", None
        try:
            value = self.result = self.call()
        except BaseException as error:
            outcome = "stopped" if isinstance(error, _STOPPED) and self._stopping else "failed"
            value, self.result = error, _DIED
        self.status, self.stat_code, self.finished = self._seen[outcome]
        self._within = outcome, value

    def _end_within(self) -> list[Callable[[Any], object]] | None:
        """Ends a job whose `run` has returned and was the derived class's own."""
        outcome, value = self.__dict__.pop("_within", ("done", None))
        callbacks = self._end(outcome, value)
        for name in ("status", "stat_code", "finished", "result"):
            self.__dict__.pop(name, None)
        if outcome != "done":
            self._died()
        return callbacks

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._extends_run = cls.run is not BackgroundJobBase.run

    def _died(self) -> None:
        """Does what is left to do when the job has ended by what its body raised."""
        self.__dict__.pop("result", None)
        failures.keep(self)

    def join(self, timeout: float | None = None) -> None:
        """Waits for the end, `timeout` seconds at most; `RuntimeError` if the job was not started, or is the caller."""
        futures.join(self, timeout)

    def is_alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._state in ("entered", "running") and not workers.lost(self)

    @property
    def name(self) -> str:
        """The name of the thread."""
        if self._name is not None:
            return self._name
        return "BackgroundJob" if self.num is None else f"BackgroundJob-{self.num}"

    @name.setter
    def name(self, name: object) -> None:
        self._name = str(name)

    @property
    def daemon(self) -> bool:
        """Whether the end of the program does not wait for the job; settable until it is started."""
        return self._daemon

    @daemon.setter
    def daemon(self, daemon: bool) -> None:
        if self._state != "new":
            raise RuntimeError("cannot set daemon status of active thread")
        self._daemon = daemon

    @property
    def ident(self) -> int | None:
        """The number of its thread; None before it was started."""
        return self._thread_ident if futures.await_begin(self) else None

    @property
    def native_id(self) -> int | None:
        """The system's number of its thread; None before it was started."""
        return self._thread_native_id if futures.await_begin(self) else None

    # CPython calls these for each thread it knows, in the child of a fork: up to 3.12 the first two, then the last.

    def _reset_internal_locks(self, is_alive: bool) -> None:
        if is_alive:
            workers.survive(self)

    def _stop(self) -> None:
        """It was lost with the fork; `workers` knows that."""

    def _after_fork(self, new_ident: int | None = None) -> None:
        if new_ident is not None:
            workers.survive(self)


class BackgroundJobExpr(BackgroundJobBase):
    """A job that evaluates an expression.

    `glob` and `loc` are its global and local names, by default none.
    Raises `SyntaxError` there and then if the expression does not compile.
    """

    def __init__(
        self,
        expression: str,
        glob: dict[str, Any] | None = None,
        loc: Mapping[str, Any] | None = None,
    ) -> None:
        self.code: CodeType = compile(expression, stopping.EXPRESSION, "eval", dont_inherit=True)
        self.expression = self.strform = expression
        self.glob = {} if glob is None else glob
        self.loc = {} if loc is None else loc
        self._init()

    # A traceback shows these lines, so they are the original's.
    # fmt: off
    if TYPE_CHECKING:
        def call(self) -> Any: ...
    else:
        def call(self):
            return eval(self.code,self.glob,self.loc)
    # fmt: on


class BackgroundJobFunc(BackgroundJobBase):
    """A job that calls a function; its arguments are not shown, because they may be huge.

    Raises `TypeError` if `func` can't be called.
    """

    def __init__(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        if not callable(func):
            raise TypeError("first argument to BackgroundJobFunc must be callable")
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.strform = str(func)
        self._init()

    # As above.
    if TYPE_CHECKING:

        def call(self) -> Any: ...
    else:

        def call(self):
            return self.func(*self.args, **self.kwargs)
