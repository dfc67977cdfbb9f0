"""Places in code, as their reader calls them: a line of a file, of a cell of IPython's, or of an expression.

It does not know jobs.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable
from types import FrameType

from . import host

EXPRESSION = "<BackgroundJob compilation>"
"""The file name of an expression's code, as in the original."""

_HEADS = r'(?m)^([ |]*)File "(.*)", (line \d+)(?:, in (.*))?$'


def line_of(frame: FrameType) -> str:
    """The line that a frame is at, for a sentence."""
    code = frame.f_code
    if code.co_filename == EXPRESSION:
        return f"line {frame.f_lineno} of its expression"
    cell = _cell(code.co_filename)
    if cell is not None:
        return _in_cell(cell, f"line {frame.f_lineno}", code.co_name)
    return f"{code.co_filename}:{frame.f_lineno}, in {code.co_name}"


def stack(frames: Iterable[tuple[FrameType, int]], expression: str) -> str:
    """Frames, each at a line, as a traceback has them; `expression` is the source of the job's expression."""
    summary = traceback.StackSummary.extract(iter(frames), lookup_lines=False)
    lines = expression.splitlines()
    for index, entry in enumerate(summary):
        if entry.filename == EXPRESSION and entry.lineno is not None and entry.lineno <= len(lines):
            line = lines[entry.lineno - 1].strip()
            summary[index] = traceback.FrameSummary(EXPRESSION, entry.lineno, entry.name, line=line)
    return with_cells("".join(summary.format()))


def with_cells(text: str) -> str:
    """A traceback of the standard library's, in which the cells have the names that IPython's tracebacks give them."""

    def named(head: re.Match[str]) -> str:
        margin, filename, line, function = head.groups()
        cell = _cell(filename)
        return head.group() if cell is None else margin + _in_cell(cell, line, function)

    return re.sub(_HEADS, named, text)


def _cell(filename: str) -> str | None:
    """What IPython calls the cell whose code has this file name: `Cell In[14]`; None if there is no such cell."""
    compiler = getattr(host.ipython(), "compile", None)
    # Before IPython 8 cells have no other names.
    name = getattr(compiler, "format_code_name", lambda _: None)(filename)
    return None if name is None else " ".join(name)


def _in_cell(cell: str, line: str, function: str | None) -> str:
    place = f"{cell}, {line}"
    return place if function in (None, "<module>") else f"{place}, in {function}"
