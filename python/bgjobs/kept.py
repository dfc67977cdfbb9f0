"""Jobs that outlive this program: `jobs.new(f, 5, keep=True)`.

Such a job has a process of its own, as with `process=True`, which is no child of this program but of a keeper. It goes
on when this program ends or is killed, when the kernel restarts, the terminal closes or the connection hangs up. It
does not survive a restart of the machine, nor the end of its container or service, nor a logout where the system ends
all processes of a session.

Here it is a job like any other, that follows the folder of the kept one: its log, its result or its exception, its
stop. The end of this program is no stop. Any later program goes on with `jobs.attach("k12")`, and `bgjobs log k12` or
`python -m bgjobs log k12` shows it in a terminal.

A job with a group, a delay or others to follow is only kept from its turn on; until then it belongs to this program,
whose end waits for that.

What is sent lies in a file that only its user can read, until the process has read it. What comes back is a pickle, and
nothing is unpickled but from a folder that belongs to this user, and is closed to all others. All of this holds on
Linux only.
"""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from . import _child, _core, child_reports, futures, labels, output, stopping, supervised, supervisor
from .command import BackgroundJobCommand
from .jobs import BackgroundJobBase, BackgroundJobExpr, BackgroundJobFunc
from .payload import pack_call, pack_expression
from .remote import ProcessDied, RemoteError, RemoteTraceback, death, received

SURVIVES = (
    "it survives this program and a hang-up, but no restart of the machine, and not the end of its container or service"
)

_PAUSE = 0.05
"""How many seconds lie between two looks at a kept job."""

VERSION = "python " + ".".join(map(str, sys.version_info[:3]))


