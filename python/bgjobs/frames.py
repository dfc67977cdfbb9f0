"""The frames that threads are in, and whether they are ours.

It does not know jobs.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from types import FrameType

_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    # Another thread may hold it at a fork.
    os.register_at_fork(after_in_child=_lock._at_fork_reinit)  # type: ignore[attr-defined]

_HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def is_ours(frame: FrameType) -> bool:
    """Whether a frame runs code of this package."""
    return frame.f_code.co_filename.startswith(_HERE)


def of_threads() -> dict[int, FrameType]:
    """The innermost frame of each thread, by its identifier.

    CPython collects them while it holds the lock of its list of threads. A garbage collection at that moment may run
    Python code, and let a thread run that wants this lock: both would wait for ever. So none begins meanwhile.
    """
    with _lock:
        enabled = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if enabled:
                gc.enable()
