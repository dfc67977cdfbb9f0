"""The panel as a still picture: plain HTML, which is what a notebook shows without its kernel.

Its rows open without a script. User text is escaped. This module does not know what is live.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

from .. import reporting
from ..jobs import BackgroundJobBase
from ..log import Log
from ..text import cut, duration, harmless, uncoloured
from . import details, rows
from .widget import part

_SHOWN = 50
"""How many rows of each group are shown: the newest."""

_LINES = 20
"""How many lines of a log are shown: the newest."""

_ROOM = 20_000
"""How many characters all that the rows open to has; the failed come first, then the newest."""

_GROUPS = {
    "Running": ("▶", ("running", "stopping")),
    "Waiting": ("…", ("queued", "created")),
    "Failed": ("✗", ("failed",)),
    "Stopped": ("■", ("stopped",)),
    "Done": ("✓", ("done",)),
}
"""The groups, each with its mark and the states in it."""

INSTEAD = (
    "<style>.jp-OutputArea-child:not(:has(.bgjobs, [data-mime-type])):has(+ .jp-OutputArea-child .bgjobs-still)"
    "{display:none}</style>"
)
"""Hides what Jupyter says in place of a panel that does not live, just before its still picture."""


def html_of(jobs: Mapping[int, BackgroundJobBase], open: Collection[int] = ()) -> str:
    """These jobs in groups, with the rows in `open` opened; it changes only when they do.

    >>> html_of({})
    '<p>No jobs.</p>'
    """
    if not jobs:
        return "<p>No jobs.</p>"
    states = {number: rows.state(job) for number, job in sorted(jobs.items(), reverse=True)}
    groups = {
        name: [jobs[number] for number, state in states.items() if state in group]
        for name, (_, group) in _GROUPS.items()
    }
    shown = {name: group[:_SHOWN] for name, group in groups.items()}
    inner = _inner([*shown["Failed"], *(job for name, group in shown.items() if name != "Failed" for job in group)])
    return "".join(_group(name, group, inner, open) for name, group in groups.items() if group)


def page_of(body: str, name: str, jobs: Iterable[BackgroundJobBase]) -> str:
    """A body in its style; `name` is the panel's. It says when it was made unless all jobs have ended."""
    is_live = any(job.outcome is None for job in jobs)
    note = time.strftime("<p>As of %d %b %Y, %H:%M:%S.</p>") if is_live else ""
    return f'<style>{_style()}</style><div class="bgjobs-still bgjobs-of-{name}">{note}{body}</div>'


@cache
def _style() -> str:
    text = part("colours.css") + part("still.css")
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"(?s)/\*.*?\*/", "", text)).strip()


def _group(name: str, jobs: list[BackgroundJobBase], inner: Mapping[int, str], open: Collection[int]) -> str:
    mark, _ = _GROUPS[name]
    text = "".join(_row(mark, job, inner.get(job.num or 0, ""), job.num in open) for job in jobs[:_SHOWN])
    older = len(jobs) - _SHOWN
    text += f"<p>{older:,} older ones are not shown.</p>" if older > 0 else ""
    return (
        f'<details open class="bgjobs-{name.lower()}"><summary><b>{name}</b> <span>{len(jobs):,}</span></summary>'
        f"{text}</details>"
    )


def _row(mark: str, job: BackgroundJobBase, inner: str, is_open: bool) -> str:
    row = {**rows.of(job), **rows.seen(job)}
    dim = filter(None, [_time(row), _progress(job), row.get("place"), row["line"]])
    head = (
        f"<i>{mark}</i> <span>#{job.num}</span> <bdi><code>{html.escape(row['label'])}</code></bdi> "
        f"<small>{' · '.join(f'<bdi>{html.escape(text)}</bdi>' for text in dim)}</small>"
    )
    if not inner:
        return f"<div>{head}</div>"
    return f"<details{' open' * is_open}><summary>{head}</summary>{inner}</details>"


def _time(row: rows.Row) -> str:
    """For how long it ran, or since when it does."""
    if row.get("ran") is not None:
        return duration(row["ran"])
    if row["state"] not in ("running", "stopping") or row["since"] is None:
        return ""
    return f"since {time.strftime('%H:%M:%S', time.localtime(row['since']))}"


def _progress(job: BackgroundJobBase) -> str:
    found = reporting.of(job) if job.outcome is None else None
    # The rest changes while nothing moves.
    return "" if found is None else str(found._replace(remaining=None))


def _inner(jobs: list[BackgroundJobBase]) -> dict[int, str]:
    """What these rows open to, by number, until there is no more room."""
    found: dict[int, str] = {}
    room = _ROOM
    for job in jobs:
        if room <= 0:
            break
        found[job.num or 0] = inner = _details(job)
        room -= len(inner)
    return found


def _details(job: BackgroundJobBase) -> str:
    # Where a job is changes all the time.
    found: details.Details = {"failure": "", "names": []} if job.outcome is None else details.of(job)
    lines = [harmless(uncoloured(cut(line))) for line in Log(job).tail(_LINES)]
    missed = max((job._summary() or {}).get("lines", 0) - len(lines), 0)
    texts: dict[str, Any] = {
        "Failure": found["failure"],
        "Names": "\n".join(f"{name} = {value}" for name, value in found["names"]),
        f"Log, {missed:,} lines before these" if missed else "Log": "\n".join(lines),
    }
    return "".join(f"<small>{title}</small><pre>{html.escape(text)}</pre>" for title, text in texts.items() if text)
