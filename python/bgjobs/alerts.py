"""How a terminal alerts its user when a long job ends: by a bell, a desktop notification, or not at all.

It knows the escape sequences of terminals, and nothing of when to alert.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from .labels import label
from .record import Record
from .text import duration, harmless

METHODS = ("bell", "osc9", "osc777", "off")
"""The kinds of alert: osc9 is a notification in iTerm2, Windows Terminal, kitty, foot and WezTerm; osc777 in urxvt,
foot and Ghostty."""

_LEAST = 10
"""How many seconds a job runs at least that causes an alert, if nobody says otherwise."""

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


class Alert(NamedTuple):
    """A setting; its text is the one that is parsed.

    >>> print(parse("osc777:90"))
    osc777:1m30s
    """

    method: str = "bell"
    least: int = _LEAST
    """How many seconds a job runs at least that causes an alert."""

    def __str__(self) -> str:
        return self.method if self.method == "off" else f"{self.method}:{_typed(self.least)}"

    def of(self, ended: Sequence[Record]) -> str:
        """What to write to the terminal when these jobs have ended; empty if none ran long enough."""
        long = [job for job in ended if (job._ran or 0.0) >= self.least]
        if not long or self.method == "off":
            return ""
        if self.method == "bell":
            return "\x07"
        # A terminal may read a text that begins with a number as another command.
        text = _one(long[0]) if len(long) == 1 else f"Jobs have ended: {counted(long)}"
        # A semicolon would begin another field.
        return f"\x1b]9;{text}\x07" if self.method == "osc9" else f"\x1b]777;notify;bgjobs;{text.replace(';', ',')}\x07"


def parse(text: str) -> Alert:
    """Reads `bell`, `osc9` or `osc777`, with the least run time of a job if wanted (`bell:30s`); or `off`.

    Raises `ValueError`.
    """
    name, colon, least = text.strip().partition(":")
    if name not in METHODS or (name == "off" and colon):
        raise ValueError(
            f"{harmless(text)} is not a kind of alert; use bell, osc9 or osc777, each with a least run time if you "
            "like (bell:30s), or off"
        )
    if not colon:
        return Alert(name)
    parts = re.findall(r"(\d+)([dhms]?)", least) if re.fullmatch(r"\d+|(\d+[dhms] ?)+", least.strip()) else []
    if not parts:
        raise ValueError(f"{harmless(least)} in {harmless(text)} is not a time, such as 30s, 5m or 2h")
    return Alert(name, sum(int(count) * _UNITS[unit or "s"] for count, unit in parts))


def _typed(seconds: int) -> str:
    """A time as it is typed: `1m30s`."""
    found = ""
    for unit, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        found += f"{count}{unit}" if count else ""
    return found or "0s"


def _one(job: Record) -> str:
    return f"Job #{job.num} {job.outcome} after {duration(job._ran or 0.0)}: {label(job)}"


def counted(jobs: Sequence[Record]) -> str:
    """How many jobs have ended and how: `2 done, 1 failed`."""
    counts = Counter(job.outcome for job in jobs)
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("done", "failed", "stopped") if counts[outcome])
