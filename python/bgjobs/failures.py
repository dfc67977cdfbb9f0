"""Why a job died: the text of its traceback, and a look around in the place where it happened.

Texts are made when they are read, and are those of the original: by the live IPython's formatter if
there is one, else by IPython's if it is installed, else by the standard library. It follows that
colours and ``%xmode`` are those of the reader's moment.

A traceback holds the frames that it went through, and these hold their names and what those refer
to. `keep` bounds that. This module does not know how jobs run.
"""

from __future__ import annotations

import os
import sys
import traceback
import weakref
from collections import deque
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .jobs import BackgroundJobBase

KEPT = 32
"""How many dead jobs keep the names of their frames: the newest ones."""

_HERE = os.path.dirname(os.path.abspath(__file__))
_WAYS = tuple(os.path.join(_HERE, name) for name in ("cells.py", "process.py"))
"""Where a `call`, which the original does not have, takes more than one frame to the body."""

_kept: deque[weakref.ref[BackgroundJobBase]] = deque()
_formatter: Any = None


def text(exception: BaseException, trace: TracebackType | None = None) -> str:
    """The text of an exception and of what led to it, as the original's ``job.traceback()`` has it.

    `trace` is its traceback, by default the one that it has now.

    Our own frames are left out, but for the one that calls the body, where the original shows it.

    >>> try:
    ...     1 / 0
    ... except ZeroDivisionError as error:
    ...     print(text(error).splitlines()[-1])
    ZeroDivisionError: division by zero
    """
    whole = trace or exception.__traceback__
    formatter = _ipython_formatter()
    if formatter is None:
        trace = _without_ours(whole, keep_call=True)
        return "".join(traceback.format_exception(type(exception), exception, trace)).rstrip("\n")
    trace = _without_ours(whole, keep_call=not _hides_call(formatter))
    # `%debug` goes where the formatter was last; reading a text must not lead it there.
    before = getattr(formatter, "tb", None)
    try:
        shown: str = formatter.text(type(exception), exception, trace, tb_offset=0)
    finally:
        formatter.tb = before
    return shown


def text_of(job: BackgroundJobBase) -> str | None:
    """The text for a dead job; None for any other."""
    exception = job._exception
    return None if exception is None else text(exception, job._trace)


def _ipython_formatter() -> Any:
    """What makes IPython's texts; None if IPython is not installed."""
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


def _hides_call(formatter: Any) -> bool:
    """Whether the original's `call` does not show: IPython 9 leaves out frames of its own modules,
    in the modes that show code around each line."""
    import IPython

    return IPython.version_info[0] >= 9 and formatter.mode in formatter.verbose_modes


def _without_ours(trace: TracebackType | None, keep_call: bool) -> TracebackType | None:
    """The traceback from where the body begins; with the frame that called it, if `keep_call`.

    Of a body that ran in another process there is none."""
    while trace is not None and is_ours(trace.tb_frame):
        code = trace.tb_frame.f_code
        if code.co_name == "call" and code.co_filename in _WAYS:
            trace = _past(trace, code.co_filename)
        elif code.co_name == "call":
            return trace if keep_call else trace.tb_next
        else:
            trace = trace.tb_next
    return trace


def _past(trace: TracebackType | None, file: str) -> TracebackType | None:
    """What comes after the last frame of this file: between two of a cell that awaits is the event loop."""
    past = trace
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            past = trace.tb_next
        trace = trace.tb_next
    return past


def is_ours(frame: FrameType) -> bool:
    """Whether the code of a frame is this package's."""
    return os.path.dirname(frame.f_code.co_filename) == _HERE


def keep(job: BackgroundJobBase) -> None:
    """Counts a job among the dead that keep their frames, and lets the names of the oldest go.

    The frames themselves stay, a few hundred bytes each, so that the text still shows the way.
    """
    if job._exception is not None:
        job._trace = _from_here(job._exception.__traceback__)
    _kept.append(weakref.ref(job))
    while len(_kept) > KEPT:
        try:
            oldest = _kept.popleft()()
        except IndexError:
            return
        if oldest is not None and oldest._exception is not None:
            _clear(oldest._exception)


def _from_here(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without what stands before this thread's frames: a waiter may have raised the exception anew."""
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
    """Lets go of the names in all frames that led to it, to its causes and to a group's parts."""
    waiting: list[BaseException | None] = [exception]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        traceback.clear_frames(one.__traceback__)
        waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def debug(job: BackgroundJobBase) -> None:
    """Opens the debugger where a dead job failed: IPython's in IPython, else `pdb`.

    Raises `ValueError` if the job has not died, or has left no frames.
    """
    exception = job._exception
    if exception is None:
        raise ValueError(f"job #{job.num} has not died (status: {job.status}); job.where() shows where a job is")
    trace = _without_ours(job._trace or exception.__traceback__, keep_call=True)
    if trace is None:
        raise ValueError(
            f"job #{job.num} has left no frames to look at: it ran in a process of its own, or never "
            f"began; jobs.traceback({job.num}) shows why it died"
        )
    if not any(kept() is job for kept in list(_kept)):
        print(f"Only the lines of job #{job.num} are left, no names: {KEPT} jobs died since.")
    debugger = _debugger()
    debugger.reset()
    debugger.interaction(None, trace)


def _debugger() -> Any:
    import pdb

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return pdb.Pdb() if shell is None else shell.debugger_cls()
