"""Who is told of which end: readers of a manager's notices, each told of each job once.

It prints nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from ._core import Table

if TYPE_CHECKING:
    from .jobs import BackgroundJobBase


class Board:
    """The jobs that some reader was not told of, though their manager has forgotten them.

    What every reader was told of is not kept alive.
    """

    def __init__(self, table: Table, jobs: dict[int, BackgroundJobBase]) -> None:
        self._table = table
        self._jobs = jobs
        self._forgotten: dict[int, BackgroundJobBase] = {}
        self._readers: WeakSet[Reader] = WeakSet()

    def reader(self) -> Reader:
        """A reader that is told of what ends from now on."""
        reader = Reader(self, self._table)
        self._readers.add(reader)
        return reader

    def forget(self, jobs: list[BackgroundJobBase]) -> None:
        """Takes finished jobs out of the manager's jobs; readers that were not told of them are told all the same."""
        has_news = self._has_news()
        for job in jobs:
            if job.num is not None:
                if has_news:
                    self._forgotten[job.num] = job
                self._jobs.pop(job.num, None)

    def find(self, num: int) -> BackgroundJobBase | None:
        return self._jobs.get(num) or self._forgotten.get(num)

    def tidy(self) -> None:
        """Lets go of what was kept for readers, if all of them were told."""
        if self._forgotten and not self._has_news():
            self._forgotten.clear()

    def _has_news(self) -> bool:
        return any(reader.has_news() for reader in self._readers)


class Reader:
    """Told of each job that ends, once."""

    def __init__(self, board: Board, table: Table) -> None:
        self._board = board
        self._reader = table.reader()
        #: Whether there is news; it costs the same however many jobs run.
        self.has_news = self._reader.has_news

    def look(self) -> list[BackgroundJobBase]:
        """Takes the jobs that ended since the last look, by number."""
        found = [self._board.find(num) for num in sorted(self._reader.look())]
        self._board.tidy()
        return [job for job in found if job is not None]
