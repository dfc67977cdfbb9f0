"""A job's log, as its users read it.

It does not know how text gets there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

from .live import LiveLines
from .record import Record


class Line(NamedTuple):
    """A line that a job printed."""

    at: float
    """When its first character was written, in seconds since the epoch, as from `time.time`."""
    stream: str
    """``"stdout"`` or ``"stderr"``."""
    text: str
    """The line as it was written, with its control characters but without its end."""
    continues: bool = False
    """Whether it was too long (16 KiB) to stay whole, and goes on in the next line of its stream."""


class Log:
    """What a job printed, in order; it grows while the job runs.

    A line enters the log when it ends, at the latest when the job does; until then it is `pending`. Text after a
    carriage return restarts it, so a progress bar is one line that changes. The log holds a limited number of bytes:
    when a job prints more, its oldest lines make room, and `missed` counts them.

    Iterating yields the texts of the lines, ``str(log)`` the whole text, unfinished lines too. Reading removes nothing.
    """

    def __init__(self, job: Record) -> None:
        self._job = job

    def _read(self, cursor: int = 0) -> tuple[int, int, list[Line], list[Line]]:
        """Reads from a cursor: the next cursor, how many lines are gone, the lines, and the unfinished ones."""
        cursor, missed, lines, pending = self._job._core_log().read(cursor)
        return cursor, missed, _lines(lines), _lines(pending)

    @property
    def lines(self) -> list[Line]:
        """The lines so far, oldest first."""
        return self._read()[2]

    @property
    def pending(self) -> list[Line]:
        """What was printed since the last end of a line, such as a question; oldest first."""
        return self._read()[3]

    @property
    def missed(self) -> int:
        """How many of the oldest lines made room for newer ones."""
        return self._read()[1]

    def __iter__(self) -> Iterator[str]:
        return iter([line.text for line in self.lines])

    def __len__(self) -> int:
        return len(self.lines)

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        _, _, lines, pending = self._read()
        return "".join([line.text if line.continues else f"{line.text}\n" for line in lines]) + "\n".join(
            [line.text for line in pending]
        )

    def __repr__(self) -> str:
        count = len(self)
        return f"<log of job #{self._job.num}: {count} line{'s' * (count != 1)}>"

    def tail(self, n: int = 10) -> list[str]:
        """The texts of the newest `n` lines, oldest first; the unfinished ones are the newest.

        Raises `ValueError` if `n` is negative.
        """
        return [line.text for line in self._tail(n)]

    def _tail(self, n: int) -> list[Line]:
        if n < 0:
            raise ValueError(f"tail() takes a number of lines, not {n}; .lines has all of them")
        return _lines(self._job._core_log().tail(n))

    def since(self, seconds: float) -> list[Line]:
        """The lines that were begun in the last `seconds`, oldest first, unfinished ones too.

        Raises `ValueError` if `seconds` is negative.
        """
        if not seconds >= 0:
            raise ValueError(f"since() takes a time in seconds, 0 or more, not {seconds}")
        oldest = time.time() - seconds
        _, _, lines, pending = self._read()
        return [line for line in lines + pending if line.at > oldest]

    def follow(self, timeout: float | None = None, tail: int | None = None) -> Iterator[str]:
        """Yields the lines so far, or the newest `tail` of them, and then each new one until the job ends.

        It stops after `timeout` seconds, if that is not None. Ctrl-C stops following, not the job.
        """
        return (line.text for lines, _ in self._turns(timeout, tail) for line in lines)

    def _turns(self, timeout: float | None = None, tail: int | None = None) -> Iterator[tuple[list[Line], list[Line]]]:
        """Each time before it waits for more: the new lines that `follow` yields, and the unfinished ones."""
        deadline = None if timeout is None else time.monotonic() + timeout
        cursor = 0
        while True:
            # Before the read, because the job may print its last lines between the two.
            ended = self._job.done()
            left = 0.05 if deadline is None else min(0.05, deadline - time.monotonic())
            cursor, _, lines, pending = self._read(cursor)
            if tail is not None:
                del lines[: max(len(lines) - tail, 0)]
                tail = None
            yield lines, pending
            if ended or left <= 0:
                return
            self._job.join(left)

    def print(self, n: int | None = None) -> None:
        """Prints the lines so far, or the newest `n`.

        Where output goes to a terminal or a notebook they have their colours, unless the environment sets NO_COLOR; all
        other control characters are spelled out.
        """
        shown = LiveLines()
        if n is None and self.missed:
            print(f"[the oldest {self.missed} lines made room for these]")
        for line in self._tail(sys.maxsize if n is None else n):
            shown.end(line.text, line.continues)


def _lines(lines: list[tuple[float, bool, str, bool]]) -> list[Line]:
    streams = ("stdout", "stderr")
    return [Line(at, streams[err], text, continues) for at, err, text, continues in lines]