class BackgroundJobKept(BackgroundJobBase):
    """A job whose body outlives this program.

    It is made from a job that has not started, or by `attached`. Its result is what the body returns, and of a command
    a `subprocess.CompletedProcess`. An exception of the body comes back with the remote traceback as its cause. If it
    cannot come back, or a result cannot, `RemoteError` replaces it. If there is neither, the job dies of `ProcessDied`.
    """

    # What is to be kept, until it is; then the kept job.
    _order: tuple[list[str], bytes | None, Any] | None = None
    _kept: Any = None
    _remote_traceback: str | None = None
    _last_report: child_reports.Report | None = None

    def __init__(self, job: BackgroundJobFunc | BackgroundJobExpr | BackgroundJobCommand) -> None:
        self.__dict__.update(vars(job))
        self.strform = job.strform
        if isinstance(job, BackgroundJobFunc):
            self.func, self.args, self.kwargs = job.func, job.args, job.kwargs
            self._order_body("call", pack_call(job.func, job.args, job.kwargs, "keep=True"))
        elif isinstance(job, BackgroundJobExpr):
            self._order_body("eval", pack_expression(job.expression, job.code, job.glob, job.loc, "keep=True"))
        else:
            if job.input:
                raise ValueError("a kept command has an empty input: let it read a file, as in 'sort < words'")
            self._order = ["/bin/sh", "-c", job.command], None, job
        self._made = job
        self._init()

    def _order_body(self, kind: str, payload: bytes) -> None:
        words = [supervisor.python(), *supervised.flags(), _child.__file__, _child.KEPT, kind]
        self._order = words, payload, None

    def _describe(self) -> str:
        if hasattr(self, "func"):
            return labels.of_function_job(self)
        return super()._describe()

    def _copy(self, names: Mapping[str, Any]) -> BackgroundJobBase | None:
        made = getattr(self, "_made", None)
        if made is None:
            raise TypeError(f"job #{self.num} was started by another program, and can't be started again")
        return BackgroundJobKept(made._copy(names))

    def _again(self, names: Mapping[str, Any]) -> BackgroundJobBase:
        job = super()._again(names)
        job._daemon = False
        return job

    @property
    def kept(self) -> str | None:
        """The number by which every program knows it, such as `"k12"`; None before its turn."""
        found: str | None = None if self._kept is None else self._kept.id
        return found

    @property
    def remote_traceback(self) -> str | None:
        """The text of the traceback in its process, if the body has failed."""
        return self._remote_traceback

    def __repr__(self) -> str:
        text = super().__repr__()
        return text if self.kept is None else f"{text}, kept as {self.kept}"

    def _keep(self) -> None:
        """Starts the kept job, once."""
        if self._kept is not None:
            return
        assert self._order is not None, "a job that is not kept yet has an order"
        words, payload, command = self._order
        limit = None if self._options is None else self._options.keeper_limit
        start = _core.KeptStart(
            supervisor.starter(),
            words,
            labels.label(self),
            key=None,
            time_limit=limit,
            folder=getattr(command, "cwd", None) or _here(),
            payload=None if payload is None else (VERSION, payload),
            environment=list((getattr(command, "env", None) or {}).items()),
        )
        fd = start.fd()
        try:
            os.read(fd, 1)
        finally:
            os.close(fd)
        self._kept = start.take()
        self._order = None
        # Only until now it needs this program.
        self._daemon = True
        self._let_exit()

    def call(self) -> Any:
        """Follows the kept job to its end, and returns or raises what the body returns or raises."""
        self._keep()
        kept, write = self._kept, output.writer(self)
        kept.lend_times(self)
        if kept.record()[2] is None:
            # A command.
            self._read_progress()
        asked, cursor = False, 0
        while True:
            # What was printed before the end is there once the end is.
            state, *end = kept.look()
            cursor = _pass_on(kept, cursor, write)
            if state in ("done", "failed", "stopped", "lost"):
                break
            if not self._stopping:
                futures.sleep_in(self, _PAUSE)
                continue
            if not asked:
                asked = True
                kept.ask_stop(self._reason, 0.5)
            time.sleep(_PAUSE)
        kept.lend_times(self)
        self._look_at_progress()
        kept.mark_seen()
        return self._settle_by(state, *end)

    def _settle_by(self, state: str, status: int | None, signal: int | None, message: str, value: str | None) -> Any:
        if state == "stopped":
            # Somebody else may have stopped it, or its keeper.
            stopping.ask(self, message)
            raise stopping.stop_type(self)(message)
        if state == "lost":
            raise ProcessDied(f"{self.kept} was lost: {message}")
        _, words, language = self._kept.record()
        if language is None:
            return _of_command(words, state, status, signal, message)
        name = language.split(" ")[0]
        if name != "python":
            told = f"{self.kept} gave {value}, a value of {name}, which only that can read"
            raise RemoteError(told if state == "done" else message, name)
        file = self._result()
        if file is not None:
            return self._received(file, other_python(language))
        if value is not None:
            raise RemoteError(f"the result of {self.kept} was swept; it was {value}", "object")
        if status and message != f"exit status {status}":
            raise RemoteError(f"{message} (its traceback was swept)", message.partition(":")[0])
        if status is None and signal is None:
            raise ProcessDied(message)
        raise death(-signal if signal else status)

    def _received(self, file: io.BytesIO, other: str | None) -> Any:
        """What the body gave, or raises what it raised; `other` is the version of its Python, if that is not ours."""
        # Code is in the pickles of cloudpickle, and another version may crash on it.
        if other and b"cloudpickle" in file.getvalue():
            raise RemoteError(
                f"{self.kept} holds code for Python {other}, which Python {VERSION[7:]} can't run: attach it there",
                "object",
            )
        try:
            _, type_name, _ = pickle.load(file)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            raise RemoteError(f"the result of {self.kept} is broken ({why}): start the job again", "object") from None
        file.seek(0)
        try:
            return received(file, "process")
        except BaseException as error:
            if isinstance(error.__cause__, RemoteTraceback):
                self._remote_traceback = error.__cause__.args[0]
            if isinstance(error, RemoteError) and f"a {type_name}, cannot be read here (" in str(error):
                hint = f"; it comes from Python {other}" if other else ""
                error.args = (f"{error}{hint}; import what it needs, then jobs.attach({self.kept!r}) reads it",)
            raise

    def _result(self) -> io.BytesIO | None:
        """What the body gave, without the first line, which is for other languages; None if there is nothing."""
        try:
            fd = self._open("result")
        except FileNotFoundError:
            return None
        with open(fd, "rb") as file:
            file.readline()
            return io.BytesIO(file.read())

    def _open(self, name: str) -> int:
        """A descriptor of a file in the job's folder; it follows no link, and waits for nobody who would write."""
        return os.open(os.path.join(self._kept.folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)

    def _ladder(self, timeout: float) -> stopping.Body:
        return _KeptBody(self, max(timeout, 0.0) / 2)

    def _bars_state(self) -> tuple[int, int | None, str | None, float] | None:
        report = self._look_at_progress()
        return None if report is None else (*report[:3], self._ran or 0.0 if report[3] is None else report[3])

    def _look_at_progress(self) -> child_reports.Report | None:
        """How far the body says it is; its last report after its end."""
        if self._kept is not None and not self.done():
            try:
                fd = self._open("progress")
            except OSError:
                return self._last_report
            try:
                self._last_report = child_reports.read(fd) or self._last_report
            finally:
                os.close(fd)
        return self._last_report

    def peek(self, expression: str) -> Any:
        """Raises `ValueError`: the names are in another process."""
        from .peek import NoNames

        raise NoNames(
            f"job #{self.num} runs in a process of its own, where {expression!r} can't be looked at; "
            "print it in the body, and read job.log"
        )

    def where(self) -> str:
        """Where the body is: that it is kept, and for how long it has been running."""
        text = super().where()
        return f"{text}\n  kept as {self.kept} in {self._kept.folder}" if self._kept is not None else text


class _KeptBody:
    """A kept job, as a stop reaches it: the request itself ends it, and its keeper kills what does not heed it."""

    def __init__(self, job: BackgroundJobKept, grace: float) -> None:
        self._job = job
        self._grace = grace

    def ask(self) -> float:
        # It may be kept before the job here has begun, whose stop alone would leave it running.
        if self._job._kept is not None:
            self._job._kept.ask_stop(self._job._reason, self._grace)
        return 0.0

    def interrupt(self) -> None:
        """Does nothing: the job's thread only follows, and goes on to do so until the end."""

    def place(self) -> str:
        return f"its keeper has not ended {self._job.kept} yet"


def other_python(language: str) -> str | None:
    name, _, version = language.partition(" ")
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return version if name == "python" and ".".join(version.split(".")[:2]) != here else None


def _here() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def _pass_on(kept: Any, cursor: int, write: Any) -> int:
    """Passes on what is new in a log; returns the next cursor."""
    while True:
        dropped, pieces, cursor = kept.read(cursor)
        if dropped:
            write(True, f"[{dropped} bytes of the log were dropped here]\n", pieces[0][0] if pieces else None)
        for at, err, text in pieces:
            write(err, text, at)
        if not dropped and not pieces:
            return cursor


def _of_command(
    words: list[str], state: str, status: int | None, signal: int | None, message: str
) -> subprocess.CompletedProcess[str]:
    """What a command ended with: that of the system's shell as its line, any other as its words."""
    if status is None and signal is None:
        raise ProcessDied(message)
    line: Any = words[2] if words[:2] == ["/bin/sh", "-c"] and len(words) == 3 else words
    code = -signal if signal else status or 0
    if state == "failed":
        raise subprocess.CalledProcessError(code, line)
    return subprocess.CompletedProcess(line, code)
