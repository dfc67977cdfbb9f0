"""The data of a job: its number, its text, its state in the original's words, the name of its thread.

It does not know how jobs run, wait or stop.
"""

from __future__ import annotations

import threading
from contextvars import Context
from types import TracebackType
from typing import Any, Callable, ClassVar, Literal

from . import bars, forks
from ._core import JobCore
from .text import harmless_lines

PENDING = "<BackgroundJob has not completed>"
DIED = "<BackgroundJob died, call jobs.traceback() for details>"

State = Literal["PENDING", "RUNNING", "CANCELLED_AND_NOTIFIED", "FINISHED"]
"""The states that `concurrent.futures` tells apart."""


class Stopped(BaseException):
    """Raised in the body of a job that should stop.

    It is not an `Exception`, so that `except Exception` does not catch it; `finally` and `with` work as usual.
    """

    __module__ = "bgjobs"


class Record(JobCore, threading.Thread):
    """The data of a job, which all other code sees as a thread; `jobs` adds what a user can do with it."""

    stat_created = "Created"
    stat_created_c = 0
    stat_running = "Running"
    stat_running_c = 1
    stat_completed = "Completed"
    stat_completed_c = 2
    stat_dead = "Dead (Exception), call jobs.traceback() for details"
    stat_dead_c = -1
    stat_stopped = "Dead (Stopped), call jobs.traceback() for details"

    # A job without entries in its `__dict__` has none, which saves a third of its memory. All slots are here, and not
    # in the classes that use them, so that a class can be derived from two of those.
    __slots__ = ("args", "func", "kwargs", "strform")

    num: int | None
    strform: str
    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    _state_name: str = vars(JobCore)["_state"]
    """`new`, `entered`, `running`, `done`, `failed` or `stopped`."""
    call: Callable[[], Any]
    _describe: Callable[[], str]
    _ladder: Callable[[float], Any]

    # These defaults are on the class because few jobs set them: the others need no memory for them.
    _daemon = False
    _name: str | None = None
    _context: Context | None = None
    _generation = 0
    _base_run: Callable[[Any], None]
    _within: tuple[Any, BaseException | None]
    _trace: TracebackType | None = None
    _options: Any = None
    _label: str | None = None
    # Whether somebody has read why it died, and what `leaving` would print otherwise.
    _is_read = False
    _unread: Any = None
    # Whether its first attempt began before a worker got it; this belongs to `schedule`.
    _attempt_begun = False
    # These belong to `stopping`.
    _stop_type: Any = None
    _stop_delivered = False
    _asks = False
    _last_position: tuple[Any, float] | None = None
    # The streams that the job sees, if it has asked for more than to write text; this belongs to `router`.
    _own_streams: dict[Any, Any] | None = None
    # The cell of a notebook that has started the job, and the publisher that it has put in the place of its cell's;
    # these belong to `kernel`.
    _cell: Any = None
    _publisher: Any = None
    # The figures that it has left open; this belongs to `figures`.
    _figures: Any = None
    # What its display in a notebook shows; this belongs to `cards`.
    _card: Any = None
    # What ends the wait of its body for other jobs; this belongs to `futures`.
    _wake: Callable[[], object] | None = None
    # Its progress bars; this belongs to `bars`.
    _bars: Any = None
    # The coroutine that the job runs; this belongs to `coroutines`.
    _coroutine: Any = None

    _of_state: ClassVar[dict[str, tuple[str, int, bool | None]]] = {
        "new": (stat_created, stat_created_c, False),
        "entered": (stat_running, stat_running_c, False),
        "running": (stat_running, stat_running_c, False),
        "done": (stat_completed, stat_completed_c, True),
        "failed": (stat_dead, stat_dead_c, None),
        "stopped": (stat_stopped, stat_dead_c, None),
    }

    _futures_state: ClassVar[dict[str, State]] = {
        "new": "PENDING",
        "entered": "PENDING",
        "running": "RUNNING",
        "done": "FINISHED",
        "failed": "FINISHED",
        "stopped": "CANCELLED_AND_NOTIFIED",
    }

    def __reduce__(self) -> Any:
        raise TypeError("a job stays in the process that it belongs to: send its result, or job.summary()")

    def __str__(self) -> str:
        return self.strform

    def __repr__(self) -> str:
        # The text may be any object.
        return f"<BackgroundJob #{self.num}: {harmless_lines(str(self.strform))}>"

    # A derived class that overrides `run` may set these four, so each property looks in the job's own names first.

    @property
    def status(self) -> str:
        """`Created`, `Running`, `Completed` or `Dead (...), call jobs.traceback() for details`."""
        own: str = self.__dict__.get("status", self._of_state[self._state_name][0])
        return own

    @status.setter
    def status(self, text: str) -> None:
        self.__dict__["status"] = text

    @property
    def stat_code(self) -> int:
        """0 created, 1 running, 2 completed, -1 dead."""
        own: int = self.__dict__.get("stat_code", self._of_state[self._state_name][1])
        return own

    @stat_code.setter
    def stat_code(self, code: int) -> None:
        self.__dict__["stat_code"] = code

    @property
    def finished(self) -> bool | None:
        """False until the job ends, then True if it completed and None if it is dead."""
        own: bool | None = self.__dict__.get("finished", self._of_state[self._state_name][2])
        return own

    @finished.setter
    def finished(self, value: bool | None) -> None:
        self.__dict__["finished"] = value

    @property
    def result(self) -> Any:
        """What `call` returned; a text that says so if the job has not completed or is dead."""
        state = self._state_name
        if state == "done":
            return self._value
        return self.__dict__.get("result", DIED if state in ("failed", "stopped") else PENDING)

    @result.setter
    def result(self, value: Any) -> None:
        if self._state_name == "done":
            self._value = value
        else:
            self.__dict__["result"] = value

    @property
    def outcome(self) -> str | None:
        """`"done"`, `"failed"` or `"stopped"`; None until the end."""
        state = self._state_name
        return state if state in ("done", "failed", "stopped") else None

    @property
    def _exception(self) -> BaseException | None:
        """Why it is dead, without waiting."""
        if self._state_name not in ("failed", "stopped"):
            return None
        if self._value is None and self._state_name == "stopped":
            # It never began, so no body has raised anything.
            self._value = Stopped(self._reason)
        error: BaseException | None = self._value
        return error

    def _read(self) -> BaseException | None:
        """Why it is dead, to somebody who handles or shows it, so that the end of the program need not."""
        self._is_read = True
        if self._unread is not None:
            self._unread.is_read = True
        return self._exception

    def _bars_state(self) -> tuple[int, int | None, str | None, float] | None:
        """How far its progress bars are: done, of how much, what is being done, for how many seconds."""
        return bars.read(self)

    # As `concurrent.futures.Future` has them.

    def cancelled(self) -> bool:
        """Whether it was stopped."""
        return self._state_name == "stopped"

    def running(self) -> bool:
        """Whether its body runs."""
        return self._state_name == "running"

    @property
    def _state(self) -> State:
        """The state in the words of `concurrent.futures`, whose functions read it."""
        return self._futures_state[self._state_name]

    # As `threading.Thread` has them.

    def is_alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._state_name in ("entered", "running") and not self._is_lost()

    def _depart(self) -> bool:
        """Sends the body to where it runs, if that is no thread of this process."""
        return False

    def _foresee_stop(self) -> None:
        """Begins what a stop, which follows at once, will have to wait for: those of many jobs wait together then."""

    def _expect_stop(self) -> None:
        """Before a request to stop: what the body has noticed of an earlier one does not count."""
        if self._stop_delivered:
            self._stop_delivered = False

    def _is_lost(self) -> bool:
        """Whether the job's thread stayed behind in the parent of a fork."""
        return self._generation != forks.generation

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
        """Whether the program ends without waiting for the job; settable until the job is started."""
        return self._daemon

    @daemon.setter
    def daemon(self, daemon: bool) -> None:
        if self._state_name != "new":
            raise RuntimeError("cannot set daemon status of active thread")
        self._daemon = daemon

    # CPython calls these for each thread it knows, in the child of a fork: up to 3.12 the first two, later the last.

    def _reset_internal_locks(self, is_alive: bool) -> None:
        if is_alive:
            self._generation = forks.become_main(self)

    def _stop(self) -> None:
        """The thread did not survive the fork, which `_is_lost` finds by itself."""

    def _after_fork(self, new_ident: int | None = None) -> None:
        if new_ident is not None:
            self._generation = forks.become_main(self)
