"""A job as a row of the panel, as values that JSON has.

A row says little of a job that nobody has in view, so that thousands cost little. This module does not know pages.
"""

from __future__ import annotations

import re
from typing import Any

from .. import failures, labels, reporting
from ..jobs import BackgroundJobBase
from ..text import cut, harmless, uncoloured

Row = dict[str, Any]
"""What is shown of a job: `id`, `state`, `label`, and what `of` and `seen` add."""

_LEFT = re.compile(r"^it (starts in|waits) [0-9.]+[nµm]?s")
_TIMELESS = {"starts in": "it starts after its delay", "waits": "it waits"}

_BAR = re.compile(r"\b\d+%\|")
"""What a bar of tqdm has, whatever it is drawn with."""

_STATES = {"new": "created", "entered": "queued"}


def state(job: BackgroundJobBase) -> str:
    """The state of a job, in the words of its summary."""
    name = job._state_name
    if name == "running" and job._stopping:
        return "stopping"
    return _STATES.get(name, name)


def trouble(error: Exception) -> str:
    """Says that something of the user's, such as a name that is computed, has raised an error."""
    return f"this can't be shown: {labels.short(failures.message(error), 200)}"


def of(job: BackgroundJobBase) -> Row:
    """The row of a job that nobody has in view.

    `since` is when it began, or else was created, in seconds since the epoch; if it has ended, when it did. Then `ran`
    says for how many seconds it ran, and `line` what it returned or why it ended. `place` is where it runs, if that is
    elsewhere.
    """
    known = job._summary() or {}
    row: Row = {"id": job.num, "state": state(job)}
    try:
        row["label"] = labels.label(job)
    except Exception as error:
        row["label"] = trouble(error)
    if job.outcome is None:
        since = known.get("started") or known.get("created")
        row["since"] = None if since is None else round(since, 1)
    else:
        row["since"] = None if known.get("finished") is None else round(known["finished"], 1)
        ran = known.get("ran")
        row["ran"] = None if ran is None else round(ran, 3)
        row["line"] = _line(job)
    place = _place(job)
    if place is not None:
        row["place"] = place
    return row


def seen(job: BackgroundJobBase) -> Row:
    """What the row of a job in view has in addition, until it ends: its wait or last line, and how far it is."""
    if job.outcome is not None:
        return {}
    row: Row = {"line": _line(job)}
    progress = reporting.of(job)
    if progress is not None:
        text = labels.short(progress.text) if progress.text else None
        row.update(done=progress.done, total=progress.total, text=text)
    place = _place(job)
    if place is not None:
        row["place"] = place
    return row


def left(job: BackgroundJobBase) -> float | None:
    """How many seconds the rest will take, which changes even while nothing moves."""
    progress = reporting.of(job)
    return None if progress is None or progress.remaining is None else round(progress.remaining, 1)


def waits(job: BackgroundJobBase) -> list[str]:
    """What a job waits for, a sentence each, without the times in them, which pass while nothing changes."""
    return [_LEFT.sub(lambda found: _TIMELESS[found.group(1)], reason) for reason in job.why()]


def _place(job: BackgroundJobBase) -> str | None:
    """Where a job runs that does not run here."""
    place: str | None = getattr(job, "place", None)
    kept: str | None = getattr(job, "kept", None)
    if place is None and kept is not None:
        place = f"kept as {kept}"
    return None if place is None else harmless(cut(place))


def _line(job: BackgroundJobBase) -> str:
    if job.outcome is None:
        lines = (waits(job) if job._state_name == "entered" else []) or _last_line(job)
        return labels.short("; ".join(lines), 200)
    if job.outcome == "done":
        return "" if job.result is None else labels.value(job.result)
    if job.outcome == "stopped":
        return labels.short(job._reason or "", 200)
    exception = job._exception
    return "" if exception is None else labels.short(failures.message(exception), 200)


def _last_line(job: BackgroundJobBase) -> list[str]:
    """What it has printed last, but for a bar, which its progress says."""
    has_progress = reporting.of(job) is not None
    lines = [uncoloured(text) for _, _, text, _ in job._core_log().tail(4 if has_progress else 1)]
    return [line for line in lines if not (has_progress and _BAR.search(line))][-1:]
