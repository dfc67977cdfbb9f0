"""The notices in a notebook, which has no prompt: each is shown under the cell that has started the job.

A job whose card is shown has its end and its names there; of the others they are told in words. It happens when no cell
runs, or when one has ended, because the names come back then.
"""

from __future__ import annotations

from contextvars import Context
from typing import Any

from .. import cards, foreground, kernel, stalls
from ..jobs import BackgroundJobBase
from ..record import Record
from .notices import Notices, about_ends, about_stall

_INTERVAL = 0.2
"""How many seconds after an end it is told, together with those that come meanwhile."""


class NotebookNotices(Notices):
    """The notices in one notebook."""

    # Whether the kernel's loop is about to look for news.
    _is_woken = False

    def stalled(self, stall: stalls.Stall) -> None:
        if stall.job._cell is None:
            super().stalled(stall)
        elif not foreground.is_in_front(stall.job):
            stall.job._cell.write(about_stall(stall))

    def print(self) -> None:
        """Shows the news under the cells that they come from."""
        told: dict[Any, list[BackgroundJobBase]] = {}
        for job in self._take_ended():
            if job._card is None:
                told.setdefault(job._cell, []).append(job)
        texts = {cell: about_ends(jobs) for cell, jobs in told.items()}
        for cell_job, line in self._take_names():
            if cell_job._card is None:
                texts[cell_job._cell] = f"{texts.get(cell_job._cell, '')}{line}\n"
            else:
                cell_job._card.names.append(line)
                cards.update(cell_job)
        for cell, text in texts.items():
            if cell is None:
                print(text, end="", flush=True)
            else:
                cell.write(text)

    def attach(self) -> None:
        super().attach()
        kernel.on_end = self._wake

    def detach(self) -> None:
        super().detach()
        kernel.on_end = None

    def _wake(self, _: Record) -> None:
        """Has the kernel's loop look for news; called on any thread."""
        if self._is_woken:
            return
        self._is_woken = True
        loop = self._prompt.shell.kernel.io_loop
        # Not in the context of the job that has ended.
        Context().run(loop.add_callback, lambda: loop.call_later(_INTERVAL, self._look))

    def _look(self) -> None:
        self._is_woken = False
        # A cell that awaits lets the loop go on.
        if self._cell is None:
            self.print()
