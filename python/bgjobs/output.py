"""What jobs print: kept in a log for each job, away from the prompt and from each other.

A router stands in for ``sys.stdout`` and ``sys.stderr``. Text that a job writes goes into the log
of that job; all other text goes on to the stream that was there before. In a Jupyter kernel a
job's text also goes to the kernel's own stream, which shows it under the cell that started the job;
and in a program without a prompt it goes to that program's output, as a thread's does.

This module knows which job is writing (`current`) and where its log is, and nothing else of jobs.

What cannot be had in a thread, and goes where it would have gone without us:

- what threads print that a job starts itself (before Python 3.14),
- what subprocesses and C code write to file descriptors 1 and 2,
- what goes to a stream that somebody took before the first job was started, as a handler of
  `logging` does when it is made,
- what a job prints while somebody has replaced ``sys.stdout`` for the whole process
  (``contextlib.redirect_stdout``, ``%%capture``).

A job in a process of its own has none of these gaps.
"""

from __future__ import annotations

import codecs
import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

if TYPE_CHECKING:
    from .jobs import BackgroundJobBase

current: ContextVar[BackgroundJobBase | None] = ContextVar("bgjobs_current", default=None)
"""The job that this code runs in, or None at the prompt; set by the worker in the job's context."""


class Router:
    """Stands before an output stream: a job's text goes to its log, all other text goes on.

    Whatever else is asked of it (``encoding``, ``fileno()``, ``set_parent``), the stream answers.
    """

    def __init__(self, stream: Any, err: bool) -> None:
        self._stream = stream
        self._err = err
        # The stream of a kernel knows which cell a text belongs to; where there is no prompt it is in nobody's way.
        self._shared = hasattr(stream, "set_parent") or not _has_prompt()
        # Looked up at each write: IPython 9 changes the stream's `write` for the length of a cell.
        self._write = self._routed(lambda text: stream.write(text))

    def _routed(self, onward: Callable[[str], int]) -> Callable[[str], int]:
        get, err, shared, stream = current.get, self._err, self._shared, self._stream

        def write(text: str) -> int:
            job = get()
            if job is None:
                return onward(text)
            job._core_log().write(err, text)
            return stream.write(text) if shared else len(text)

        write.routes = True  # type: ignore[attr-defined]
        return write

    def _set_write(self, write: Callable[[str], int]) -> None:
        # IPython 9 puts a function here that copies each text into the cell's history, and later
        # puts ours back. What jobs print is not of that cell and must not pass through it.
        self._write = write if hasattr(write, "routes") else self._routed(write)

    write = property(attrgetter("_write"), _set_write)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self._shared or current.get() is None:
            self._stream.flush()

    def isatty(self) -> bool:
        # A log is no terminal: a job's progress bars and colours take the form that suits a file.
        return current.get() is None and self._stream.isatty()

    @property
    def buffer(self) -> Any:
        return self._stream.buffer if current.get() is None else _Bytes(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __repr__(self) -> str:
        return f"<bgjobs router before {self._stream!r}>"


def _has_prompt() -> bool:
    """Whether somebody types at a prompt: IPython's or Python's own."""
    if hasattr(sys, "ps1") or sys.flags.interactive:
        return True
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


class _Bytes:
    """The ``sys.stdout.buffer`` that a job sees: decodes what is written, for the router."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def write(self, data: Any) -> int:
        data = bytes(data)
        self._router.write(self._decode(data))
        return len(data)

    def flush(self) -> None:
        self._router.flush()


_installed = False
_undo: list[Callable[[], None]] = []
"""How to undo what was changed in prompt_toolkit; empty while nothing was."""


def install_router() -> None:
    """Puts routers in the place of ``sys.stdout`` and ``sys.stderr``, where there are none.

    Called at the start of each job, for others replace these streams too. May be called at any
    time: with the routers in place it only looks.
    """
    global _installed
    if not _undo and "prompt_toolkit.patch_stdout" in sys.modules:
        _hook_prompt_toolkit()
    if type(sys.stdout) is Router and type(sys.stderr) is Router:
        return
    # Those who replace the streams for a while, and then put back what they found, do so in the
    # main thread. From another thread our router might come just after they put it back, and
    # would then stand before a stream that is gone.
    if _installed and threading.current_thread() is not threading.main_thread():
        return
    _installed = True
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and type(stream) is not Router and not _is_proxy(stream):
            setattr(sys, name, Router(stream, err=name == "stderr"))


def remove_router() -> None:
    """Undoes `install_router`. A router that somebody else holds goes on working."""
    global _installed
    _installed = False
    while _undo:
        _undo.pop()()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if type(stream) is Router:
            setattr(sys, name, stream._stream)


def _is_proxy(stream: Any) -> bool:
    module = sys.modules.get("prompt_toolkit.patch_stdout")
    return module is not None and isinstance(stream, module.StdoutProxy)


def _hook_prompt_toolkit() -> None:
    """Lets a job's text find its log while a prompt of prompt_toolkit waits.

    For that time prompt_toolkit puts one proxy in the place of both streams. Its `write` gets a
    look at who writes; and in IPython a router stands before it, which knows output from errors.
    """
    module: Any = sys.modules["prompt_toolkit.patch_stdout"]
    proxy, write, patch_stdout = module.StdoutProxy, module.StdoutProxy.write, module.patch_stdout

    def routed_write(self: Any, text: str) -> int:
        job = current.get()
        if job is None:
            return int(write(self, text))
        job._core_log().write(False, text)
        return len(text)

    @contextmanager
    def routed_patch_stdout(raw: bool = False) -> Iterator[None]:
        with patch_stdout(raw=raw):
            sys.stdout, sys.stderr = Router(sys.stdout, err=False), Router(sys.stderr, err=True)
            yield

    def replace(owner: Any, name: str, old: Any, new: Any) -> None:
        if getattr(owner, name, None) is old:
            setattr(owner, name, new)
            _undo.append(lambda: setattr(owner, name, old))

    replace(proxy, "write", write, routed_write)
    ipython = sys.modules.get("IPython.terminal.interactiveshell")
    for owner in (module, ipython):
        replace(owner, "patch_stdout", patch_stdout, routed_patch_stdout)


def wants_copied_context() -> bool:
    """Whether a job should run in a copy of the context it is started in: in a Jupyter kernel.

    There the context holds which cell is running, so in a copy a job's output appears under the
    cell that started it, and not under the one that happens to run. Elsewhere jobs run in an
    empty context, as threads do.
    """
    if "ipykernel" not in sys.modules:
        return False
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return hasattr(get_ipython(), "kernel")


class Line(NamedTuple):
    """A line that a job printed."""

    at: float
    """When its first character was written, in seconds since the epoch, as `time.time` has it."""
    stream: str
    """``"stdout"`` or ``"stderr"``."""
    text: str
    """The line as it was written, control characters too (see `harmless`), without its end."""


class Log:
    """What a job printed, in order; it grows while the job runs.

    A line is in it when it is complete, and at the job's end in any case. The log holds a bounded
    number of bytes: when a job prints more, the oldest lines make room, and `missed` counts them.

    Iterating gives the texts of the lines, ``str(log)`` the whole text. Reading removes nothing.
    """

    def __init__(self, job: BackgroundJobBase) -> None:
        self._job = job

    def _read(self, cursor: int = 0) -> tuple[int, int, list[Line]]:
        cursor, missed, lines = self._job._core_log().read(cursor)
        streams = ("stdout", "stderr")
        return cursor, missed, [Line(at, streams[err], text) for at, err, text in lines]

    @property
    def lines(self) -> list[Line]:
        """The lines so far, oldest first."""
        return self._read()[2]

    @property
    def missed(self) -> int:
        """How many of the oldest lines made room for newer ones."""
        return self._read()[1]

    def __iter__(self) -> Iterator[str]:
        return iter([line.text for line in self.lines])

    def __len__(self) -> int:
        return len(self.lines)

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return "".join(text + "\n" for text in self)

    def __repr__(self) -> str:
        count = len(self)
        return f"<log of job #{self._job.num}: {count} line{'s' * (count != 1)}>"

    def tail(self, n: int = 10) -> list[str]:
        """The texts of the newest `n` lines, oldest first.

        Raises `ValueError` if `n` is negative.
        """
        if n < 0:
            raise ValueError(f"tail() takes a number of lines, not {n}; .lines has all of them")
        return [text for _, _, text in self._job._core_log().tail(n)]

    def since(self, seconds: float) -> list[Line]:
        """The lines that were begun in the last so many seconds, oldest first.

        Raises `ValueError` if `seconds` is negative.
        """
        if not seconds >= 0:
            raise ValueError(f"since() takes a time in seconds, 0 or more, not {seconds}")
        oldest = time.time() - seconds
        return [line for line in self.lines if line.at > oldest]

    def follow(self, timeout: float | None = None, tail: int | None = None) -> Iterator[str]:
        """Gives each line so far, or of these the newest `tail`, and then more until the job ends.

        It stops after `timeout` seconds, if that is not None. Ctrl-C stops following, not the job.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        cursor = 0
        while True:
            # Asked before the reading, so that what is printed between the two is not lost.
            ended = self._job.done()
            left = 0.05 if deadline is None else min(0.05, deadline - time.monotonic())
            cursor, _, lines = self._read(cursor)
            if tail is not None:
                del lines[: max(len(lines) - tail, 0)]
                tail = None
            for line in lines:
                yield line.text
            if ended or left <= 0:
                return
            self._job.join(left)

    def print(self, n: int | None = None) -> None:
        """Prints the lines so far, or the newest `n`, with control characters made `harmless`."""
        if n is None and self.missed:
            print(f"[the oldest {self.missed} lines made room for these]")
        for text in self if n is None else self.tail(n):
            print(harmless(text))


_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    r"""A line as a terminal may show it.

    Of a line that was written over with ``\r`` only the last form is left, and other control
    characters are spelled out.

    >>> harmless("10%\r20%\r30%")
    '30%'
    >>> print(harmless("\x1b[31mred"))
    \x1b[31mred
    """
    shown = text.rstrip("\r").rpartition("\r")[2]
    return _CONTROL.sub(lambda found: ascii(found.group())[1:-1], shown)


def shown(job: BackgroundJobBase) -> str:
    r"""The text of a job for a list: its line breaks stay, as in the original, other control characters are `harmless`.

    >>> from bgjobs import BackgroundJobExpr
    >>> shown(BackgroundJobExpr("'\x1b[2J'"))
    "'\\x1b[2J'"
    """
    return "\n".join(map(harmless, str(job).split("\n")))
