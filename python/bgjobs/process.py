"""Jobs in a process of their own: `jobs.new(f, 5, process=True)`.

Such a job neither waits for the interpreter's lock of the user's process nor holds it; it can
always be killed, with all that it has started; and a crash kills the job and harms nothing else.

The body is sent by value (cloudpickle): the function or the expression, its arguments, and the names that it refers
to. Modules are sent by name, so a function of a module is what its file says. What the body changes in variables
stays in its process; only its result, or its exception, comes back. What it writes to file descriptors 1 and 2, by
whatever means, goes to the job's log: each stream in its own order, the two as they arrive. Its standard input is
empty. The processes that it has started and left running end when it does.

`remote.py` runs the process, and does not know jobs. All of this holds on Linux. On other POSIX
systems, a process that has left the worker's process group outlives a kill; Windows has no such jobs.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from . import displays, labels, output, stopping
from .jobs import BackgroundJobBase, BackgroundJobExpr, BackgroundJobFunc
from .payload import pack_call, pack_expression
from .remote import Child, ProcessDied, RemoteError, RemoteTraceback

__all__ = ["BackgroundJobProcess", "Child", "ProcessDied", "RemoteError", "RemoteTraceback", "pack_call"]

_INTERRUPTED = (signal.SIGINT, (128 + signal.SIGINT) << 8)
"""What `os.system`, which itself ignores an interrupt, returns if that has ended its command."""


class BackgroundJobProcess(BackgroundJobBase):
    """A job whose body runs in a process of its own.

    It is made from a job that has not started, a `BackgroundJobFunc` or a `BackgroundJobExpr`, and has its attributes
    (`func`, `args`, ... or `expression`, `glob`, ...). What is sent is their present state, so later changes are not
    seen. An exception of the body comes back with the remote traceback as its cause. If it cannot come back, or a
    result cannot, `RemoteError` replaces it. If the process ends without either, the job dies of `ProcessDied`.

    Raises `pickle.PicklingError`, which names the part that cannot be sent.

    >>> from bgjobs import BackgroundJobManager
    >>> jobs = BackgroundJobManager()
    >>> job = jobs.new("n ** 2", {"n": 7}, process=True)
    >>> job.join()
    >>> job.result
    49
    """

    def __init__(self, job: BackgroundJobFunc | BackgroundJobExpr) -> None:
        self.__dict__.update(vars(job))
        self.strform = job.strform
        if isinstance(job, BackgroundJobFunc):
            self.func, self.args, self.kwargs = job.func, job.args, job.kwargs
        self._child = Child(self._payload())
        self._init()

    def _payload(self) -> bytes:
        made: Any = self
        if hasattr(self, "func"):
            return pack_call(made.func, made.args, made.kwargs)
        return pack_expression(made.expression, made.code, made.glob, made.loc)

    def _describe(self) -> str:
        return labels.of_function_job(self) if hasattr(self, "func") else super()._describe()

    def _copy(self, names: Mapping[str, Any]) -> BackgroundJobBase:
        made: Any = self
        if hasattr(self, "func"):
            return BackgroundJobProcess(BackgroundJobFunc(made.func, *made.args, **made.kwargs))
        return BackgroundJobProcess(BackgroundJobExpr(made.expression, made.glob, made.loc))

    @property
    def pid(self) -> int | None:
        """The process id of the body, once its process has started."""
        return self._child.pid

    @property
    def remote_traceback(self) -> str | None:
        """The text of the traceback in the process, if the body has failed."""
        return self._child.remote_traceback

    def call(self) -> Any:
        """Runs the body in its process, and returns or raises what the body returns or raises."""
        if self._child.is_used:
            # The body is called again.
            self._child = Child(self._payload())
            if self._stopping:
                raise stopping.stop_type(self)(self._reason)
        try:
            with displays.of_shell() as shown:
                result = self._child.run(output.writer(self), shown)
        except (ProcessDied, KeyboardInterrupt) as error:
            if not self._stopping:
                raise
            # The cause says where the body was in its process; the frames of this process would only distract.
            raise stopping.stop_type(self)(self._reason) from error.with_traceback(None)
        if self._stopping and type(result) is int and result in _INTERRUPTED:
            raise stopping.stop_type(self)(self._reason)
        return result

    def stop(self, reason: str = "stopped by its user", timeout: float = 1.0) -> stopping.Verdict:
        """Asks the body to stop, then kills it, and returns the verdict within `timeout` seconds.

        The body gets a KeyboardInterrupt, as by Ctrl-C, and half of the time to clean up. Then its
        process is killed, with all that it has started.
        """
        return super().stop(reason, timeout)

    def _ladder(self, timeout: float) -> stopping.Body:
        return _ProcessBody(self, max(timeout, 0.0) / 2)

    def _bars_state(self) -> tuple[int, int | None, str | None, float] | None:
        report = self._child.report()
        return None if report is None else (*report[:3], self._ran or 0.0 if report[3] is None else report[3])

    def kill(self, grace: float = 0.0) -> None:
        """Kills the process and all that it has started, without waiting for their end.

        With `grace` (seconds) the body first gets a KeyboardInterrupt, and that time to clean up.
        """
        stopping.ask(self, "killed by its user")
        self._child.kill(grace)

    def peek(self, expression: str) -> Any:
        """Raises `ValueError`: the names are in another process."""
        from .peek import NoNames

        raise NoNames(
            f"job #{self.num} runs in a process of its own, where {expression!r} can't be looked at; "
            "print it in the body, and read job.log"
        )

    def where(self) -> str:
        """Where the body is: the process that it runs in, and for how long."""
        text = super().where()
        running = self._state_name == "running" and self.pid is not None
        return f"{text.splitlines()[0]}\n  in process {self.pid}" if running else text


class _ProcessBody:
    """A body in another process, as a stop reaches it: the kill follows the request by itself."""

    def __init__(self, job: BackgroundJobProcess, grace: float) -> None:
        self._job = job
        self._grace = grace

    def ask(self) -> float:
        self._job._child.kill(self._grace)
        return 0.0

    def interrupt(self) -> None:
        """Does nothing: the job's thread only attends to the process, which an interrupt would cut short."""

    def place(self) -> str:
        pid = self._job.pid
        return "its process has not started" if pid is None else f"in process {pid}"
