"""Jobs and managers as HTML, for notebooks: a plain table in the colours of the page.

All that comes from the user is escaped. It changes nothing, and takes no notice for told.
"""

from __future__ import annotations

import html
import reprlib
import traceback
from typing import TYPE_CHECKING

from . import stopping
from .output import harmless

if TYPE_CHECKING:
    from .jobs import BackgroundJobBase
    from .manager import BackgroundJobManager

_ROWS = 50
"""How many jobs of a manager are shown: the newest."""

_LINES = 5
"""How many lines of a job's log are shown: the newest."""

_MOST = 1000
"""How many characters of a text are shown."""

_short = reprlib.Repr()
_short.maxother = _short.maxstring = 120

_LEFT = ' style="text-align: left; vertical-align: top"'


def manager_html(manager: BackgroundJobManager) -> str:
    """A table of the jobs that the manager holds, by number.

    >>> from bgjobs import BackgroundJobManager
    >>> manager_html(BackgroundJobManager())
    '<p>No jobs.</p>'
    """
    jobs = [job for _, job in sorted(manager.all.items())]
    if not jobs:
        return "<p>No jobs.</p>"
    heading = "".join(f"<th{_LEFT}>{name}</th>" for name in ("", "Job", "Status", "Time", ""))
    rows = "".join(
        f"<tr>{_cell(str(job.num))}{_cell(_cut(str(job)))}{_cell(_status(job))}{_cell(_time(job))}"
        f"{_cell(_last_word(job))}</tr>"
        for job in jobs[-_ROWS:]
    )
    older = len(jobs) - _ROWS
    note = f"<p>{older} older ones are not shown.</p>" if older > 0 else ""
    return f"{note}<table><thead><tr>{heading}</tr></thead><tbody>{rows}</tbody></table>"


def job_html(job: BackgroundJobBase) -> str:
    """What there is to know about a job: its status, its time, what came of it, what it printed."""
    rows = {"Job": f"#{job.num} {_cut(str(job))}", "Status": _status(job), "Time": _time(job)}
    if job.outcome == "done":
        rows["Result"] = _result(job)
    elif job.outcome is not None:
        rows["Failure"] = _failure(job)
    body = "".join(f"<tr><th{_LEFT}>{name}</th>{_cell(text)}</tr>" for name, text in rows.items())
    lines = job.log.tail(_LINES)
    if lines:
        shown = "\n".join(_escaped(_cut(line)) for line in lines)
        body += f"<tr><th{_LEFT}>Log</th><td{_LEFT}><pre>{shown}</pre></td></tr>"
    return f"<table><tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    return f"<td{_LEFT}>{_escaped(text)}</td>"


def _escaped(text: str) -> str:
    return html.escape(harmless(text))


def _status(job: BackgroundJobBase) -> str:
    """Its status without the advice that is for the prompt."""
    return job.status.partition(",")[0]


def _time(job: BackgroundJobBase) -> str:
    return "" if job._ran is None else stopping._duration(job._ran)


def _last_word(job: BackgroundJobBase) -> str:
    """What is to be said of a job in one line: its result, its failure, or what it printed last."""
    if job.outcome == "done":
        return _result(job)
    if job.outcome is not None:
        return _failure(job)
    return _cut("".join(job.log.tail(1)))


def _result(job: BackgroundJobBase) -> str:
    if job.result is None:
        return ""
    try:
        return " ".join(_short.repr(job.result).split())
    except Exception as error:
        return f"({type(job.result).__name__}; its repr raised {type(error).__name__})"


def _failure(job: BackgroundJobBase) -> str:
    if job.outcome == "stopped":
        return job._reason or ""
    exception = job._exception
    assert exception is not None, "a job that died has an exception"
    told = traceback.TracebackException(type(exception), exception, None)
    # Notes would be the last lines, in the place of what happened.
    vars(told)["__notes__"] = None
    return _cut(list(told.format_exception_only())[-1].rstrip("\n"))


def _cut(text: str) -> str:
    """A text of any length as a table has room for it."""
    return text if len(text) <= _MOST else f"{text[:_MOST]} ... ({len(text)} characters)"
