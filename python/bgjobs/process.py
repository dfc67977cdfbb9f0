"""Jobs in a process of their own: `jobs.new(f, 5, process=True)`.

Such a job neither waits for the interpreter's lock of the user's process nor keeps it; it is killed
for certain, with all that it has started; and when it crashes, the job is dead and nothing else is.

The body goes there by value (cloudpickle): the function or the expression, its arguments, and the
names that it refers to.  Modules go by name, so a function of a module is what its file says.  What
the body changes in variables stays there; only its result, or its exception, comes back.  What it
writes to file descriptors 1 and 2, by whatever means, goes to the job's log: each stream in its own
order, the two as they arrive.  Its standard input is empty.  What it has started and left running
ends when it does.

`Child` is one such process and knows no jobs; `BackgroundJobProcess` is the job whose body is one.
`_child.py` is what runs on the other side.  All of this holds on Linux.  On other POSIX systems, a
process that has left the worker's process group outlives a kill; Windows has no such jobs.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import pickle
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

from . import _child, output, stopping
from .jobs import BackgroundJobBase, BackgroundJobExpr, BackgroundJobFunc
from .payload import pack_call, pack_expression

CHUNK = 1 << 16


class RemoteError(Exception):
    """Stands for what could not come back from a job's process: an exception, or a result.

    `type_name` is the name of its type there.  The text says what it was.
    """

    def __init__(self, message: str, type_name: str) -> None:
        super().__init__(message)
        self.type_name = type_name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.type_name)


class ProcessDied(Exception):
    """A job's process ended without a result: it crashed, was killed, or left by `os._exit`.

    `signal` is the number of the signal that ended it, or None; `status` its exit status, or None.
    """

    def __init__(self, message: str, signal: int | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.signal = signal
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.signal, self.status)


class RemoteTraceback(Exception):
    """The traceback of a job's process, as text; the `__cause__` of what such a job raises."""

    def __str__(self) -> str:
        return "\n" + str(self.args[0])


