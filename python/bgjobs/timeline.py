"""A timeline of jobs: who waited and ran when, and how each ended.

It does not know managers; the engine draws it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import _core
from .labels import label
from .record import Record

if TYPE_CHECKING:
    from typing_extensions import Self


class Timeline(_core.Timeline):
    """Who waited and ran when, until now: a picture in a notebook, text in a terminal.

    Of more than 60 jobs it shows how many waited, ran, failed and were stopped at each moment. Long times without jobs
    are left out; then its ticks are times of day, in UTC.

    `svg()` and `trace()` return the picture and the trace as text, and `text(columns)` is what a terminal shows.
    `save(path)` saves the picture if the name ends in `.svg`, and the trace if it ends in `.json`; it raises
    `ValueError` for any other name, and what `open` would raise.

    >>> from bgjobs import BackgroundJobManager
    >>> jobs = BackgroundJobManager()
    >>> jobs.new("6 * 7", {}).join()
    >>> jobs.timeline().svg()[:4]
    '<svg'
    """

    __slots__ = ()

    def __new__(cls, jobs: Iterable[Record]) -> Self:
        return super().__new__(cls, [(job, label(job)) for job in jobs])

    def __repr__(self) -> str:
        return self.text(shutil.get_terminal_size().columns)

    def _repr_html_(self) -> str:
        # Not as an image: in the page itself it has the colours of Jupyter's theme.
        return self.svg()
