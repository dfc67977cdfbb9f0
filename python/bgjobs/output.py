"""Routes what jobs print into their logs, away from the prompt and from each other.

A router stands in for ``sys.stdout`` and ``sys.stderr``. Text that a job writes goes to its log; all other text
goes on to the stream behind the router. In a Jupyter kernel a job's text also goes to the kernel's own stream,
which shows it under the cell that started the job; and in a program without a prompt it goes to that program's
output, as a thread's does.

This module knows which job is writing (`current`) and where its log is, and nothing else about jobs.

In a thread, some output can't be captured, and goes where it would go without this package:

- what the threads print that a job starts itself (before Python 3.14),
- what subprocesses and C code write to file descriptors 1 and 2,
- what goes to a stream that was fetched before the first job started, for example by a handler of `logging`,
- what a job prints while other code has replaced ``sys.stdout`` for the whole process
  (``contextlib.redirect_stdout``, ``%%capture``).

A job in a process of its own has none of these gaps.
"""

from __future__ import annotations

import codecs
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from operator import attrgetter
from typing import Any, Callable

from .record import Record

current: ContextVar[Record | None] = ContextVar("bgjobs_current", default=None)
"""The job that runs this code, or None at the prompt; the worker sets it in the job's context."""


class Router:
    """Stands in front of an output stream: a job's text goes to its log, all other text goes on.

    All else (``encoding``, ``fileno()``, ``set_parent``) is that of the stream.
    """

    def __init__(self, stream: Any, err: bool) -> None:
        self._stream = stream
        self._err = err
        # A kernel's stream knows which cell a text belongs to, and without a prompt there is nothing to disturb.
        self._shared = hasattr(stream, "set_parent") or not _has_prompt()
        # Looked up at each write, because IPython 9 replaces the stream's `write` while a cell runs.
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
        # IPython 9 sets a function here that copies each text into the cell's history, and later
        # restores ours. What jobs print does not belong to that cell and must not pass through it.
        self._write = write if hasattr(write, "routes") else self._routed(write)

    write = property(attrgetter("_write"), _set_write)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self._shared or current.get() is None:
            self._stream.flush()

    def isatty(self) -> bool:
        # A log is not a terminal: progress bars and colours should take the form that suits a file.
        return current.get() is None and self._stream.isatty()

    @property
    def buffer(self) -> Any:
        return self._stream.buffer if current.get() is None else _Bytes(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __repr__(self) -> str:
        return f"<bgjobs router in front of {self._stream!r}>"


def _has_prompt() -> bool:
    """Whether this is an interactive session, of IPython or of Python itself."""
    if hasattr(sys, "ps1") or sys.flags.interactive:
        return True
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


class _Bytes:
    """The ``sys.stdout.buffer`` that a job sees: decodes what is written and hands it to the router."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def write(self, data: Any) -> int:
        data = bytes(data)
        self._router.write(self._decode(data))
        return len(data)

    def flush(self) -> None:
        self._router.flush()


def writer(job: Record) -> Callable[[bool, str], None]:
    """A function that takes what a job's process prints, as `write(err, text)`; it is called on the job's thread."""
    log = job._core_log()

    def write(err: bool, text: str) -> None:
        log.write(err, text)
        stream = sys.stderr if err else sys.stdout
        if isinstance(stream, Router) and stream._shared:
            stream._stream.write(text)

    return write


_installed = False
_undo: list[Callable[[], None]] = []
"""Calls that undo the changes in prompt_toolkit; empty while there are none."""


def install_router() -> None:
    """Puts routers in front of ``sys.stdout`` and ``sys.stderr``, where there are none yet.

    Each start of a job calls it, because other code replaces these streams too. It may be called at
    any time, and changes nothing while the routers are in place.
    """
    global _installed
    if not _undo and "prompt_toolkit.patch_stdout" in sys.modules:
        _hook_prompt_toolkit()
    if type(sys.stdout) is Router and type(sys.stderr) is Router:
        return
    # Code that replaces the streams for a while, and then restores what it found, does so in the main
    # thread. Installed from another thread, our router could be in front of a stream that such code
    # has just taken away.
    if _installed and threading.current_thread() is not threading.main_thread():
        return
    _installed = True
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and type(stream) is not Router and not _is_proxy(stream):
            setattr(sys, name, Router(stream, err=name == "stderr"))


def remove_router() -> None:
    """Undoes `install_router`. A router that other code still holds goes on working."""
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
    """Routes a job's text to its log while a prompt of prompt_toolkit waits.

    Meanwhile prompt_toolkit replaces both streams by one proxy. Its `write` is wrapped to check which
    job writes; and in IPython routers stand in front of it, which tell output from errors.
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
    """Whether a job should run in a copy of the context that starts it, which is so in a Jupyter kernel.

    There the context says which cell is running, so the copy makes a job's output appear under the cell that started
    it instead of the one that happens to run. Elsewhere jobs run in an empty context, as threads do.
    """
    if "ipykernel" not in sys.modules:
        return False
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return hasattr(get_ipython(), "kernel")
