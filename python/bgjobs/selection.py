"""Which jobs are meant: `3`, `"5-7"`, `"running"`, `"net"`, `"fit*"`, `range(5, 8)`, a job, or several of these.

It does not know what is done with them.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, NamedTuple, TypeVar

from .labels import label
from .record import Record
from .text import harmless

Job = TypeVar("Job", bound=Record)

WORDS: dict[str, Callable[[Record], bool]] = {
    "all": lambda job: True,
    "running": lambda job: not job.done() and not _waits(job),
    "queued": lambda job: _waits(job),
    "stopping": lambda job: not job.done() and job._stopping,
    "finished": lambda job: job.done(),
    "completed": lambda job: job.outcome == "done",
    "dead": lambda job: job.outcome in ("failed", "stopped"),
    "failed": lambda job: job.outcome == "failed",
    "stopped": lambda job: job.outcome == "stopped",
}
"""The words for states, and which jobs they mean."""

_NUMBER = r"[%#]?(\d+)"
_RANGE = r"[%#]?(\d+)(?:-|\.\.)[%#]?(\d+)"
_NUMBERS = r"[\d,.%#-]+"

HOW = "give a number, a range such as 5-7, a state such as running, a group, or a name, with * for any text"
"""How jobs are selected, for a sentence."""


def select(jobs: Mapping[int, Job], parts: Iterable[Any]) -> list[Job]:
    """The selected jobs, in the order of their numbers, each once.

    A word, a range or a name with `*` or `?` may select none. Raises `LookupError` if there is no job of a given number
    or name, `ValueError` or `TypeError` for what is none of these.
    """
    found, missing = find(jobs, parts)
    for part in missing:
        if part.is_needed:
            raise LookupError(part.none)
    return found


class Part(NamedTuple):
    """A part of a selection."""

    of: Callable[[Mapping[int, Any]], Iterable[Any]]
    """The jobs that it means."""
    none: str
    """What to say if there are none."""
    is_needed: bool
    """Whether it means one job."""


def find(jobs: Mapping[int, Job], parts: Iterable[Any]) -> tuple[list[Job], list[Part]]:
    """The selected jobs, as `select` returns them, and the parts that select none."""
    # Another thread may start a job meanwhile.
    jobs = dict(jobs)
    found: set[Job] = set()
    missing = []
    for part in _parsed(parts, max(jobs, default=None)):
        selected = list(part.of(jobs))
        found.update(selected)
        if not selected:
            missing.append(part)
    return [jobs[number] for number in sorted(jobs) if jobs[number] in found], missing


def _parsed(parts: Iterable[Any], newest: int | None) -> Iterator[Part]:
    """The parts of a selection, and those of lists in it; `newest` is the greatest number of a job."""
    for part in parts:
        if hasattr(part, "__index__"):
            yield _number(operator.index(part), newest)
        elif isinstance(part, str):
            for text in part.split(",") if re.fullmatch(_NUMBERS, part) else [part]:
                yield _text(text, newest)
        elif isinstance(part, range):
            yield _range(part, f"there is no job in {part}")
        elif isinstance(part, Record):
            yield _job(part)
        elif isinstance(part, Iterable):
            yield from _parsed(part, newest)
        else:
            raise TypeError(f"{part!r} selects no jobs: {HOW}")


def _text(text: str, newest: int | None) -> Part:
    # `*` is any name at all.
    word = "all" if text == "*" else text
    if word in WORDS:
        none = "there are no jobs" if word == "all" else f"there are no {word} jobs"
        return Part(_filtered(WORDS[word]), none, False)
    found = re.fullmatch(_NUMBER, text)
    if found:
        return _number(int(found[1]), newest)
    found = re.fullmatch(_RANGE, text)
    if found:
        first, last = int(found[1]), int(found[2])
        if first > last:
            raise ValueError(f"{text} is not a range: the smaller number comes first, as in {last}-{first}")
        return _range(range(first, last + 1), f"there is no job from {first} to {last}")
    if not text:
        raise ValueError(f"an empty text selects no jobs: {HOW}")
    return _name(text)


def _filtered(fits: Callable[[Record], bool]) -> Callable[[Mapping[int, Any]], Iterable[Any]]:
    return lambda jobs: filter(fits, jobs.values())


def _number(number: int, newest: int | None) -> Part:
    known = "there are no jobs" if newest is None else f"the newest job is #{newest}"
    return Part(lambda jobs: [jobs[number]] if number in jobs else [], f"Job #{number} not found; {known}", True)


def _range(numbers: range, none: str) -> Part:
    return Part(_filtered(lambda job: job.num in numbers), none, False)


def _job(job: Record) -> Part:
    none = f"{job!r} is not a job of this manager"
    return Part(lambda jobs: [job] if job.num is not None and jobs.get(job.num) is job else [], none, True)


def _name(name: str) -> Part:
    wild = {"*": ".*", "?": "."}
    pattern = re.compile("".join(wild.get(char, re.escape(char)) for char in name), re.DOTALL)
    fits = _filtered(lambda job: any(map(pattern.fullmatch, _names(job))))
    return Part(fits, f"there is no job or group {harmless(name)}; {HOW}", not wild.keys() & set(name))


def _names(job: Record) -> Iterator[str]:
    """What a job is called: its text, its label, the function that it calls, the name of its thread, its group."""
    yield str(job)
    yield label(job)
    yield getattr(getattr(job, "func", None), "__qualname__", "")
    yield job.name
    yield getattr(job._options, "group", None) or ""


def _waits(job: Record) -> bool:
    """Whether it waits for more than its thread, which takes microseconds."""
    return job._queued
