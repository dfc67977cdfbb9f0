"""Texts and times in a form for terminals.

It prints nothing, and does not know jobs.
"""

from __future__ import annotations

import re

_LENGTH = 1000
"""How many characters of a text a table has room for."""

_CONTROL = "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"


def harmless(text: str) -> str:
    r"""A line that a terminal can show safely.

    Characters that control it, or change the direction of a text, are spelled out.

    >>> print(harmless("\x1b[31mred"))
    \x1b[31mred
    """
    return re.sub(_CONTROL, lambda found: ascii(found.group())[1:-1], text)


def harmless_lines(text: str) -> str:
    r"""The same of a text that may have several lines.

    >>> harmless_lines("two\n\x1b[2Jlines")
    'two\n\\x1b[2Jlines'
    """
    return "\n".join(map(harmless, text.split("\n")))


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
