"""Why a job died: the text of its traceback, and a debugger at the line where it failed.

Texts are formatted when they are read, and are those of the original: the live IPython's formatter makes them
if there is one, otherwise that of an installed IPython, otherwise the standard library. So colours and
``%xmode`` are the reader's.

A traceback holds its frames, and these hold their names and all that those refer to. `capture` limits that to the
newest dead jobs. This module does not know how jobs run.
"""

from __future__ import annotations

import builtins
import linecache
import os
import sys
import threading
import traceback
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, TracebackType
from typing import Any

from .frames import is_ours
from .names import nested
from .places import EXPRESSION, with_cells
from .record import Record

CAPTURED = 32
"""How many dead jobs have captured frames, with their names: the newest."""

_HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")
_WAYS = {
    "cells.py": ["cells.py"],
    "command.py": ["command.py", "supervised.py"],
    "engines/cell.py": ["engines/cell.py", "engines/job.py", "remote.py"],
    "engines/job.py": ["engines/job.py", "remote.py"],
    "kept.py": ["kept.py", "remote.py"],
    "kept_cells.py": ["kept_cells.py", "kept.py", "remote.py"],
    "process.py": ["process.py", "remote.py"],
}
_LONG_WAYS = {os.path.join(_HERE, file): [os.path.join(_HERE, name) for name in files] for file, files in _WAYS.items()}
"""Where a `call` reaches the body through several frames, and the files of these; the original's is one frame."""

_GROUP: Any = getattr(builtins, "BaseExceptionGroup", ())
"""Exceptions that have others as their parts; no class before Python 3.11."""

_captured: deque[weakref.ref[Record]] = deque()
_formatter: Any = None
_lines_are_read = threading.RLock()
_PATIENCE = 1.0
"""How many seconds a thread waits until another has read its lines."""


def text(exception: BaseException, trace: TracebackType | None = None) -> str:
    """The text of an exception with its traceback, as the original's ``job.traceback()`` prints it.

    `trace` is the traceback, by default the one that the exception has now. The frames of this
    package are left out, except the one that calls the body where the original shows it.

    >>> try:
    ...     1 / 0
    ... except ZeroDivisionError as error:
    ...     print(text(error).splitlines()[-1])
    ZeroDivisionError: division by zero
    """
    whole = trace or exception.__traceback__
    formatter = _ipython_formatter()
    if any(isinstance(one, _GROUP) for one in _with_causes(exception)):
        # IPython's formatter leaves out the parts, so its prompt shows a group in this way too.
        trace = without_ours(whole, show_call=False)
        return with_cells("".join(traceback.format_exception(type(exception), exception, trace))).rstrip("\n")
    if formatter is None:
        trace = without_ours(whole, show_call=True)
        return "".join(traceback.format_exception(type(exception), exception, trace)).rstrip("\n")
    trace = without_ours(whole, show_call=not _is_new_with_code(formatter))
    # `%debug` opens the traceback that the formatter had last; reading a text must not change which.
    before = getattr(formatter, "tb", None)
    try:
        formatted: str = formatter.text(type(exception), exception, trace, tb_offset=0)
    finally:
        formatter.tb = before
    return formatted


def text_of(job: Record) -> str | None:
    """The text for a dead job; None for any other."""
    exception = job._read()
    if exception is None:
        return None
    with _lines_of_expression(job, exception):
        return text(exception, job._trace)


def plain_text(job: Record) -> str:
    """The text for a job that has failed, as the standard library writes it; this does not count as reading it."""
    error = job._exception
    assert error is not None, "a job that has failed has an exception"
    remote: str | None = getattr(job, "remote_traceback", None)
    if remote is not None:
        return remote
    trace = without_ours(job._trace or error.__traceback__, show_call=False)
    return with_cells("".join(traceback.format_exception(type(error), error, trace)))


@contextmanager
def _lines_of_expression(job: Record, exception: BaseException) -> Iterator[None]:
    """Shows IPython 9 the lines of the job's expression; otherwise it would say that it could not get them.

    All expressions have one file name, so there are no lines if the traceback has a frame of another one.
    """
    code, formatter = getattr(job, "code", None), _ipython_formatter()
    of_others = code is None or _codes_of_expressions(exception) - set(nested(code))
    if of_others or formatter is None or not _is_new_with_code(formatter):
        yield
        return
    source: str = getattr(job, "expression", "")
    # Meanwhile the user's `__str__` is called, which may wait for a thread that comes here: that one has no lines then.
    if not _lines_are_read.acquire(timeout=_PATIENCE):
        yield
        return
    try:
        linecache.cache[EXPRESSION] = len(source), None, [f"{line}\n" for line in source.splitlines()], EXPRESSION
        yield
    finally:
        linecache.cache.pop(EXPRESSION, None)
        _lines_are_read.release()


def _codes_of_expressions(exception: BaseException) -> set[CodeType]:
    """The code of all frames of expressions that the text of an exception may show."""
    traces = [one.__traceback__ for one in _with_causes(exception)]
    codes = [frame.f_code for trace in traces for frame, _ in traceback.walk_tb(trace)]
    return {code for code in codes if code.co_filename == EXPRESSION}


