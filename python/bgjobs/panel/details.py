"""A job whose row is open: what it printed, where it is, why it failed, its names.

This module does not know pages.
"""

from __future__ import annotations

import re
from typing import Any

from .. import failures, labels
from ..jobs import BackgroundJobBase
from ..log import Line, Log
from ..text import cut, harmless, uncoloured
from . import rows

LINES = 200
"""How many lines of a log a page holds: the newest."""

_NAMES = 50
"""How many names are shown."""

_FRAMES = 200
"""How many lines of a traceback are shown: the last."""

Details = dict[str, Any]


def of(job: BackgroundJobBase) -> Details:
    """What is known of a job but for its log: `where`, `failure`, `names`, texts that are empty if there is nothing."""
    return {"where": _where(job), "failure": _failure(job), "names": _names(job)}


def log(job: BackgroundJobBase, cursor: int | None, room: int) -> Details:
    """What a job printed since a cursor, or its newest lines for None: `from`, `to`, `lines`, `pending`, `missed`.

    That is the newest lines, at least one, that have `room` characters. Each line is its text, and true if it went to
    standard error. The unfinished lines are `pending`, `missed` counts those before the first one of `lines`, if they
    do not follow what was told before.
    """
    end, missed, lines, pending = Log(job)._read(cursor or 0)
    shown = _fitting([_line(line) for line in lines[-LINES:]], room)
    follows = cursor is not None and not missed and len(shown) == len(lines)
    return {
        "from": cursor if follows else None,
        "to": end,
        "missed": 0 if follows else end - len(shown),
        "lines": shown,
        "pending": [_line(line) for line in pending],
    }


def _fitting(lines: list[list[Any]], room: int) -> list[list[Any]]:
    for at in range(len(lines) - 1, 0, -1):
        room -= len(lines[at][0])
        if room <= len(lines[at - 1][0]):
            return lines[at:]
    return lines


def _line(line: Line) -> list[Any]:
    return [harmless(uncoloured(cut(line.text))), line.stream == "stderr"]


def _where(job: BackgroundJobBase) -> str:
    if job.outcome is not None:
        return ""
    place: str | None = getattr(job, "place", None)
    if place is not None:
        # The stack of a body that runs elsewhere takes time to ask for.
        return place
    if job._state_name != "running":
        return "\n".join(rows.waits(job))
    # Its first line says what the row does.
    lines = re.sub(r"(?m)^  ", "", job.where()).split("\n")[1:]
    return "\n".join([*lines, *rows.waits(job)])


def _failure(job: BackgroundJobBase) -> str:
    if job.outcome != "failed":
        return ""
    lines = failures.plain_text(job).splitlines()
    return "\n".join(["..."] * (len(lines) > _FRAMES) + lines[-_FRAMES:])


def _names(job: BackgroundJobBase) -> list[list[str]]:
    """The names that a cell has assigned, each with its value in a few words."""
    names: dict[str, Any] = getattr(job, "names", {})
    shown = [[labels.short(name, 40), labels.value(value)] for name, value in sorted(names.items())[:_NAMES]]
    return shown + [["...", f"{len(names) - _NAMES} more"]] * (len(names) > _NAMES)
