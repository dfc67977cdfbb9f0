"""The thread-locals of a thread: drops their values when the thread is used again, as its end would.

It does not know jobs and workers.
"""

from __future__ import annotations

import gc
import sys
import threading
from typing import Any
from weakref import getweakrefcount, getweakrefs

from . import _core

_IN_DICTIONARY = sys.version_info < (3, 13)
"""Whether CPython keeps the values in the thread's dictionary, and not with a sentinel."""

_ROUNDS = 4
"""How often the values are dropped, because the destructor of one may set another; POSIX does the same."""


class ThreadLocals:
    """The thread-locals of the thread that creates it."""

    def clear(self) -> None:
        """Drops all values."""
        for _ in range(_ROUNDS):
            # They end here, because a destructor is Python code, and the call is one of Rust.
            values = _core.take_thread_dictionary()
            if values is None:
                return
            del values


class WithSentinel(ThreadLocals):
    """Those of CPython from 3.13 on.

    There each `threading.local` has a weak reference to an object that dies with the thread. Its callback drops the
    values, so calling it does what the end of the thread would do. Some error if CPython does it otherwise.
    """

    def __init__(self) -> None:
        self._own = own = threading.local()
        own.value = None
        watched: list[Any] = [found for found in gc.get_referents(own) if isinstance(found, set)]
        (self._reference,) = watched[0]
        self._sentinel = self._reference()
        other = threading.local()
        other.value = None
        self.clear()
        if hasattr(other, "value") or not hasattr(own, "value"):
            raise LookupError("a thread-local kept its value")

    def clear(self) -> None:
        # Extensions in C keep theirs in the dictionary.
        super().clear()
        for _ in range(_ROUNDS):
            if getweakrefcount(self._sentinel) == 1:
                return
            for reference in getweakrefs(self._sentinel):
                if reference is not self._reference:
                    values = _drop(reference)
                    del values


def _drop(reference: Any) -> Any:
    """Takes the calling thread's values out of a `threading.local`.

    The caller drops them, because a destructor may set a new value there, which the callback must not find.
    """
    local = reference.__callback__.__self__[0]()
    # Not by `vars`, because a derived class may have its own `__getattribute__`.
    values = None if local is None else threading.local.__getattribute__(local, "__dict__")
    reference.__callback__(reference)
    return values


def of_new_thread() -> ThreadLocals | None:
    """The thread-locals of the calling thread, which has none yet; None if this CPython can't clear them."""
    if _IN_DICTIONARY:
        return ThreadLocals()
    try:
        return WithSentinel()
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
