"""All that is known about a job at one moment, as data for other programs.

It does not know managers, and changes nothing. The shell's `job.summary()` has the same keys for the same things.
"""

from __future__ import annotations

import time
from typing import Any

from . import failures, reporting
from .labels import label
from .record import Record
from .text import cut


def of(job: Record) -> dict[str, Any]:
    """The summary of a job, for `BackgroundJobBase.summary`."""
    known = job._summary() or _of_unstarted()
    progress = reporting.of(job)
    how_far = {
        "progress": None if progress is None else {name: getattr(progress, name) for name in ("done", "total", "text")},
        "remaining": None if progress is None else progress.remaining,
    }
    failure = _failure(job, known["state"])
    summary = {"id": job.num, "name": label(job), "daemon": job._daemon, **known, **how_far, "failure": failure}
    for times in (summary, *summary["attempts"]):
        times.update({name: _utc(times[name]) for name in ("created", "started", "finished", "ended") if name in times})
    return summary


def _of_unstarted() -> dict[str, Any]:
    times = dict.fromkeys(("created", "started", "finished", "waited", "ran"))
    return {"state": "created", **times, "group": None, "why": [], "attempts": [], "stop_reason": None, "lines": 0}


def _failure(job: Record, state: str) -> dict[str, str] | None:
    if state == "stopped":
        return {"kind": "stop", "message": job._reason or ""}
    exception = job._read() if state == "failed" else None
    return None if exception is None else {"kind": "error", "message": cut(failures.message(exception))}


def _utc(seconds: float | None) -> str | None:
    """A time as text: `2026-03-01T14:03:21.250000Z`."""
    if seconds is None:
        return None
    whole, micros = divmod(round(seconds * 1_000_000), 1_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{micros:06}Z"
