"""The jobs that have ended and were not reported yet.

This module prints nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from ._core import Table
from .record import Record

Job = TypeVar("Job", bound=Record)


class Unreported(Generic[Job]):
    """The unreported jobs of a manager, even after the manager has forgotten them.

    A job is taken once, and not held afterwards.
    """

    def __init__(self, table: Table, jobs: Mapping[int, Job]) -> None:
        self._jobs = jobs
        self._forgotten: dict[int, Job] = {}
        self._subscriber = table.subscribe()
        #: Whether there are any; it costs the same however many jobs run.
        self.has_any = self._subscriber.has_pending

    def take(self) -> list[Job]:
        """Takes them all, in the order of their numbers."""
        numbers = sorted(self._subscriber.drain())
        found = [self._jobs.get(num, self._forgotten.get(num)) for num in numbers]
        if self._forgotten and not self.has_any():
            self._forgotten.clear()
        return [job for job in found if job is not None]

    def before_forgetting(self, jobs: Iterable[Job]) -> None:
        """Holds those of these jobs that may be unreported, because the manager is about to forget them."""
        if self.has_any():
            self._forgotten.update((job.num, job) for job in jobs if job.num is not None)
