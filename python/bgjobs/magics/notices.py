"""The notices at the prompt: which jobs have ended, which names of cells came back, what stalled the prompt, and
for which jobs its end waits.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

from .. import alerts, foreground, stalls
from ..cells import BackgroundJobCell
from ..jobs import BackgroundJobBase
from ..original import report
from .prompt import Prompt

_INTERVAL = 0.2
"""After how many seconds a waiting prompt looks again for notices."""

_EXIT_PATIENCE = 0.5
"""After how many seconds of waiting for jobs the end of the prompt says so."""

_MOST_ENDS = 20
"""How many jobs that have ended together are listed; more are counted."""

_MAX_STALLS = 10
"""How many stalls of the prompt are remembered until they are reported: the newest."""


class Notices:
    """The notices at one prompt; they stay when the magics are loaded again."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self.alert = alerts.Alert()
        self._cells: list[BackgroundJobCell] = []
        self._reported: WeakSet[BackgroundJobBase] = WeakSet()
        # The thread of the stall monitor adds to it.
        self.stalls: deque[stalls.Stall] = deque(maxlen=_MAX_STALLS)
        self._app: Any = None
        # The cell that the prompt runs, in which others may run: `%%capture` runs one.
        self._cell: Any = None
        # What is to be said of names that are back.
        self._names: list[tuple[BackgroundJobCell, str]] = []

    def expect(self, cell: BackgroundJobCell) -> None:
        """Has the names of a cell come back when it has ended."""
        self._cells.append(cell)

    def told(self, job: BackgroundJobBase) -> None:
        """Says nothing about the end of this job, because its user has seen it."""
        self._reported.add(job)

    def stalled(self, stall: stalls.Stall) -> None:
        """Has a stall of the prompt be reported; called on the thread of the stall monitor."""
        if not foreground.is_in_front(stall.job):
            self.stalls.append(stall)

    def begin_cell(self, info: Any) -> None:
        """Before a cell runs: what jobs have assigned is there for it."""
        if self._cell is None:
            self._cell = info
            self._bring_back()

    def end_cell(self, result: Any) -> None:
        """After a cell, unless another runs it, whose output this would be."""
        info = getattr(result, "info", None)
        if info is None or self._cell in (None, info):
            self._cell = None
            self.print()

    def print(self) -> None:
        """Prints the notices since the last call, and brings back the names of cells."""
        ended = self._take_ended()
        _write_to_terminal(self.alert.of(ended))
        text = about_ends(ended) + self.bring_back()
        while self.stalls:
            text += about_stall(self.stalls.popleft())
        if text:
            # In one piece, so that a waiting prompt is redrawn only once.
            print(text, end="", flush=True)

    def _take_ended(self) -> list[BackgroundJobBase]:
        """The jobs that have ended since the last call, but for those whose users have seen it."""
        ended = [job for manager in self._prompt.managers() for job in manager._take_unreported()]
        return [job for job in ended if job not in self._reported]

    def bring_back(self) -> str:
        """Brings back the names of cells that have ended; returns the lines that say so."""
        return "".join(line + "\n" for _, line in self._take_names())

    def _take_names(self) -> list[tuple[BackgroundJobCell, str]]:
        """Brings back the names of cells that have ended; returns these jobs, and a sentence about each."""
        self._bring_back()
        names, self._names = self._names, []
        return names

    def _bring_back(self) -> None:
        ended = [cell for cell in self._cells if cell.done()]
        for job in ended:
            self._cells.remove(job)
            back, rebound = job.bring_back(self._prompt.names)
            if back:
                self._names.append((job, f"Job #{job.num} has set {', '.join(back)}."))
            for name in job.changed:
                back_by = f"{name} = {name} in its cell"
                line = f"Job #{job.num} has changed its own copy of {name}, not yours; {back_by} brings it back."
                self._names.append((job, line))
            for name in rebound:
                own = f"jobs[{job.num}].names[{name!r}]"
                line = f"{name} has changed since job #{job.num} began; the job's value is {own}."
                self._names.append((job, line))

    def attach(self) -> None:
        """Tells the news from now on."""
        events = self._prompt.shell.events
        events.register("pre_run_cell", self.begin_cell)
        events.register("post_run_cell", self.end_cell)
        events.register("post_run_cell", self._attach_prompt)
        self._attach_prompt()

    def _attach_prompt(self, *_: Any) -> None:
        """Prints notices while a prompt of prompt_toolkit waits, if the shell has one."""
        app = getattr(getattr(self._prompt.shell, "pt_app", None), "app", None)
        if app is not None and app is not self._app:
            self._app = app
            app.on_reset += self._begin_printing

    def detach(self) -> None:
        """Undoes `attach`."""
        events = self._prompt.shell.events
        events.unregister("pre_run_cell", self.begin_cell)
        events.unregister("post_run_cell", self.end_cell)
        events.unregister("post_run_cell", self._attach_prompt)
        if self._app is not None:
            self._app.on_reset -= self._begin_printing
            self._app = None

    def _begin_printing(self, app: Any) -> None:
        if app.is_running:
            app.create_background_task(self._print_while_waiting())

    async def _print_while_waiting(self) -> None:
        # On the prompt's own loop, where printing goes above what is being typed and leaves it intact.
        while True:
            await asyncio.sleep(_INTERVAL)
            self.print()


def _write_to_terminal(sequence: str) -> None:
    """Sends a sequence that shows nothing and moves no cursor, so that it may come between any others."""
    terminal = sys.__stdout__
    if sequence and terminal is not None and terminal.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        terminal.write(sequence)
        terminal.flush()


def about_ends(jobs: Sequence[BackgroundJobBase]) -> str:
    """The notice about jobs that have ended: the original's report, or one line about many."""
    if len(jobs) <= _MOST_ENDS:
        return report(jobs)
    dead = any(job.outcome != "done" for job in jobs)
    return f"{len(jobs)} jobs have ended: {alerts.counted(jobs)}; %jobs{' dead' * dead} lists them.\n"


def about_stall(stall: stalls.Stall) -> str:
    return f"{stall}. %bg --process leaves the prompt free.\n"
