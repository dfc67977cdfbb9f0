"""A look at the names that a running job works with: evaluates an expression in the frame that the job is in.

It does not know how jobs run or stop.
"""

from __future__ import annotations

import os
import site
import sysconfig
from types import FrameType
from typing import Any

from . import stopping
from .record import Record

_FILE = "<peek>"
"""The file name of the expression's code."""


class NoNames(ValueError):
    """A job has no names to look at: it is not running, or its body runs elsewhere."""


def peek(job: Record, expression: str) -> Any:
    """The value of an expression, with the names of the frame that the job is in."""
    code = compile(expression.strip(), _FILE, "eval", dont_inherit=True)
    frames = stopping.stack(job)
    # Looked at last: while the job runs, its thread runs no other.
    if job._state_name != "running":
        begun = job._state_name not in ("new", "entered")
        why = f"is not running (status: {job.status})" if begun else "has not begun"
        raise NoNames(f"job #{job.num} {why}; only a running job has names to look at")
    if not frames:
        raise NoNames(f"job #{job.num} is in no Python code of yours right now")
    frame = _of_user(frames)
    # One dictionary, because a comprehension or a lambda in the expression does not see the locals of its `eval`.
    return eval(code, {**frame.f_globals, **frame.f_locals, "__builtins__": frame.f_builtins})


def _of_user(frames: list[FrameType]) -> FrameType:
    """The innermost frame of the user's code; if there is none, that of a package, and at last any."""
    paths = sysconfig.get_paths()
    packages = {paths["purelib"], paths["platlib"], site.getusersitepackages(), *site.getsitepackages()}
    # These hold the packages' folders too.
    standard = {paths["stdlib"], paths["platstdlib"]}
    theirs, pythons = (tuple(os.path.join(folder, "") for folder in folders) for folders in (packages, standard))

    def distance(frame: FrameType) -> int:
        name = frame.f_code.co_filename
        if name.startswith(theirs):
            return 1
        return 2 if name.startswith(("<frozen ", *pythons)) else 0

    return min(reversed(frames), key=distance)
