"""A process that runs one payload, with all the processes that it starts.

This module does not know jobs; `_child.py` runs on the other side.
"""

from __future__ import annotations

import os
import pickle
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from . import _child, _core, child_reports, supervised
from ._core import HostedCommand
from .displays import Displays
from .places import with_cells


class RemoteError(Exception):
    """Replaces what could not come back from a job's process: an exception, or a result.

    `type_name` is the name of its type there. The text describes it.
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

    `remote_traceback` is the text of the traceback if the body has failed.
    """

    def __init__(self, payload: bytes) -> None:
        self.remote_traceback: str | None = None
        self.killed = False
        self.is_used = False
        self._payload: bytes | None = payload
        self._lock = threading.Lock()
        self._command: HostedCommand | None = None
        self._reports: BinaryIO | None = None
        self._report: child_reports.Report | None = None

    @property
    def pid(self) -> int | None:
        """The worker's process id, once it is known."""
        return None if self._command is None else self._command.pid

    def run(self, write: Callable[[bool, str], object], displays: Displays | None = None) -> Any:
        """Runs the payload, and returns or raises what its body returns or raises.

        Calls `write(err, text)` with what the processes write; `displays` gets what they display. However
        `run` ends, the processes have ended before it. Raises `ProcessDied` if there is neither a result
        nor an exception, and `RemoteError` if one could not come back.
        """
        with _unnamed_file() as payload, _unnamed_file() as reply, self._reporting() as telling:
            payload.write(self._payload or b"")
            payload.seek(0)
            self._payload = None
            self.is_used = True
            with self._lock:
                if self.killed:
                    raise ProcessDied("the job was stopped before its process started")
                command, streams = HostedCommand.open_for_fork("python", grace=0.0)
                self._command = command
            fds = (payload.fileno(), reply.fileno(), telling.fileno(), *([] if displays is None else [displays.far]))
            words = [_child.__file__, _core.__file__, *map(str, fds)]
            supervisor = supervised.start_fork(command, streams, words, pass_fds=fds)
            payload.close()
            supervised.attend(command, supervisor, write, keeps=False, displays=displays)
            try:
                status = command.outcome()
            except RuntimeError:
                status = None
            return self._outcome(reply, status)

    @contextmanager
    def _reporting(self) -> Iterator[BinaryIO]:
        """The file for reports, whose last one stays."""
        with _unnamed_file() as file:
            self._reports = file
            try:
                yield file
            finally:
                self.report()
                with self._lock:
                    self._reports = None

    def report(self) -> child_reports.Report | None:
        """How far the body says it is; its last report after its end."""
        with self._lock:
            report = None if self._reports is None else child_reports.read(self._reports.fileno())
            if report is not None:
                self._report = report
            return self._report

    def kill(self, grace: float = 0.0) -> None:
        """Ends the processes for certain, without waiting for their end.

        With `grace` (seconds), the worker first gets a KeyboardInterrupt, as by Ctrl-C, and the kill
        follows when the worker has ended or the time is up. A second call can only shorten the time.
        """
        with self._lock:
            self.killed = True
            if self._command is not None:
                self._command.interrupt(grace)

    def _outcome(self, reply: BinaryIO, status: int | None) -> Any:
        reply.seek(0)
        if reply.read(1) != b"!":
            raise death(status)
        try:
            return received(reply, "process")
        except BaseException as error:
            if isinstance(error.__cause__, RemoteTraceback):
                self.remote_traceback = error.__cause__.args[0]
            raise


def received(reply: BinaryIO, there: str) -> Any:
    """Returns or raises what a reply from there says: the result of the body or its exception.

    The cause of the exception is a `RemoteTraceback`. Raises `RemoteError` for what could not come back.
    """
    kind, type_name, text = pickle.load(reply)
    if kind == "unsendable":
        raise RemoteError(f"the job's result, a {type_name}, cannot be sent back from its {there} ({text})", type_name)
    trace = RemoteTraceback(with_cells(text)) if kind == "failure" else None
    try:
        value = pickle.load(reply)
    except Exception as error:
        part = "result" if kind == "result" else "exception"
        message = f"the job's {part}, a {type_name}, cannot be read here ({type(error).__name__}: {error})"
        raise RemoteError(message, type_name) from trace or error
    if kind == "result":
        return value
    if value is None:
        value = RemoteError(text.rstrip().rpartition("\n")[2], type_name)
    raise value from trace


def death(status: int | None) -> ProcessDied:
    """Why there is no reply: the process has ended with this status, or the negated number of a signal."""
    if status is None:
        return ProcessDied(
            "the job's process did not start, or was killed with its supervisor; the job's log has its output"
        )
    if status >= 0:
        return ProcessDied(f"the job's process left with exit status {status} and without a result", status=status)
    try:
        name = f" ({signal.Signals(-status).name})"
    except ValueError:
        name = ""
    return ProcessDied(f"the job's process was ended by signal {-status}{name}", signal=-status)


def _unnamed_file() -> BinaryIO:
    """Unlike a pipe it never fills up, and its reader never waits for another process to close it."""
    try:
        return open(os.memfd_create("bgjobs"), "w+b", 0)
    except (AttributeError, OSError):
        return tempfile.TemporaryFile(buffering=0)
