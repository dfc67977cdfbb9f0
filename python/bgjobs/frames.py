"""The frames that threads are in, and whether they are ours.

It does not know jobs.
"""

from __future__ import annotations

import gc
import os
import sys
from operator import methodcaller
from types import FrameType

_HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def is_ours(frame: FrameType) -> bool:
    """Whether a frame runs code of this package."""
    return frame.f_code.co_filename.startswith(_HERE)


def of_threads() -> dict[int, FrameType]:
    """The innermost frame of each thread, by its identifier.

    CPython collects them while it holds the lock of its list of threads. A garbage collection at that moment may run
    Python code, and let a thread run that wants this lock: both would wait for ever. So none begins meanwhile.
    """
    if not gc.isenabled():
        return sys._current_frames()
    # One call of C: no other thread gets a turn in it, and no stop is raised that would leave the collector off.
    _, found, _ = map(_call, (gc.disable, sys._current_frames, gc.enable))
    return found  # type: ignore[no-any-return]


_call = methodcaller("__call__")
