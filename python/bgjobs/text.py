"""Texts about jobs: the original's reports, and texts and times in a form for terminals.

It prints nothing, and does not know managers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .record import Record

_LENGTH = 1000
"""How many characters of a text a table has room for."""

_CONTROL = "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"


def harmless(text: str) -> str:
    r"""A line that a terminal can show safely.

    Control characters are spelled out.

    >>> print(harmless("\x1b[31mred"))
    \x1b[31mred
    """
    return re.sub(_CONTROL, lambda found: ascii(found.group())[1:-1], text)


_COLOUR = re.compile("(\x1b\\[[0-9;:]*m)")


def coloured(line: str) -> str:
    r"""A line in its colours, which end with it; all else is `harmless`.

    >>> coloured("\x1b[31mred\x1b[2J")
    '\x1b[31mred\\x1b[2J\x1b[0m'
    >>> coloured("plain")
    'plain'
    """
    pieces = _COLOUR.split(line)
    pieces[::2] = map(harmless, pieces[::2])
    if len(pieces) > 1 and pieces[-2] != "\x1b[0m":
        pieces.append("\x1b[0m")
    return "".join(pieces)


def uncoloured(text: str) -> str:
    r"""A text without its colours.

    >>> uncoloured("\x1b[1;31mred\x1b[m")
    'red'
    """
    return _COLOUR.sub("", text)


def original(job: Record) -> str:
    r"""A job's text as the original lists it: `harmless`, but for its line breaks.

    >>> from bgjobs import BackgroundJobExpr
    >>> original(BackgroundJobExpr("'\x1b[2J'"))
    "'\\x1b[2J'"
    """
    return "\n".join(map(harmless, str(job).split("\n")))


def cut(text: str) -> str:
    """A text of any length, cut to what a table has room for."""
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]} ... ({len(text)} characters)"


def duration(seconds: float) -> str:
    """A time for a sentence: `4 ms`, `1.2 s`, `3 min 5 s`, `2 h 40 min`.

    >>> duration(9659)
    '2 h 40 min'
    """
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def group(name: str, jobs: Sequence[Record]) -> str:
    """The lines of a group of jobs; an empty group has none."""
    lines = "".join([f"{job.num} : {original(job)}\n" for job in jobs])
    return f"{name} jobs:\n{lines}\n" if lines else ""


def report(jobs: Sequence[Record]) -> str:
    """The notice about jobs that have ended; empty if there are none."""
    completed = [job for job in jobs if job.outcome == "done"]
    dead = [job for job in jobs if job.outcome != "done"]
    return group("Completed", completed) + group("Dead, call jobs.traceback() for details", dead)


def flushed(name: str, count: int) -> str:
    """The line of a flush that forgets this many jobs of a group; nothing if there are none."""
    return f"Flushing {count} {name} job{'s' * (count != 1)}.\n" if count else ""
