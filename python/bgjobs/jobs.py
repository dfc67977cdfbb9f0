"""The classes of jobs: what each calls, and what a user can do with it.

They do not know managers; `workers` gives a job its thread.
"""

# mypy: allow-untyped-defs

from __future__ import annotations

import _thread
import threading
from _ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Generator, Mapping
from types import BuiltinFunctionType, CodeType, FunctionType
from typing import Any, Callable

from . import _core, failures, forks, futures, labels, places, reporting, stopping, workers
from .log import Log
from .record import Record, State

_PLAIN = frozenset({FunctionType, BuiltinFunctionType})


class BackgroundJobBase(Record):
    """The base class of jobs, as in the original; to all other code a job is a thread.

    A derived class has an `__init__` that sets `strform`, the text shown, and ends with `self._init()`; and a method
    `call()`, which returns the job's result.

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

    def __init__(self) -> None:
        raise NotImplementedError("This class can not be instantiated directly.")

    def _init(self) -> None:
        """Ends the `__init__` of a derived class.

        Raises `AssertionError` if `call` or `strform` is missing.
        """
        # `python -O` would remove an `assert`.
        if not hasattr(self, "call"):
            raise AssertionError("Missing attribute <call>")
        # A class may have one for all its jobs.
        if type(self).strform is Record.strform and not hasattr(self, "strform"):
            raise AssertionError("Missing attribute <strform>")
        self._inherit_daemon()

    def _inherit_daemon(self) -> None:
        """Makes the job a daemon if the calling thread is one, as the constructor of a thread does."""
        if _thread.get_ident() != forks.main_ident and threading.current_thread().daemon:
            self._daemon = True

    def _describe(self) -> str:
        """The label of the job, unless its user has named it."""
        return labels.short(str(self))

    def _repr_html_(self) -> str:
        from . import display

        return display.job_html(self)

    def _ipython_display_(self) -> None:
        """In a notebook: its card, which its end changes. Elsewhere IPython takes its other forms."""
        from . import cards

        cards.show(self)

    @property
    def _tb(self) -> str | None:
        """The text of the traceback; None unless the job is dead."""
        return failures.text_of(self)

    @property
    def log(self) -> Log:
        """What the job printed."""
        return Log(self)

    @property
    def progress(self) -> reporting.Progress | None:
        """How far the body is, with `done`, `total`, `text` and `remaining` (seconds); None if it does not say.

        That is what it has reported by `bgjobs.progress`, or otherwise how far its bars of tqdm, rich and joblib are.
        """
        return reporting.of(self)

    def traceback(self) -> None:
        """Prints the traceback of a dead job, or `None` for any other, as the original does."""
        print(self._tb)

    def where(self) -> str:
        """Where the body is right now: its stack, with source lines, and for how long it has been running.

        Of a coroutine it is what it awaits; its other tasks follow, a line each.
        """
        return stopping.where(self)

    def summary(self) -> dict[str, Any]:
        """All that is known about the job now, as values that JSON has.

        - `id`, `name` (the label that tables show), `daemon`, `group`
        - `state`: `created`, `queued`, `running`, `stopping`, `done`, `failed` or `stopped`
        - `created`, `started`, `finished`: times in UTC, as text; None if it was not yet
        - `waited`, `ran`: for how many seconds it waited for its start, and has run
        - `progress`: how far it is, `done`, `total` and `text`; `remaining`: how many seconds the rest will take
        - `why`: what it waits for, in words
        - `attempts`: of a job that is retried, each with its `number`, `started`, `ended` and `failure`
        - `stop_reason`; `failure`: its `kind`, `error` or `stop`, and its `message`
        - `lines`: how many lines it has printed

        The result is not in it, because it may be huge, and JSON does not have it if it is an object.

        >>> from bgjobs import BackgroundJobManager
        >>> job = BackgroundJobManager().new(divmod, 1, 0)
        >>> job.join()
        >>> summary = job.summary()
        >>> summary["name"], summary["state"], summary["failure"]["kind"]
        ('divmod(1, 0)', 'failed', 'error')
        """
        from . import summary

        return summary.of(self)

    def why(self) -> list[str]:
        """What the job waits for, a sentence each: its turn in a group, a time, other jobs; empty if for nothing.

        >>> from bgjobs import BackgroundJobManager
        >>> jobs = BackgroundJobManager()
        >>> jobs.group("net").pause()
        >>> jobs.new("1", {}, group="net").why()
        ['group net is paused; resume it']
        """
        return _core.why(self)

    def peek(self, expression: str) -> Any:
        """The value of an expression, with the names that the body works with right now.

        These are the names in the innermost function of yours that it is in: one that belongs neither to the standard
        library nor to an installed package. If there is none, it is the innermost of such a package. A coroutine that
        awaits something is in the function that awaits it.

        Your thread evaluates the expression, and the body goes on meanwhile: values may change while you look at them,
        and may be of two moments. To assign a name has no effect on the body; to change an object does. Up to Python
        3.12 the function keeps the values alive that a look has found, until the next look or its end.

        Raises `ValueError` if the job is not running, and whatever the expression raises.

        >>> import threading
        >>> from bgjobs import BackgroundJobManager
        >>> def fill(queue, begun, gate):
        ...     queue.append(1)
        ...     begun.set()
        ...     gate.wait()
        >>> begun, gate = threading.Event(), threading.Event()
        >>> job = BackgroundJobManager().new(fill, [], begun, gate)
        >>> begun.wait()
        True
        >>> job.peek("len(queue)")
        1
        >>> gate.set()
        """
        from . import peek

        return peek.peek(self, expression)

    def stop(self, reason: str = "stopped by its user", timeout: float = 1.0) -> stopping.Verdict:
        """Asks the job to stop, and returns the verdict within `timeout` seconds.

        The body notices it at once in `bgjobs.sleep` and `bgjobs.cancelled`. Otherwise `bgjobs.Stopped` is raised in
        the body at the next bytecode; it is not an `Exception`, so that `except Exception` does not swallow it. Code
        in C is not interrupted: the verdict names the line, and the job stops when that call returns. A coroutine is
        cancelled: what it awaits raises `asyncio.CancelledError` in it.

        >>> from bgjobs import BackgroundJobManager, sleep
        >>> job = BackgroundJobManager().new(sleep, 3600)
        >>> job.stop().stopped
        True
        >>> job.status
        'Dead (Stopped), call jobs.traceback() for details'
        """
        return stopping.stop([self], reason, timeout)[0]

    def _ladder(self, timeout: float) -> stopping.Body:
        """The rungs by which a stop within `timeout` seconds reaches the body, once it was asked for."""
        return self._coroutine or stopping.ThreadBody(self)

    # As `concurrent.futures.Future` has them, whose `wait` and `as_completed` take jobs; so are `done()`, `cancelled()`
    # and `running()`. Its `result()` is `get()` here.

    def get(self, timeout: float | None = None) -> Any:
        """Waits for the end, and returns the result, or raises what the body raised; `Stopped` if the job was stopped.

        Raises `TimeoutError` if the job has not ended after `timeout` seconds.

        >>> from bgjobs import BackgroundJobManager
        >>> BackgroundJobManager().new("6 * 7").get()
        42
        """
        return futures.get(self, timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Waits for the end, and returns the exception that the body raised, `Stopped` if it was stopped, or None.

        Raises `TimeoutError` if the job has not ended after `timeout` seconds.
        """
        return futures.exception(self, timeout)

    def cancel(self) -> bool:
        """Stops the job if its body has not begun; returns whether it is stopped. `stop` ends a body that runs."""
        if self._state_name == "entered":
            self.stop("cancelled by its user")
        return self.cancelled()

    def add_done_callback(self, callback: Callable[[BackgroundJobBase], object]) -> None:
        """Calls `callback(job)` when the job ends, on the job's thread; at once if it has ended.

        What the callback prints then, and any exception it raises, goes to the job's log.
        """
        futures.add_done_callback(self, callback)

    def remove_done_callback(self, callback: Callable[[BackgroundJobBase], object]) -> None:
        """Takes back a callback: the very object that was added, so keep a method to take it back."""
        futures.remove_done_callback(self, callback)

    @property
    def _state(self) -> State:
        return futures.shown_state(self) or super()._state

    @property
    def _condition(self) -> futures.Condition:
        return futures.Condition(self)

    @property
    def _waiters(self) -> futures.Waiters:
        return futures.Waiters(self)

    def __await__(self) -> Generator[Any, None, Any]:
        """Waits without blocking the event loop; returns the result, or raises what the body raised.

        All of asyncio that takes awaitables takes jobs, and so does `asyncio.wait`, which before Python 3.11 returns
        tasks in their place. Only `asyncio.wrap_future` does not, as it would call `result`: use
        `asyncio.ensure_future(job)`.
        """
        return futures.awaiting(self)

    def _again(self, names: Mapping[str, Any]) -> BackgroundJobBase:
        """A new job with the same body and options; `names` are those of the prompt."""
        job = self._copy(names) if type(self).__module__.startswith(f"{__package__}.") else None
        if job is None:
            own = type(self).__name__
            raise TypeError(f"job #{self.num} is a {own}, which only you can make again: jobs.start({own}(...))")
        job._daemon, job._name, job._options = self._daemon, self._name, self._options
        job.strform, job._label = self.strform, self._label
        return job

    def _copy(self, names: Mapping[str, Any]) -> BackgroundJobBase | None:
        """A new job with the same body; None if that can't be made."""
        return None

    # As `threading.Thread` has them.

    def start(self) -> None:
        """Starts the job; `RuntimeError` if it was started."""
        workers.start(self)

    def run(self) -> None:
        """Calls `call`, and ends the job with its result or exception; a worker calls only an overriding `run`."""
        if self._state_name == "running" and getattr(self.run, "__func__", None) is not self._base_run:
            workers.run_within(self)
        else:
            workers.run(self)

    _base_run = staticmethod(run)

    def join(self, timeout: float | None = None) -> None:
        """Waits for the end, at most `timeout` seconds; `RuntimeError` if the job was not started or is the caller."""
        futures.join(self, timeout)

    @property
    def ident(self) -> int | None:
        """The identifier of its thread; None before the start."""
        return self._thread_ident if futures.await_begin(self) else None

    @property
    def native_id(self) -> int | None:
        """The system's identifier of its thread; None before the start."""
        return self._thread_native_id if futures.await_begin(self) else None


