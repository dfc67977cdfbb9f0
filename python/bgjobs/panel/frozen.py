"""The panel as plain HTML: what a notebook has without a kernel, and while nothing runs.

Its rows open without a script. User text is escaped. This module does not know what is live.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping
from typing import Any

from .. import reporting
from ..jobs import BackgroundJobBase
from ..text import duration
from . import details, rows

_SHOWN = 50
"""How many rows of each group are shown: the newest."""

_LINES = 20
"""How many lines of a log are shown: the newest."""

_GROUPS = {
    "Running": ("running", "stopping"),
    "Waiting": ("queued", "created"),
    "Failed": ("failed",),
    "Stopped": ("stopped",),
    "Done": ("done",),
}

_MARKS = {
    "Running": ("▶", "info"),
    "Waiting": ("…", "info"),
    "Failed": ("✗", "error"),
    "Stopped": ("■", "warn"),
    "Done": ("✓", "success"),
}
"""The mark of each group, and which of the theme's colours it has."""

_DIM = "color: var(--jp-ui-font-color2, #757575)"
_CODE = "font-family: var(--jp-code-font-family, monospace); font-size: 12px"
_PRE = f"{_CODE}; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 0.5em 1.5em"


def html_of(jobs: Mapping[int, BackgroundJobBase], open: Collection[int] = ()) -> str:
    """The panel of these jobs, with the rows in `open` opened.

    >>> html_of({})
    '<p>No jobs.</p>'
    """
    if not jobs:
        return "<p>No jobs.</p>"
    states = {number: rows.state(job) for number, job in sorted(jobs.items(), reverse=True)}
    parts = []
    for name, group in _GROUPS.items():
        numbers = [number for number, state in states.items() if state in group]
        if numbers:
            parts.append(_group(name, [jobs[number] for number in numbers], open))
    return f"<div style='max-height: 480px; overflow-y: auto'>{''.join(parts)}</div>"


def _group(name: str, jobs: list[BackgroundJobBase], open: Collection[int]) -> str:
    sign, colour = _MARKS[name]
    mark = f"<span style='color: var(--jp-{colour}-color1)'>{sign}</span>"
    inner = "".join(_row(mark, job, job.num in open) for job in jobs[:_SHOWN])
    older = len(jobs) - _SHOWN
    inner += f"<p>{older} older ones are not shown.</p>" if older > 0 else ""
    return f"<details open><summary><b>{name}</b> ({len(jobs)})</summary>{inner}</details>"


def _row(mark: str, job: BackgroundJobBase, is_open: bool) -> str:
    row = {**rows.of(job), **rows.seen(job)}
    ran = row.get("ran")
    words = [row["line"], str(reporting.of(job) or "") if job.outcome is None else "", row.get("place", "")]
    about = [f"#{job.num}", "" if ran is None else duration(ran), *words]
    number, time, *rest = map(html.escape, about)
    dim = " · ".join(filter(None, [time, *rest]))
    head = f"{mark} {number} <bdi style='{_CODE}'>{html.escape(row['label'])}</bdi> <span style='{_DIM}'>{dim}</span>"
    inner = _details(job)
    if not inner:
        return f"<div style='margin-left: 2.1em'>{head}</div>"
    return f"<details style='margin-left: 1em'{' open' * is_open}><summary>{head}</summary>{inner}</details>"


def _details(job: BackgroundJobBase) -> str:
    found = details.of(job)
    log = details.log(job, None)
    lines = [text for text, _ in log["lines"] + log["pending"]]
    missed = log["missed"] + max(len(lines) - _LINES, 0)
    texts: dict[str, Any] = {
        "Failure": found["failure"],
        "Place": found["where"],
        "Names": "\n".join(f"{name} = {value}" for name, value in found["names"]),
        f"Log ({missed} lines before these)" if missed else "Log": "\n".join(lines[-_LINES:]),
    }
    return "".join(
        f"<div style='{_DIM}; margin-left: 1.5em'>{title}</div><pre style='{_PRE}'>{html.escape(text)}</pre>"
        for title, text in texts.items()
        if text
    )