def message(exception: BaseException) -> str:
    """An exception without its traceback.

    >>> message(ValueError("no rows"))
    'ValueError: no rows'
    """
    formatter = traceback.TracebackException(type(exception), exception, None)
    # Notes would be the last lines, instead of the message.
    vars(formatter)["__notes__"] = None
    return list(formatter.format_exception_only())[-1].rstrip("\n")


def _ipython_formatter() -> Any:
    """IPython's formatter of tracebacks; None if IPython is not installed."""
    global _formatter
    try:
        from IPython import get_ipython
        from IPython.core.ultratb import AutoFormattedTB
    except ImportError:
        return None
    shell = get_ipython()
    if shell is not None:
        return shell.InteractiveTB
    if _formatter is None:
        make: Any = AutoFormattedTB
        try:
            _formatter = make(mode="Context", theme_name="nocolor", tb_offset=1)
        except TypeError:
            # Before IPython 9.
            _formatter = make(mode="Context", color_scheme="NoColor", tb_offset=1)
    return _formatter


def _is_new_with_code(formatter: Any) -> bool:
    """Whether it is IPython 9's, in a mode that shows code around each line.

    There the original hides its `call`, because IPython leaves out frames of its own modules.
    """
    import IPython

    return IPython.version_info[0] >= 9 and formatter.mode in formatter.verbose_modes


def without_ours(trace: TracebackType | None, show_call: bool) -> TracebackType | None:
    """The traceback from where the body begins, or with `show_call` from the frame that called it, to its last line.

    None if the body ran in another process. What the body called of this package is left out.
    """
    return _to_last_of_theirs(_from_body(trace, show_call))


def _to_last_of_theirs(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without our frames at its end; as it is if there are no others."""
    parts = []
    while trace is not None:
        parts.append(trace)
        trace = trace.tb_next
    count = next((at for at in range(len(parts), 0, -1) if not is_ours(parts[at - 1].tb_frame)), len(parts))
    if count == len(parts):
        return parts[0] if parts else None
    # A copy, because the exception keeps all.
    for part in reversed(parts[:count]):
        trace = TracebackType(trace, part.tb_frame, part.tb_lasti, part.tb_lineno)
    return trace


def _from_body(trace: TracebackType | None, show_call: bool) -> TracebackType | None:
    """The traceback from where the body begins, or from the frame that called it."""
    while trace is not None and is_ours(trace.tb_frame):
        code = trace.tb_frame.f_code
        if code.co_name != "call":
            trace = trace.tb_next
        elif code.co_filename in _LONG_WAYS:
            trace = _past(trace, _LONG_WAYS[code.co_filename])
        else:
            return trace if show_call else trace.tb_next
    return trace


def _past(trace: TracebackType | None, files: list[str]) -> TracebackType | None:
    """The traceback after the last frame of these files; a cell that awaits has an event loop between two of them."""
    past = trace
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in files:
            past = trace.tb_next
        trace = trace.tb_next
    return past


def capture(job: Record) -> None:
    """Captures the frames of a job that has died, and clears the names in those of the oldest captured job.

    The cleared frames stay, a few hundred bytes each, so that the traceback is still complete.
    """
    if job._exception is not None:
        job._trace = _from_here(job._exception.__traceback__)
    _captured.append(weakref.ref(job))
    while len(_captured) > CAPTURED:
        try:
            oldest = _captured.popleft()()
        except IndexError:
            return
        if oldest is not None and oldest._exception is not None:
            _clear(oldest._exception)


def _from_here(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from this thread's frames on: a waiter may have raised the exception again, on another thread."""
    here = set()
    frame = sys._getframe()
    while frame is not None:
        here.add(frame)
        frame = frame.f_back  # type: ignore[assignment]
    found = trace
    while found is not None and found.tb_frame not in here:
        found = found.tb_next
    return found or trace


def _clear(exception: BaseException) -> None:
    """Clears the names in the frames of an exception, of its causes and of the parts of a group."""
    for one in _with_causes(exception):
        traceback.clear_frames(one.__traceback__)


def _with_causes(exception: BaseException) -> Iterator[BaseException]:
    """An exception, its causes and the parts of a group, each once."""
    waiting: list[BaseException | None] = [exception]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def debug(job: Record) -> None:
    """Opens the debugger where a dead job failed: IPython's in IPython, otherwise `pdb`.

    Raises `ValueError` if the job has not died, or has left no frames.
    """
    exception = job._read()
    if exception is None:
        raise ValueError(f"job #{job.num} has not died (status: {job.status}); job.where() shows where a job is")
    trace = without_ours(job._trace or exception.__traceback__, show_call=True)
    if trace is None:
        raise ValueError(
            f"job #{job.num} has left no frames to look at: it ran in a process of its own, or never "
            f"began; jobs.traceback({job.num}) shows why it died"
        )
    if not any(captured() is job for captured in list(_captured)):
        print(f"Job #{job.num} has only its lines left, no names: {CAPTURED} jobs have died since.")
    debugger = _debugger()
    debugger.reset()
    debugger.interaction(None, trace)


def _debugger() -> Any:
    import pdb

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return pdb.Pdb() if shell is None else shell.debugger_cls()
