"""What a process displays with IPython: pictures, tables, the clearing of output. Here it is received and shown.

The process waits until each is shown: so it is in order with what it prints. `_shell.py` sends. This module does not
know jobs.
"""

from __future__ import annotations

import traceback
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Callable

from . import host


class Displays:
    """The near end: `show(method, arguments)` is called with each call of a display publisher there."""

    def __init__(self, show: Callable[[str, dict[str, Any]], object]) -> None:
        from multiprocessing.connection import Pipe

        self._near, self._far = Pipe()
        self._show = show

    def __enter__(self) -> Displays:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def far(self) -> int:
        """The descriptor of the far end, for the process."""
        return self._far.fileno()

    def begin(self) -> None:
        """Once the process has its end, that is closed here."""
        self._far.close()

    def fds(self) -> list[int]:
        """The descriptors to wait for."""
        return [] if self._near.closed else [self._near.fileno()]

    def take(self, print_before: Callable[[], object]) -> bool:
        """Shows the next one, if there is one, after `print_before()` has passed on what was printed before."""
        if self._near.closed or not self._near.poll():
            return False
        try:
            method, arguments = self._near.recv()
            print_before()
            try:
                self._show(method, arguments)
            except Exception:
                traceback.print_exc()
            self._near.send_bytes(b"")
        except (EOFError, OSError):
            # The process has ended, or has closed its end.
            self.close()
        return True

    def close(self) -> None:
        self._near.close()
        self._far.close()


def of_shell() -> AbstractContextManager[Displays | None]:
    """Displays that the live IPython shows; None if there is none."""
    shell = host.ipython()
    if shell is None:
        return nullcontext()
    return Displays(lambda method, arguments: getattr(shell.display_pub, method)(**arguments))
