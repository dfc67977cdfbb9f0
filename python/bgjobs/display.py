"""Jobs as HTML, for notebooks: a plain table in the colours of the page; and as the lists of a prompt.

User text is escaped. This module does not know managers; showing a job changes nothing and is not a report.
"""

from __future__ import annotations

import html
import reprlib
import shutil
from collections.abc import Mapping, Sequence

from . import failures, reporting, tables
from .labels import label, short
from .log import Log
from .record import Record
from .text import cut, duration, harmless, uncoloured

_ROWS = 50
"""How many jobs a table shows: the newest."""

_LISTED = 20
"""How many jobs of a group a list shows, unless they are asked for."""

_INDENT = "    "

_NARROWEST = 20
"""How many columns a terminal has at least; some say that they have none."""

_LINES = 5
"""How many lines of a job's log are shown: the newest."""

_TRACEBACK = 60
"""How many lines of a traceback are shown: the last."""

_short = reprlib.Repr()
_short.maxother = _short.maxstring = 120

_LEFT = "text-align: left; vertical-align: top"
_SHORT = f' style="{_LEFT}; white-space: nowrap"'
"""The style of cells that stay in one line, whatever the others hold."""

_LONG = f' style="{_LEFT}; min-width: 8em; max-width: 50em; overflow-wrap: anywhere"'
"""The style of cells with text of any length, in which a long word is broken rather than the table widened."""

_LINES_STYLE = ' style="margin: 0; white-space: pre-wrap; overflow-wrap: anywhere"'


def jobs_html(jobs_by_number: Mapping[int, Record]) -> str:
    """A table of jobs, in the order of their numbers.

    >>> jobs_html({})
    '<p>No jobs.</p>'
    """
    jobs = [job for _, job in sorted(jobs_by_number.items())]
    if not jobs:
        return "<p>No jobs.</p>"
    heading = "".join(f"<th{_SHORT}>{name}</th>" for name in ("", "Job", "Status", "Time", ""))
    rows = "".join(
        f"<tr>{_cell(str(job.num), _SHORT)}{_cell(label(job))}{_cell(_status(job), _SHORT)}{_cell(_time(job), _SHORT)}"
        f"{_cell(_summary(job))}</tr>"
        for job in jobs[-_ROWS:]
    )
    older = len(jobs) - _ROWS
    note = f"<p>{older} older ones are not shown.</p>" if older > 0 else ""
    return f"{note}<table><thead><tr>{heading}</tr></thead><tbody>{rows}</tbody></table>"


def job_html(job: Record, names: Sequence[str] = (), has_log: bool = True) -> str:
    """A table about one job: its status, its time, its result or failure, the end of its log.

    `names` are sentences about the names that it has assigned. Where the job prints too, its log is left out.
    """
    rows = {"Job": f"#{job.num} {label(job)}", **_about(job, names)}
    cells = {name: _cell(text) for name, text in rows.items() if text}
    table = _table(job)
    if table is not None:
        cells["Result"] = f"<td{_LONG}>{table}</td>"
    body = "".join(f"<tr><th{_SHORT}>{name}</th>{cell}</tr>" for name, cell in cells.items())
    for name, lines in {"Log": Log(job).tail(_LINES) if has_log else [], "Traceback": _traceback(job)}.items():
        if lines:
            text = "\n".join(_escaped(cut(uncoloured(line))) for line in lines)
            body += f"<tr><th{_SHORT}>{name}</th><td{_LONG}><pre{_LINES_STYLE}>{text}</pre></td></tr>"
    return f"<table><tbody>{body}</tbody></table>"


def job_text(job: Record, names: Sequence[str] = ()) -> str:
    """The same as text, without the log; until the job ends only what it is.

    >>> from bgjobs import BackgroundJobManager
    >>> job = BackgroundJobManager().new("6 * 7", {})
    >>> job.join()
    >>> job_text(job).splitlines()[0]
    '<BackgroundJob #0: 6 * 7>'
    """
    lines = [repr(job)]
    if job.outcome is not None:
        lines += [f"{name}: {text}" for name, text in _about(job, names).items() if text]
    return "\n".join(map(harmless, lines + _traceback(job)))


