"""The original's lists and reports of jobs, as text.

It prints nothing, and does not know managers.
"""

from __future__ import annotations

from collections.abc import Sequence

from .record import Record
from .text import harmless_lines


def group(name: str, jobs: Sequence[Record]) -> str:
    """The lines of a group of jobs; an empty group has none."""
    lines = "".join([f"{job.num} : {harmless_lines(str(job))}\n" for job in jobs])
    return f"{name} jobs:\n{lines}\n" if lines else ""


def report(jobs: Sequence[Record]) -> str:
    """The notice about jobs that have ended; empty if there are none."""
    completed = [job for job in jobs if job.outcome == "done"]
    dead = [job for job in jobs if job.outcome != "done"]
    return group("Completed", completed) + group("Dead, call jobs.traceback() for details", dead)


def flushed(name: str, count: int) -> str:
    """The line of a flush that forgets this many jobs of a group; nothing if there are none."""
    return f"Flushing {count} {name} job{'s' * (count != 1)}.\n" if count else ""
