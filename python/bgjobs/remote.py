"""A process that runs one payload, with all the processes that it starts.

This module does not know jobs; `_child.py` runs on the other side.
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

from . import _child

_CHUNK = 1 << 16


class RemoteError(Exception):
    """Replaces what could not come back from a job's process: an exception, or a result.

    `type_name` is the name of its type there.  The text describes it.
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
    """One such process: `run` does everything, on the calling thread; any other may call `kill` at any time.

    `pid` is the worker's process id once it is known, and `remote_traceback` the text of the
    traceback if the body has failed.
    """

    def __init__(self, payload: bytes) -> None:
        self.pid: int | None = None
        self.remote_traceback: str | None = None
        self.killed = False
        self.is_used = False
        self._payload: bytes | None = payload
        self._wait_status: int | None = None
        self._lock = threading.Lock()
        self._control: BinaryIO | None = None

    def run(self, write: Callable[[bool, str], object]) -> Any:
        """Runs the payload, and returns or raises what its body returns or raises.

        Calls `write(err, text)` with what the processes write.  However `run` ends, the processes
        have ended before it.  Raises `ProcessDied` if there is neither a result nor an exception,
        and `RemoteError` if one could not come back.
        """
        with contextlib.ExitStack() as cleanup:
            payload, reply = cleanup.enter_context(_unnamed_file()), cleanup.enter_context(_unnamed_file())
            payload.write(self._payload or b"")
            payload.seek(0)
            self._payload = None
            self.is_used = True

            def pipe() -> list[Any]:
                return [cleanup.enter_context(open(fd, mode, 0)) for fd, mode in zip(os.pipe(), ("rb", "wb"))]

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
            cleanup.callback(self._finish, supervisor)
            for end in (payload, control_end, status_end, out_end, err_end):
                end.close()
            self._attend(supervisor, status, {out: False, err: True}, write)
            return self._outcome(reply)

    def kill(self, grace: float = 0.0) -> None:
        """Ends the processes for certain, without waiting for their end.

        With `grace` (seconds), the worker first gets a KeyboardInterrupt, as by Ctrl-C, and the kill
        follows when the worker has ended or the time is up.  A second call can only shorten the time.
        """
        self.killed = True
        self._order_kill(grace)

    def _order_kill(self, grace: float) -> None:
        with self._lock:
            if self._control is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._control.write(_child.ORDER.pack(grace))

    def _finish(self, supervisor: subprocess.Popen[bytes]) -> None:
        self._order_kill(0.0)  # has an effect only if `run` ends early
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
        """Forwards what the processes write, until the supervisor has reported the worker's end or is gone."""
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
            data = stream.read(_CHUNK)
            if data:
                text = decoder.decode(data)
                if text:
                    write(err, text)
            elif data is not None and fd in open_fds:
                open_fds.remove(fd)
                events.unregister(fd)
            return bool(data)

        attends = True
        while attends:
            ready = [fd for fd, _ in events.poll(1000)]
            for fd in ready:
                if fd != status.fileno():
                    feed(fd)
                elif message := os.read(fd, _child.STATUS.size):
                    event, number = _child.STATUS.unpack(message)
                    if event == _child.STARTED:
                        self.pid = number
                    else:
                        self._wait_status, attends = number, False
                else:
                    attends = False
            if not ready and supervisor.poll() is not None:
                attends = False  # a fork of this process may hold the other end of `status` open
        for fd, (_, err, decoder) in readers.items():
            # Drain the pipe, but do not wait for its end: another process may hold that open.
            for _ in range((1 << 20) // _CHUNK):
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
                f"the job's result, a {type_name}, cannot be sent back from its process ({text})", type_name
            )
        if kind == "failure":
            self.remote_traceback = text
        try:
            value = pickle.load(reply)
        except Exception as error:
            part = "result" if kind == "result" else "exception"
            raise RemoteError(
                f"the job's {part}, a {type_name}, cannot be read here ({type(error).__name__}: {error})",
                type_name,
            ) from error
        if kind == "result":
            return value
        if value is None:
            value = RemoteError(text.rstrip().rpartition("\n")[2], type_name)
        raise value from RemoteTraceback(text)

    def _death(self) -> ProcessDied:
        if self._wait_status is None:
            return ProcessDied(
                "the job's process did not start, or was killed with its supervisor; the job's log has its output"
            )
        code = os.waitstatus_to_exitcode(self._wait_status)
        if code >= 0:
            return ProcessDied(f"the job's process left with exit status {code} and without a result", status=code)
        try:
            name = f" ({signal.Signals(-code).name})"
        except ValueError:
            name = ""
        return ProcessDied(f"the job's process was ended by signal {-code}{name}", signal=-code)


def _unnamed_file() -> BinaryIO:
    """Unlike a pipe it never fills up, and its reader never waits for another process to close it."""
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
