"""The notices at the prompt: which jobs have ended, which names of cells came back, what stalled the prompt, and
for which jobs its end waits.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from typing import Any
from weakref import WeakSet

from .. import stalls
from ..cells import BackgroundJobCell
from ..jobs import BackgroundJobBase
from ..labels import label
from ..manager import BackgroundJobManager
from ..text import report
from .prompt import MAX_LISTED, Prompt

_INTERVAL = 0.2
"""After how many seconds a waiting prompt looks again for notices."""

_EXIT_PATIENCE = 0.5
"""After how many seconds of waiting for jobs the end of the prompt says so."""

_MAX_STALLS = 10
"""How many stalls of the prompt are remembered until they are reported: the newest."""


class Notices:
    """The notices at one prompt; they stay when the magics are loaded again."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._cells: list[BackgroundJobCell] = []
        self._reported: WeakSet[BackgroundJobBase] = WeakSet()
        # The thread of the stall monitor adds to it.
        self.stalls: deque[stalls.Stall] = deque(maxlen=_MAX_STALLS)
        self._app: Any = None

    def expect(self, cell: BackgroundJobCell) -> None:
        """Has the names of a cell come back when it has ended."""
        self._cells.append(cell)

    def told(self, job: BackgroundJobBase) -> None:
        """Says nothing about the end of this job, because its user has seen it."""
        self._reported.add(job)

    def print(self, *_: Any) -> None:
        """Prints the notices since the last call, and brings back the names of cells."""
        text = "".join(self._ends(manager) for manager in self._prompt.managers())
        text += self.bring_back()
        while self.stalls:
            text += f"{self.stalls.popleft()}. %bg --process leaves the prompt free.\n"
        if text:
            # In one piece, so that a waiting prompt is redrawn only once.
            print(text, end="", flush=True)

    def _ends(self, manager: BackgroundJobManager) -> str:
        return report([job for job in manager._take_unreported() if job not in self._reported])

    def bring_back(self) -> str:
        """Brings back the names of cells that have ended; returns the lines that say so."""
        lines = []
        ended = [cell for cell in self._cells if cell.done()]
        for job in ended:
            self._cells.remove(job)
            back, rebound = job.bring_back(self._prompt.names)
            if back:
                lines.append(f"Job #{job.num} has set {', '.join(back)}.\n")
            for name in rebound:
                own = f"jobs[{job.num}].names[{name!r}]"
                lines.append(f"{name} has changed since job #{job.num} began; the job's value is {own}.\n")
        return "".join(lines)

    def explain_exit_wait(self) -> None:
        """Says for which jobs the end of the prompt waits, if it takes a while; otherwise it would seem to hang."""
        until = time.monotonic() + _EXIT_PATIENCE
        for job in self._awaited():
            job.join(max(until - time.monotonic(), 0))
        jobs = self._awaited()
        if jobs:
            named = ", ".join(f"#{job.num} ({label(job)})" for job in jobs[:MAX_LISTED])
            more = f" and {len(jobs) - MAX_LISTED} more" if len(jobs) > MAX_LISTED else ""
            print(f"Waiting for job {named}{more}. Ctrl-C leaves at once.", file=sys.stderr, flush=True)

    def _awaited(self) -> list[BackgroundJobBase]:
        return [job for manager in self._prompt.managers() for job in manager.running if not job.daemon]

    def attach(self, *_: Any) -> None:
        """Prints notices while a prompt of prompt_toolkit waits, if the shell has one."""
        app = getattr(getattr(self._prompt.shell, "pt_app", None), "app", None)
        if app is not None and app is not self._app:
            self._app = app
            app.on_reset += self._begin_printing

    def detach(self) -> None:
        """Undoes `attach`."""
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
