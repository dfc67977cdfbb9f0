"""Puts routers in front of ``sys.stdout`` and ``sys.stderr``, and keeps them there.

With them, what a job prints goes to its log, away from the prompt and from each other (see `router`).

In a thread, some output can't be captured, and goes where it would go without this package:

- what the threads print that a job starts itself (before Python 3.14),
- what subprocesses and C code write to file descriptors 1 and 2, by ``sys.stdout.fileno()`` too,
- what goes to a stream that was fetched before the first job started, for example by a handler of `logging`,
- what a job prints while other code has replaced ``sys.stdout`` for the whole process: the prompt by
  ``contextlib.redirect_stdout``, or any code by ``sys.stdout = ...``. In a job ``contextlib.redirect_stdout`` is the
  job's own (see `redirects`); of IPython's ``%%capture`` see `captures`.

A job in a process of its own has none of these gaps. This module knows nothing of jobs but their logs.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from . import captures, redirects
from .record import Record
from .router import Router, begin_redirection, is_proxy
from .router import current as current
from .router import end_streams as end_streams


def writer(job: Record) -> Callable[..., None]:
    """A function that takes what a job's process prints, as `write(err, text)`; it is called on the job's thread.

    `write(err, text, at)` takes what was printed at another time than now, in seconds since the epoch.
    """

    def write(err: bool, text: str, at: float | None = None) -> None:
        stream = sys.stderr if err else sys.stdout
        if isinstance(stream, Router):
            stream.put(job, text, at=at)
        else:
            job._core_log().write(err, text, at)

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
    captures.hook(begin_redirection, install_router)
    if type(sys.stdout) is Router and type(sys.stderr) is Router:
        return
    # Code that replaces the streams for a while, and then restores what it found, does so in the main
    # thread. Installed from another thread, our router could be in front of a stream that such code
    # has just taken away.
    if _installed and threading.current_thread() is not threading.main_thread():
        return
    _installed = True
    redirects.hook(begin_redirection)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and type(stream) is not Router and not is_proxy(stream):
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