def group(name: str, jobs: Sequence[Record], most: int | None = _LISTED) -> str:
    """The lines of a group of jobs at a prompt, each with how it stands; of many those that run first or ended last.

    >>> group("Running", [])
    ''
    """
    hidden = 0 if most is None else max(len(jobs) - most, 0)
    if name == "Running":
        # The others wait.
        shown, before, after = jobs[: len(jobs) - hidden], "", f"... and {hidden} more; %jobs all lists all\n"
    else:
        shown, before, after = jobs[hidden:], f"... {hidden} more before; %jobs all lists all\n", ""
    lines = "".join(map(_listed, shown))
    return f"{name} jobs:\n{before * (hidden > 0)}{lines}{after * (hidden > 0)}\n" if lines else ""


def _listed(job: Record) -> str:
    """A job in a list: its label, and in a line below it how it stands."""
    columns = max(shutil.get_terminal_size().columns, _NARROWEST)
    standing = short(_standing(job), columns - len(_INDENT))
    return f"{job.num} : {label(job)}\n" + f"{_INDENT}{standing}\n" * bool(standing)


def _standing(job: Record) -> str:
    """How long a job has run or waited, how far it is and what it waits for, or why it died; as the shell says it."""
    if job.outcome == "done":
        return ""
    if job.outcome is not None:
        when = "before it started" if job._ran is None else f"after {_time(job)}"
        return f"{job.outcome} {when}: {_failure(job)}"
    known = job._summary() or {}
    waited = f"has waited {duration(known.get('waited') or 0.0)}" if job._queued else "starts"
    parts = [_time(job) or waited]
    if job._stopping:
        parts.append(f"asked to stop ({job._reason})")
    parts.append(str(reporting.of(job) or ""))
    parts += [reason.removeprefix("it ") for reason in _waits(job)]
    return ", ".join(filter(None, parts))


def _about(job: Record, names: Sequence[str]) -> dict[str, str]:
    """What is known about a job, in a line each."""
    about = {"Status": _status(job), "Time": _time(job)}
    if job.outcome == "done":
        about["Result"] = _result(job)
    elif job.outcome is not None:
        about["Failure"] = _failure(job)
    elif progress := str(reporting.of(job) or ""):
        about["Progress"] = progress
    if names:
        about["Names"] = " ".join(names)
    return about


def _traceback(job: Record) -> list[str]:
    """The lines of the traceback of a job that has failed; of a long one the last."""
    if job.outcome != "failed":
        return []
    lines = failures.plain_text(job).splitlines()
    if len(lines) == 1:
        # It has no frames, and is the failure itself.
        return []
    return ["..."] * (len(lines) > _TRACEBACK) + lines[-_TRACEBACK:]


def _table(job: Record) -> str | None:
    """The table of a result that shows itself as one; not that of a job, which may be its own result."""
    return None if job.outcome != "done" or isinstance(job.result, Record) else tables.of(job.result)


def _cell(text: str, style: str = _LONG) -> str:
    return f"<td{style}>{_escaped(text)}</td>"


def _escaped(text: str) -> str:
    return html.escape(harmless(text))


def _status(job: Record) -> str:
    """Its status, without the hint that is meant for the prompt."""
    return "Waiting" if job._queued else job.status.partition(",")[0]


def _time(job: Record) -> str:
    return "" if job._ran is None else duration(job._ran)


def _summary(job: Record) -> str:
    """A job in one line: its result, its failure, or how far it is, what it waits for and what it printed last."""
    if job.outcome == "done":
        return _result(job)
    if job.outcome is not None:
        return _failure(job)
    lines = map(uncoloured, Log(job).tail(1))
    return cut(", ".join(filter(None, [str(reporting.of(job) or ""), *_waits(job), *lines])))


def _waits(job: Record) -> list[str]:
    """What a job waits for; `%why` shows the rest."""
    return [reason.partition(";")[0] for reason in (job._summary() or {}).get("why", [])[:1]]


def _result(job: Record) -> str:
    if job.result is None:
        return ""
    size = tables.size(job.result)
    if size is not None:
        return size
    try:
        return " ".join(_short.repr(job.result).split())
    except Exception as error:
        return f"({type(job.result).__name__}; its repr raised {type(error).__name__})"


def _failure(job: Record) -> str:
    if job.outcome == "stopped":
        return job._reason or ""
    exception = job._exception
    assert exception is not None, "a job that died has an exception"
    return cut(failures.message(exception))
