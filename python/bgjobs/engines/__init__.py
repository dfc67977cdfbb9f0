"""Engines: jobs whose bodies run on what you run already, `jobs.new(f, x, on=pool)`.

An engine is an executor of `concurrent.futures` (process pools, loky, and others of that class), a client of Dask, a
client or a view of ipyparallel, or a `Slurm`. It is recognized by its type; nothing is imported for that. The verbs are
those of any job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .engine import JobLost
from .recognize import Target, target
from .slurm import Slurm

__all__ = ["JobLost", "Slurm", "Target", "left_on", "on_engine", "target"]


def left_on(engine: Any, known: Mapping[str, Any]) -> list[Any]:
    """Jobs that go on with what programs that have ended have left on an engine; `TypeError` if it keeps nothing."""
    from .attached import BackgroundJobAttached

    found = target(engine, known)
    left = getattr(found.engine, "left", None)
    if left is None:
        raise TypeError(f"{found.engine.name} keeps no job longer than its program; bgjobs.engines.Slurm does")
    return [BackgroundJobAttached(found, title, task) for title, task in left()]


def on_engine(job: Any, engine: Any, known: Mapping[str, Any], process: bool) -> Any:
    """The job that runs on an engine what this one would run here; `known` has the engines by name."""
    from ..cells import BackgroundJobCell
    from .cell import BackgroundJobEngineCell
    from .job import BackgroundJobEngine

    kind = BackgroundJobEngineCell if isinstance(job, BackgroundJobCell) else BackgroundJobEngine
    return kind(job, target(engine, known), process)
