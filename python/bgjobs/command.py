"""Commands as jobs: `jobs.sh("make -j2")`.

What the command prints goes to the job's log, line by line. Its standard input is empty, unless it is given one. A stop
ends the command and all processes that it has started, wherever they have gone: each gets SIGTERM, and SIGKILL after
a grace period. So does the end of the interpreter, for a daemon job, even by SIGKILL.

`supervised.py` runs the command, and does not know what a job is to its users. All of this holds on Linux. On other
POSIX systems a stop reaches only the command's process group; Windows has no such jobs.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import Any

from . import futures, output, stopping, supervised
from ._core import HostedCommand
from .jobs import BackgroundJobBase
from .record import Record
from .text import duration, harmless

_GRACE = 0.5
"""How many seconds a command has to end when it is asked to, if its user does not say."""

_LONGEST = 60
"""How much of a process's command line is shown, in characters."""


class BackgroundJobCommand(BackgroundJobBase):
    """A job that runs a command in the system's shell, ``/bin/sh``.

    It ends when the command and all that it has started have ended. With exit status 0 it completes, and its result is
    a `subprocess.CompletedProcess`; with any other, or by a signal, it dies of a `subprocess.CalledProcessError`.

    `cwd` is the folder it runs in, `env` has variables that are set in addition to those of this process, `input` is
    what it reads, and `grace` how many seconds it has to end when it is asked to.

    >>> from bgjobs import BackgroundJobManager
    >>> jobs = BackgroundJobManager()
    >>> job = jobs.sh("test -d $FOLDER && exit 3", env={"FOLDER": "/"})
    >>> job.join()
    >>> job.exception().returncode
    3
    """

    def __init__(
        self,
        command: str,
        *,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        input: str | bytes = b"",
        grace: float = _GRACE,
    ) -> None:
        if not isinstance(command, str):
            raise TypeError(f"a command is a string, not {command!r}; shlex.join makes one of words")
        if not grace >= 0:
            raise ValueError(f"grace is a time in seconds, 0 or more, not {grace!r}")
        if not hasattr(os, "fork"):
            raise NotImplementedError(
                "commands need a POSIX system; on this one, start a function that calls subprocess.run"
            )
        self.command = self.strform = command
        self.cwd = cwd
        self.env = env
        self.input = input.encode("utf-8", "surrogateescape") if isinstance(input, str) else input
        self.grace = grace
        self._command: HostedCommand | None = None
        self._init()

    @property
    def pid(self) -> int | None:
        """The process id of the shell that runs the command, once it has started."""
        return None if self._command is None else self._command.pid

    def call(self) -> subprocess.CompletedProcess[str]:
        """Runs the command to its end."""
        words = ["/bin/sh", "-c", self.command]
        env = None if self.env is None else {**os.environ, **self.env}
        command, socket = HostedCommand.open(self.command, self.input, self.grace)
        self._command = command
        command.become_body(self)
        supervisor = supervised.start(command, socket, words, cwd=self.cwd, env=env)
        supervised.attend(command, supervisor, output.writer(self))
        status = command.outcome()
        if status is None:
            raise stopping.stop_type(self)(self._reason)
        if status:
            raise subprocess.CalledProcessError(status, self.command)
        return subprocess.CompletedProcess(self.command, status)

    def stop(self, reason: str = "stopped by its user", timeout: float = 1.0) -> stopping.Verdict:
        """Asks the command and all that it has started to end, and returns the verdict within `timeout` seconds.

        What has not ended after the grace period is killed.
        """
        return super().stop(reason, timeout)

    def _ladder(self, timeout: float) -> stopping.Body:
        return _CommandBody(self)

    def _copy(self, names: Mapping[str, Any]) -> BackgroundJobBase:
        return BackgroundJobCommand(self.command, cwd=self.cwd, env=self.env, input=self.input, grace=self.grace)

    def where(self) -> str:
        """The processes of the command, each above those that it has started, and for how long it has been running."""
        ran = self._ran
        if ran is None or self.done():
            return f"{self!r} is not running: {self.status}"
        lines = [f"{self!r}, running for {duration(ran)}"]
        processes = self._processes()
        if not processes:
            lines.append("  its process has not started" if self.pid is None else f"  in process {self.pid}")
        depths: dict[int, int] = {}
        for pid, parent, command, state, cpu, memory in processes:
            depth = depths[pid] = depths.get(parent, -1) + 1
            shown = "  " * depth + _shortened(command)
            lines.append(f"  {pid:>7} {state:<9} {cpu:>7.1f}s {memory >> 20:>5} MB  {shown}")
        return "\n".join(lines)


def run_within(job: Record, command: str) -> int:
    """Runs a command in the body of a job, which prints what the command prints, and whose stop ends it.

    Returns its exit status; of a command that was ended by a signal it is the negative number.
    """
    hosted, socket = HostedCommand.open(command, b"", _GRACE)
    supervisor = supervised.start(hosted, socket, [os.environ.get("SHELL") or "/bin/sh", "-c", command])
    with futures.woken_by(lambda: hosted.end(_GRACE)):
        supervised.attend(hosted, supervisor, output.writer(job))
    status = hosted.outcome()
    if status is None:
        raise stopping.stop_type(job)(job._reason)
    return status


def _shortened(command: str) -> str:
    text = harmless(command)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


class _CommandBody:
    """A command, as a stop reaches it: the request itself ends it, and the supervisor kills what does not heed it."""

    def __init__(self, job: BackgroundJobCommand) -> None:
        self._job = job

    def ask(self) -> float:
        return 0.0

    def interrupt(self) -> None:
        """Does nothing: the job's thread only attends to the command, which an interrupt would cut short."""

    def place(self) -> str:
        for pid, _, command, state, _, _ in self._job._processes():
            return f"in process {pid}, {state}: {_shortened(command)}"
        return "its supervisor has not ended it yet"