class Child:
    """One process that runs one payload, with all the processes that come of it.

    `run` does everything, on the thread that calls it; `kill` may be called from any other thread,
    at any time.  `pid` is the worker's process id once it is known, and `remote_traceback` the text
    of the traceback of a body that has failed.
    """

    def __init__(self, payload: bytes) -> None:
        self.pid: int | None = None
        self.remote_traceback: str | None = None
        self.killed = False
        self._payload: bytes | None = payload
        self._ending: int | None = None
        self._lock = threading.Lock()
        self._control: BinaryIO | None = None

    def run(self, write: Callable[[bool, str], object]) -> Any:
        """Runs the payload: what it returns is returned, and what it raises is raised.

        `write(err, text)` is called with what the processes write.  When `run` is left, in whatever
        way, they have ended.  Raises `ProcessDied` when there is neither a result nor an exception,
        and `RemoteError` when there is one that could not come back.
        """
        with contextlib.ExitStack() as cleanup:
            payload, reply = cleanup.enter_context(_sheet()), cleanup.enter_context(_sheet())
            payload.write(self._payload or b"")
            payload.seek(0)
            self._payload = None

            def pipe() -> tuple[BinaryIO, BinaryIO]:
                reader, writer = os.pipe()
                return (
                    cleanup.enter_context(open(reader, "rb", 0)),
                    cleanup.enter_context(open(writer, "wb", 0)),
                )

            (out, out_end), (err, err_end), (status, status_end) = pipe(), pipe(), pipe()
            control_end, control = pipe()
            theirs = (payload, reply, control_end, status_end)
            fds = [file.fileno() for file in theirs]
            with self._lock:
                if self.killed:
                    raise ProcessDied("the job was stopped before its process started")
                supervisor = subprocess.Popen(
                    [*_python(), _child.__file__, *map(str, fds), str(os.getpid())],
                    stdin=subprocess.DEVNULL,
                    stdout=out_end,
                    stderr=err_end,
                    pass_fds=fds,
                    start_new_session=True,
                )
                self._control = control
            cleanup.callback(self._leave, supervisor)
            for end in (payload, control_end, status_end, out_end, err_end):
                end.close()
            self._attend(supervisor, status, {out: False, err: True}, write)
            return self._outcome(reply)

    def kill(self, grace: float = 0.0) -> None:
        """Ends the processes for certain, and does not wait for that.

        With `grace` (seconds), the worker gets a KeyboardInterrupt first, as by Ctrl-C, and the
        kill comes when it has ended or the time is over.  A second call can only shorten the time.
        """
        self.killed = True
        self._order(grace)

    def _order(self, grace: float) -> None:
        with self._lock:
            if self._control is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._control.write(_child.ORDER.pack(grace))

    def _leave(self, supervisor: subprocess.Popen[bytes]) -> None:
        self._order(0.0)  # finds nobody, unless `run` is left early
        with self._lock:
            self._control = None
        supervisor.wait()

    def _attend(
        self,
        supervisor: subprocess.Popen[bytes],
        status: BinaryIO,
        streams: dict[BinaryIO, bool],
        write: Callable[[bool, str], object],
    ) -> None:
        """Passes on what comes, until the supervisor has told how the worker ended or is gone."""
        events = select.poll()
        events.register(status, select.POLLIN)
        readers = {}
        for stream, err in streams.items():
            os.set_blocking(stream.fileno(), False)
            events.register(stream, select.POLLIN)
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            readers[stream.fileno()] = (stream, err, decoder)
        open_fds = set(readers)

        def feed(fd: int) -> bool:
            stream, err, decoder = readers[fd]
            data = stream.read(CHUNK)
            if data:
                text = decoder.decode(data)
                if text:
                    write(err, text)
            elif data is not None and fd in open_fds:
                open_fds.remove(fd)
                events.unregister(fd)
            return bool(data)

        attended = True
        while attended:
            ready = events.poll(1000)
            for fd, _ in ready:
                if fd != status.fileno():
                    feed(fd)
                    continue
                news = os.read(fd, _child.NEWS.size)
                if not news:
                    attended = False
                    continue
                what, number = _child.NEWS.unpack(news)
                if what == b"p":
                    self.pid = number
                else:
                    self._ending = number
                    attended = False
            if not ready and supervisor.poll() is not None:
                attended = False  # its end of `status` may live on in a fork of this process
        for fd, (_, err, decoder) in readers.items():
            # What is in the pipe is still ours.  Its end is not waited for: another may hold it.
            for _ in range((1 << 20) // CHUNK):
                if not feed(fd):
                    break
            rest = decoder.decode(b"", True)
            if rest:
                write(err, rest)

    def _outcome(self, reply: BinaryIO) -> Any:
        reply.seek(0)
        if reply.read(1) != b"!":
            raise self._death()
        kind, type_name, text = pickle.load(reply)
        if kind == "unsendable":
            raise RemoteError(
                f"the job's result, a {type_name}, cannot be sent back from its process ({text})",
                type_name,
            )
        if kind == "failure":
            self.remote_traceback = text
        try:
            value = pickle.load(reply)
        except Exception as error:
            what = "result" if kind == "result" else "exception"
            raise RemoteError(
                f"the job's {what}, a {type_name}, cannot be read here ({type(error).__name__}: {error})",
                type_name,
            ) from error
        if kind == "result":
            return value
        if value is None:
            value = RemoteError(text.rstrip().rpartition("\n")[2], type_name)
        raise value from RemoteTraceback(text)

    def _death(self) -> ProcessDied:
        if self._ending is None:
            return ProcessDied(
                "the job's process did not start, or was killed with its supervisor; what it said is in the job's log"
            )
        code = os.waitstatus_to_exitcode(self._ending)
        if code >= 0:
            return ProcessDied(f"the job's process left with exit status {code} and without a result", status=code)
        try:
            name = f" ({signal.Signals(-code).name})"
        except ValueError:
            name = ""
        return ProcessDied(f"the job's process was ended by signal {-code}{name}", signal=-code)


def _sheet() -> BinaryIO:
    """A file without a name: no pipe can be full, and none held open by another is waited for."""
    try:
        return open(os.memfd_create("bgjobs"), "w+b", 0)
    except (AttributeError, OSError):
        return tempfile.TemporaryFile(buffering=0)


def _python() -> list[str]:
    """The command that starts a Python like this one."""
    if not sys.executable:
        raise RuntimeError("process=True needs to know which Python to start, and sys.executable is empty; set it")
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    return [sys.executable, *flags]


class BackgroundJobProcess(BackgroundJobBase):
    """A job whose body runs in a process of its own.

    It is made from a job that has not started, a `BackgroundJobFunc` or a `BackgroundJobExpr`, and
    has its attributes (`func`, `args`, ... or `expression`, `glob`, ...).  What is sent is what
    they are now, so later changes are not seen.  An exception of the body comes back with the
    remote traceback as its cause; one that cannot come back is replaced by `RemoteError`, as is
    such a result.  When the process ends without either, the job dies of `ProcessDied`.

    Raises `pickle.PicklingError` naming the part that cannot be sent.

    >>> from bgjobs import BackgroundJobManager
    >>> jobs = BackgroundJobManager()
    >>> job = jobs.new("n ** 2", {"n": 7}, process=True)
    >>> job.join()
    >>> job.result
    49
    """

    _grace = 0.0

    def __init__(self, job: BackgroundJobFunc | BackgroundJobExpr) -> None:
        self.__dict__.update(vars(job))
        if isinstance(job, BackgroundJobFunc):
            payload = pack_call(job.func, job.args, job.kwargs)
        else:
            payload = pack_expression(job.expression, job.code, job.glob, job.loc)
        self._child = Child(payload)
        self._init()

    @property
    def pid(self) -> int | None:
        """The process id of the body, once its process has started."""
        return self._child.pid

    @property
    def remote_traceback(self) -> str | None:
        """The text of the traceback there, if the body has failed."""
        return self._child.remote_traceback

    def call(self) -> Any:
        """Runs the body in its process, and is what the body is: its result, or what it raised."""
        log = self._core_log()

        def write(err: bool, text: str) -> None:
            log.write(err, text)
            stream = sys.stderr if err else sys.stdout
            if isinstance(stream, output.Router) and stream._shared:
                stream._stream.write(text)  # a kernel shows it under the cell of the job

        try:
            return self._child.run(write)
        except (ProcessDied, KeyboardInterrupt) as error:
            if not self._stopping:
                raise
            # Where it was in its process says its cause; where it came from here, nobody wants to know.
            raise stopping._order(self)(self._reason) from error.with_traceback(None)

    def stop(self, reason: str = "stopped by its user", timeout: float = 1.0) -> stopping.Verdict:
        """Asks the body to stop, then kills it, and says within `timeout` seconds what came of it.

        The body gets a KeyboardInterrupt, as by Ctrl-C, and half of the time to clean up.  Then its
        process is killed, with all that it has started.
        """
        self._grace = max(timeout, 0.0) / 2
        return stopping.stop(self, reason, timeout)

    def kill(self, grace: float = 0.0) -> None:
        """Kills the process and all that it has started, and does not wait for that.

        With `grace` (seconds) the body gets a KeyboardInterrupt first, and that time to clean up.
        """
        self._grace = grace
        self._ask_stop("killed by its user")

    def _ask_stop(self, reason: str) -> Any:
        told = super()._ask_stop(reason)
        self._child.kill(self._grace)
        return told

    def _interrupt(self, exception: type[BaseException]) -> bool:
        # The thread only attends to the process, and what it does then must not be cut short.
        running: bool = self._state == "running"
        return running

    def where(self) -> str:
        """Which process the body runs in, and for how long."""
        text = super().where()
        running = self._state == "running" and self.pid is not None
        return f"{text}\n  in process {self.pid}" if running else text
