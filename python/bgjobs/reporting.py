"""How far a job is: by what its body reports, or by the progress bars that it shows.

It does not know managers, nor what a job calls.
"""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

from . import bars, child_reports
from .labels import short
from .record import Record
from .router import current
from .text import duration


class Progress(NamedTuple):
    """How far a job is; its text reads `fitting, 66%, about 4.0 s left`."""

    done: int
    """How much is done."""
    total: int | None
    """How much there is to do in total; None if that is not known."""
    text: str | None
    """What is being done."""
    remaining: float | None
    """How many seconds the rest will take at this rate; None if that is not known, or if the job has ended."""

    def __str__(self) -> str:
        parts = [short(self.text)] if self.text else []
        if self.total:
            parts.append(f"{min(self.done, self.total) * 100 // self.total}%")
        elif self.total is None and self.done:
            parts.append(f"{self.done} done")
        if self.remaining is not None:
            parts.append(f"about {duration(self.remaining)} left")
        return ", ".join(parts)


def progress(done: int, total: int | None = None, text: str | None = None) -> None:
    """Reports that `done` of `total` is done, in any unit, and what is being done.

    Without `text` the last one stays. `job.progress`, `%jobs` and tables show it, with the time that the rest takes.
    The bars of tqdm, rich and joblib report by themselves. Outside of jobs it does nothing.

    >>> import bgjobs
    >>> jobs = bgjobs.BackgroundJobManager()
    >>> job = jobs.new(bgjobs.progress, 2, 3, "fitting")
    >>> job.join()
    >>> job.progress.done, job.progress.total, str(job.progress)
    (2, 3, 'fitting, 66%')
    """
    done, total = _count(done), None if total is None else _count(total)
    job = current.get()
    if job is not None:
        job._report(done, total, text)
        return
    reporter = child_reports.reporter()
    if reporter is not None:
        reporter.tell(done, total, text)


def of(job: Record) -> Progress | None:
    """How far a job is, for `BackgroundJobBase.progress`."""
    reported = job._reported()
    if reported is None:
        state = job._bars_state()
        if state is None:
            return None
        done, total, text, elapsed = state
    else:
        done, total, text = reported
        elapsed = job._ran or 0.0
    remaining = None
    if job.outcome is None and total is not None and done > 0:
        remaining = elapsed * max(total - done, 0) / done
    return Progress(done, total, text or None, remaining)


def _count(value: Any) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        count = -1
    if count < 0:
        raise ValueError(f"progress takes whole numbers, as in progress(3, 10), not {value!r}")
    return count


def _owner() -> Any:
    """Whose a new bar is: the job's that makes it, or the one job's of this process."""
    return current.get() or child_reports.reporter()


bars.watch(_owner)
