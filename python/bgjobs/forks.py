"""Forks: how many lie between the first process and this one, and how a job becomes the main thread of a child.

It knows neither jobs nor workers.
"""

from __future__ import annotations

import _thread
import os
import threading
from typing import Any

generation = 0
"""How many forks lie between the first process and this one."""

main_ident = threading.main_thread().ident


def become_main(thread: Any) -> int:
    """Gives a thread that has forked what CPython expects of the child's main thread; returns the child's generation.

    CPython calls the hooks that lead here before `_count`.
    """
    if hasattr(threading, "_shutdown_locks"):
        # Up to 3.12.
        lock = thread._tstate_lock = _thread.allocate_lock()
        lock.acquire()
        thread._is_stopped = False
    else:
        make_handle = _thread._make_thread_handle  # type: ignore[attr-defined]
        thread._handle = thread._os_thread_handle = make_handle(_thread.get_ident())
    return generation + 1


def _count() -> None:
    global generation, main_ident
    generation += 1
    main_ident = _thread.get_ident()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count)
