"""The figures of matplotlib in a notebook: those of a job are its own, and the cell that runs has only its own.

matplotlib has one list of open figures for the whole process, which a notebook shows and closes at the end of each
cell. Here each job has a list of its own, shown at `show()` and at the end of the job. This module does not know where.
"""

from __future__ import annotations

import sys
import traceback
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping, ValuesView
from typing import Any

from . import imports
from .record import Record
from .router import current

_is_installed = False


def install() -> None:
    """Gives each job its own figures from now on, or from when matplotlib is imported; once in a process."""
    global _is_installed
    if not _is_installed:
        _is_installed = True
        imports.when_imported("matplotlib._pylab_helpers", _divide)


def _divide(module: Any) -> None:
    module.Gcf.figs = _Figures(module.Gcf.figs)


class _Figures(MutableMapping[int, Any]):
    """The open figures by number: in a job the job's, elsewhere the others."""

    def __init__(self, others: OrderedDict[int, Any]) -> None:
        self._others = others

    def _mine(self) -> OrderedDict[int, Any]:
        job = current.get()
        if job is None:
            return self._others
        if job._figures is None:
            job._figures = OrderedDict()
        figures: OrderedDict[int, Any] = job._figures
        return figures

    def __getitem__(self, number: int) -> Any:
        return self._mine()[number]

    def __setitem__(self, number: int, figure: Any) -> None:
        self._mine()[number] = figure

    def __delitem__(self, number: int) -> None:
        del self._mine()[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._mine())

    def __len__(self) -> int:
        return len(self._mine())

    def values(self) -> ValuesView[Any]:
        # That of the base class can't be reversed.
        return self._mine().values()

    def move_to_end(self, number: int) -> None:
        self._mine().move_to_end(number)


def show_left(job: Record) -> None:
    """Shows the figures that a job has left open, as a notebook does at the end of a cell; called in the job."""
    matplotlib: Any = sys.modules["matplotlib"]
    try:
        # As for a cell: with `ioff()`, or with a window for each figure, only `show()` shows them.
        if matplotlib.is_interactive() and "inline" in matplotlib.get_backend():
            matplotlib.pyplot.show()
    except Exception:
        # As in a cell, what a figure raises when it is drawn is shown, and fails nothing else.
        traceback.print_exc()
    finally:
        job._figures = None
