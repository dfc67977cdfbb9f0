"""The keyboard, which belongs to the prompt: with two readers a terminal is unusable."""

from __future__ import annotations

import builtins
import functools
from typing import Any

from ..output import current


class Keyboard:
    """Blocks `input`, and so the debugger, in jobs."""

    def __init__(self) -> None:
        self._input: tuple[Any, Any] | None = None

    def block(self) -> None:
        """Replaces `input` by one that raises `EOFError` in a job."""
        original = builtins.input

        @functools.wraps(original)
        def input(*args: Any) -> str:
            if current.get() is not None:
                raise EOFError("a job has no keyboard: pass what it would ask for as an argument")
            return original(*args)

        self._input = original, input
        builtins.input = input

    def restore(self) -> None:
        """Undoes `block`."""
        if self._input is not None and builtins.input is self._input[1]:
            builtins.input = self._input[0]