class BackgroundJobExpr(BackgroundJobBase):
    """A job that evaluates an expression.

    `glob` and `loc` are its global and local names, by default none.
    Raises `SyntaxError` at once if the expression does not compile.
    """

    def __init__(
        self,
        expression: str,
        glob: dict[str, Any] | None = None,
        loc: Mapping[str, Any] | None = None,
    ) -> None:
        flags = PyCF_ALLOW_TOP_LEVEL_AWAIT
        self.code: CodeType = compile(expression, places.EXPRESSION, "eval", flags, dont_inherit=True)
        self.expression = self.strform = expression
        self.glob = {} if glob is None else glob
        self.loc = {} if loc is None else loc
        self._init()

    # A traceback shows these lines, so they are those of the original.
    # fmt: off
    def call(self):
        return eval(self.code,self.glob,self.loc)
    # fmt: on

    def _copy(self, names: Mapping[str, Any]) -> BackgroundJobBase:
        return BackgroundJobExpr(self.expression, self.glob, self.loc)


class BackgroundJobFunc(BackgroundJobBase):
    """A job that calls a function; its arguments are not shown, because they may be huge.

    Raises `TypeError` if `func` is not callable.
    """

    def __init__(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        if not callable(func):
            raise TypeError("first argument to BackgroundJobFunc must be callable")
        self.func = func
        self.args = args
        self.kwargs = kwargs
        if type(func) not in _PLAIN:
            # That of any other callable may change, as its `__repr__` is the user's.
            self.strform = str(func)
        # It has what `_init` looks for.
        self._inherit_daemon()

    @property
    def strform(self) -> str:
        """The text shown: the function's, unless another was set."""
        try:
            return super().strform
        except AttributeError:
            # Made when it is read, because it takes time and memory.
            return str(self.func)

    @strform.setter
    def strform(self, text: str) -> None:
        vars(Record)["strform"].__set__(self, text)

    # As above.
    def call(self):
        return self.func(*self.args, **self.kwargs)

    def _describe(self) -> str:
        return labels.of_function_job(self)

    def _copy(self, names: Mapping[str, Any]) -> BackgroundJobBase:
        return BackgroundJobFunc(self.func, *self.args, **self.kwargs)
