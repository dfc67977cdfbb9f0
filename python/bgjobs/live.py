r"""Lines as they come: those that have ended stay, and below them the unfinished ones change in place.

Where output can't change, in a file say, unfinished lines are not shown. This module does not know logs and jobs.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from unicodedata import combining, east_asian_width

from . import host
from .text import coloured, harmless, uncoloured


class LiveLines:
    """Prints lines to ``sys.stdout`` as they come."""

    def __init__(self) -> None:
        self._is_kernel = host.is_kernel()
        self._changes = self._is_kernel or (sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb")
        # <https://no-color.org>
        self._colours = self._changes and not os.environ.get("NO_COLOR")
        self._unfinished = ""

    def shown(self, line: str) -> str:
        """A line that a job printed, as it is shown: in its colours where they are wanted, and harmless."""
        return coloured(line) if self._colours else harmless(uncoloured(line))

    def end(self, line: str, continues: bool = False) -> None:
        """Prints a line that has ended, or one that continues in the next, which gets a mark."""
        print(f"{self._clear()}{self.shown(line)}{' …' if continues else ''}")

    def change(self, lines: Sequence[str]) -> None:
        """Shows the lines that have not ended, in one row, in place of those shown before."""
        text = "  ".join(map(self.shown, lines))
        if self._changes and text != self._unfinished:
            columns = sys.maxsize if self._is_kernel else shutil.get_terminal_size().columns - 1
            print(f"{self._clear()}{_fitted(text, columns)}", end="", flush=True)
            self._unfinished = text

    def _clear(self) -> str:
        """Clears the row; a notebook knows no sequence for that."""
        gone, self._unfinished = self._unfinished, ""
        if not gone:
            return ""
        return f"\r{' ' * len(uncoloured(gone))}\r" if self._is_kernel else "\r\x1b[K"


def _fitted(text: str, columns: int) -> str:
    """A text in at most this many columns of a terminal, without its colours if it is cut."""
    plain = uncoloured(text)
    widths = [0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in plain]
    if sum(widths) <= columns:
        return text
    width = end = 0
    while width + widths[end] < columns:
        width += widths[end]
        end += 1
    return f"{plain[:end]}…"
