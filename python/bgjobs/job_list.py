"""The jobs of a manager by number: the lists, what was not reported yet, selections, waits and stops.

It does not know how jobs are started.
"""

from __future__ import annotations

import logging
import operator
import os
import sys
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Callable, overload

from . import failures, futures, original, selection, stopping
from ._core import Table
from .jobs import BackgroundJobBase

if TYPE_CHECKING:
    from typing_extensions import Self

    from .panel import Panel
    from .timeline import Timeline


class JobList:
    """Holds jobs by number."""

    all: dict[int, BackgroundJobBase]
    """Every job by its number."""

    def __init__(self) -> None:
        self._table = Table()
        self.all = {}
        self._running: list[BackgroundJobBase] = []
        self._completed: list[BackgroundJobBase] = []
        self._dead: list[BackgroundJobBase] = []
        self._ends = self._table.subscribe()
        # Those that looks have found ended, in this order, until the next report, even if they are forgotten by then.
        self._unreported: deque[BackgroundJobBase] = deque()
        # Its panel, once it is asked for.
        self._panel: Panel | None = None

    def __reduce__(self) -> Any:
        raise TypeError("a manager stays in the process that its jobs belong to: send their results, or jobs.to_json()")

    # Looking.

    def __repr__(self) -> str:
        counts = f"{len(self.running)} running, {len(self.completed)} completed, {len(self.dead)} dead"
        return f"<{type(self).__name__}: {counts}>"

    @overload
    def __getitem__(self, key: int | BackgroundJobBase) -> BackgroundJobBase: ...

    @overload
    def __getitem__(self, key: slice) -> list[BackgroundJobBase]: ...

    def __getitem__(self, key: int | BackgroundJobBase | slice) -> BackgroundJobBase | list[BackgroundJobBase]:
        """The job with a number, or with the number of a given job; `KeyError` if there is none.

        A slice is one of numbers: `jobs[2:5]` has those of the jobs 2, 3 and 4 that there are, `jobs[-3:]` those with
        the three newest numbers.
        """
        if isinstance(key, slice):
            numbers = range(*key.indices(max(self.all, default=-1) + 1))
            return [self.all[num] for num in numbers if num in self.all]
        return self.all[_number_of(key)]

    def __len__(self) -> int:
        return len(self.all)

    def __bool__(self) -> bool:
        """True, even without jobs."""
        return True

    def __iter__(self) -> Iterator[BackgroundJobBase]:
        """All jobs, in the order of their numbers."""
        return iter([job for _, job in sorted(self.all.items())])

    def select(self, *which: Any) -> list[BackgroundJobBase]:
        """The selected jobs, in the order of their numbers, each once.

        Each of `which` is a number, a range of numbers (`"5-7"`, `range(5, 8)`), a name or a group with `*` for any
        text and `?` for any character (`"fit*"`), a job, a list of these, or a word: `all`, `running`, `queued`,
        `stopping` (asked to stop, not yet ended), `finished`, `completed`, `dead` (failed or stopped), `failed`,
        `stopped`.

        Raises `LookupError` if there is no job of a given number, name or group; a word, a range or a name with `*` or
        `?` may select none.

        >>> from bgjobs import BackgroundJobManager
        >>> jobs = BackgroundJobManager()
        >>> started = jobs.map(abs, [-1, "two", -3])
        >>> jobs.wait()
        >>> [job.num for job in jobs.select("failed", 0)]
        [0, 1]
        """
        if not which:
            raise TypeError('give the jobs that are meant, for example jobs.select("all")')
        return selection.select(self.all, which)

    def __call__(self) -> None:
        """The same as `status()`."""
        return self.status()

    def _repr_html_(self) -> str:
        from . import display

        return display.jobs_html(self.all)

    @property
    def running(self) -> list[BackgroundJobBase]:
        """The jobs that have not ended; always the same list."""
        self._update()
        self._running[:] = [self.all[num] for num in self._table.running() if num in self.all]
        return self._running

    @property
    def completed(self) -> list[BackgroundJobBase]:
        """The jobs that have completed; always the same list."""
        self._update()
        return self._completed

    @property
    def dead(self) -> list[BackgroundJobBase]:
        """The jobs that failed or were stopped; always the same list."""
        self._update()
        return self._dead

    def _update(self) -> None:
        """Moves the jobs that have ended to their lists."""
        if self._ends.has_pending():
            for job in filter(None, map(self.all.get, sorted(self._ends.drain()))):
                (self._completed if job.outcome == "done" else self._dead).append(job)
                self._unreported.append(job)

    def _take_unreported(self) -> list[BackgroundJobBase]:
        """The jobs that have ended since the last report, each once: in the order of the looks that found them."""
        self._update()
        taken = []
        while self._unreported:
            try:
                taken.append(self._unreported.popleft())
            except IndexError:
                # Another thread has taken the last one.
                break
        return taken

    def status(self, verbose: object = 0) -> None:
        """Prints all jobs in their groups; this counts as a report. `verbose` is ignored, as in the original."""
        self._print_groups(original.group)

    def _print_groups(self, lines_of: Callable[[str, list[BackgroundJobBase]], str]) -> None:
        groups = {"Running": self.running, "Completed": self.completed, "Dead": self.dead}
        print("".join([lines_of(name, jobs) for name, jobs in groups.items()]), end="")
        self._unreported.clear()

    def _status_new(self) -> bool | None:
        """Prints the jobs that have ended since the last report; returns True if there are any, otherwise None.

        It is meant to be called before every prompt.
        """
        # This costs the same however many jobs run.
        if not self._unreported and not self._ends.has_pending():
            return None
        ended = self._take_unreported()
        print(original.report(ended), end="")
        return True if ended else None

    # Waiting and stopping.

    def wait(self, timeout: float | None = None) -> None:
        """Waits until no job runs, whatever the outcomes; a job that calls this does not wait for itself.

        Raises `TimeoutError` after `timeout` seconds; its text names the jobs that still run.
        """
        futures.wait_while(lambda: self.running, timeout)

    def stop(
        self, *which: Any, reason: str = "stopped by its user", timeout: float = 1.0
    ) -> dict[int, stopping.Verdict]:
        """Stops the jobs that `select` would return, all at once, and returns the verdicts by the jobs' numbers.

        It takes `timeout` seconds at most, however many jobs there are. Raises what `select` does, and then has stopped
        none.

        >>> from bgjobs import BackgroundJobManager, sleep
        >>> jobs = BackgroundJobManager()
        >>> started = jobs.map(sleep, [3600, 3600])
        >>> all(verdict.stopped for verdict in jobs.stop("running").values())
        True
        """
        if not which:
            raise TypeError('give the jobs that are meant, for example jobs.stop("running")')
        chosen = selection.select(self.all, which)
        verdicts = stopping.stop(chosen, reason, timeout)
        return {job.num: verdict for job, verdict in zip(chosen, verdicts) if job.num is not None}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Waits for all jobs; if the block has raised, or Ctrl-C ends the wait, stops those that run."""
        try:
            if kind is None:
                self.wait()
        finally:
            self.stop("running", "queued", reason="the block of its manager was left by an exception")

    # Reading.

    def result(self, num: int) -> Any:
        """The result of job `num`, like `jobs[num].result`; an unknown number is logged as an error."""
        job = self._find(num)
        return None if job is None else job.result

    def to_json(self, indent: int | None = None) -> str:
        """The summaries of all jobs, in the order of their numbers, as JSON; see `job.summary()` for their keys.

        >>> from bgjobs import BackgroundJobManager
        >>> jobs = BackgroundJobManager()
        >>> jobs.new("6 * 7", {}).join()
        >>> import json
        >>> [(job["id"], job["name"], job["state"]) for job in json.loads(jobs.to_json())]
        [(0, '6 * 7', 'done')]
        """
        import json

        from . import summary

        return json.dumps([summary.of(job) for job in self], indent=indent)

    def panel(self) -> Panel:
        """The live panel of these jobs, for a notebook: their states, how far they are, and a button to stop each.

        A manager has one, however often it is shown. While nothing runs it is plain HTML, which a saved notebook has.

        Raises `ImportError` without anywidget: `pip install 'bgjobs[live]'`.
        """
        if self._panel is None:
            from .panel import Panel

            self._panel = Panel(self.all)
        return self._panel

    def timeline(self) -> Timeline:
        """Who waited and ran when, and how each ended: a picture in a notebook, text in a terminal; `save` saves it.

        >>> from bgjobs import BackgroundJobManager
        >>> jobs = BackgroundJobManager()
        >>> jobs.timeline()
        No jobs.
        """
        from .timeline import Timeline

        return Timeline(self)

    def trace(self, path: str | os.PathLike[str]) -> None:
        """Saves the timeline as a trace, which https://ui.perfetto.dev and `chrome://tracing` open.

        A job that ran is in the row of a lane, its wait is a row of its own, and a counter says how many ran.
        """
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.timeline().trace())

    def traceback(self, job: int | BackgroundJobBase | None = None) -> None:
        """Prints the traceback of a job, given itself or by its number; without an argument, those of all dead jobs."""
        if job is None:
            for dead in self.dead:
                print(f"Traceback for: {dead!r}")
                dead.traceback()
                print()
            return
        found = self._find(_number_of(job))
        if found is not None:
            found.traceback()

    def debug(self, job: int | BackgroundJobBase) -> None:
        """Opens a post-mortem debugger in the frame where a dead job failed."""
        found = self._find(_number_of(job))
        if found is not None:
            failures.debug(found)

    # Forgetting.

    def remove(self, num: int) -> None:
        """Forgets a finished job; a running job, or an unknown number, is logged as an error instead."""
        job = self._find(num)
        if job is None:
            return
        if not job.done():
            _log_error(f"Job #{num} is still running, it can not be removed.")
            return
        jobs = self.completed if job.outcome == "done" else self.dead
        if job in jobs:
            jobs.remove(job)
        self._forget([job])
        self._table.remove(num)

    def flush(self) -> None:
        """Forgets all finished jobs, and prints how many; the next report still has those that were not reported."""
        completed, dead = self.completed, self.dead
        self._forget(completed + dead)
        lines = original.flushed("Completed", len(completed)) + original.flushed("Dead", len(dead))
        print(lines or "No jobs to flush.\n", end="")
        completed.clear()
        dead.clear()
        self._table.flush()

    def _forget(self, jobs: list[BackgroundJobBase]) -> None:
        for job in jobs:
            self.all.pop(job.num, None)  # type: ignore[arg-type]
        if self._panel is not None:
            self._panel.wake()

    def _find(self, num: Any) -> BackgroundJobBase | None:
        """The job of a number; if there is none, logs an error."""
        try:
            return self.all[num]
        except KeyError:
            _log_error(f"Job #{num} not found")
            return None


def _number_of(key: Any) -> Any:
    """The number that is meant by a number, which may be one of numpy, or by a job."""
    if isinstance(key, str):
        raise KeyError(f"{key!r} is no number; jobs.select({key!r}) finds jobs by what is typed after %jobs")
    return operator.index(key) if hasattr(key, "__index__") else key.num


def _log_error(message: str) -> None:
    """Logs on the root logger, as the original does, but without installing a handler in the user's process."""
    root = logging.getLogger()
    if root.handlers:
        root.error(message)
    elif root.isEnabledFor(logging.ERROR):
        record = root.makeRecord(root.name, logging.ERROR, __file__, 0, message, (), None)
        if root.filter(record):
            sys.stderr.write(logging.Formatter(logging.BASIC_FORMAT).format(record) + "\n")
