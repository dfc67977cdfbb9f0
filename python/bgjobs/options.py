"""The options of a job: what it waits for, how long it may run, how often it is tried, where its log goes.

It checks them, and does not know how they are obeyed.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Union

from . import _core
from .record import Record

if TYPE_CHECKING:
    Follow = Union[int, Record, Iterable[Union[int, Record]]]

_LONGEST = 100 * 365 * 24 * 60 * 60
"""The longest time in seconds: 100 years."""

_PRIORITIES = 2**31 - 1
"""The highest priority; the lowest is the same below zero."""


class Retry(NamedTuple):
    """How often a body that fails is called, and how long it waits in between."""

    attempts: int
    backoff: float

    def pause_after(self, failed: int) -> float:
        """How many seconds to wait after that many failed attempts.

        >>> [Retry(5, 2.0).pause_after(failed) for failed in (1, 2, 3, 10)]
        [2.0, 4.0, 8.0, 60.0]
        """
        return float(min(self.backoff * 2 ** min(failed - 1, 64), max(60.0, self.backoff)))


class Options:
    """The options of a job, checked.

    `after` has the jobs to follow, each with whether it must be done. `keeper_limit` is the time limit of a kept job.
    """

    NAMES: ClassVar = (
        "name",
        "group",
        "priority",
        "delay",
        "after",
        "after_ended",
        "time_limit",
        "retry",
        "backoff",
        "log_bytes",
        "log_file",
    )
    __slots__ = (
        "_made",
        "after",
        "delay",
        "group",
        "keeper_limit",
        "log_bytes",
        "log_file",
        "name",
        "priority",
        "retry",
        "time_limit",
    )

    def __init__(
        self,
        known: dict[int, Any],
        name: str | None = None,
        group: Any = None,
        priority: int | None = None,
        delay: float | None = None,
        after: Follow | None = None,
        after_ended: Follow | None = None,
        time_limit: float | None = None,
        retry: int | None = None,
        backoff: float | None = None,
        log_bytes: int | None = None,
        log_file: str | os.PathLike[str] | None = None,
    ) -> None:
        self.name = None if name is None else str(name)
        self.group = None if group is None else _group(group, known)
        self.priority = 0 if priority is None else _whole("priority", priority, -_PRIORITIES, _PRIORITIES)
        self.delay = None if delay is None else _seconds("delay", delay)
        done, ended = _jobs("after", after, known), _jobs("after_ended", after_ended, known)
        self.after = [(job, True) for job in done] + [(job, False) for job in ended]
        self.time_limit = None if time_limit is None else _seconds("time_limit", time_limit)
        if self.time_limit == 0:
            raise ValueError("with time_limit=0 the job would be stopped at once; leave it out for no limit")
        if retry is None and backoff is not None:
            raise ValueError(f"backoff={backoff!r} is the pause before a retry: give retry too, as in retry=3")
        pause = 1.0 if backoff is None else _seconds("backoff", backoff)
        self.retry = None if retry is None else Retry(_whole("retry", retry, 1, 2**32 - 1), pause)
        self.log_bytes = None if log_bytes is None else _whole("log_bytes", log_bytes, 1, 2**63 - 1)
        self.log_file = None if log_file is None else os.fspath(log_file)
        self.keeper_limit: float | None = None
        self._made: dict[bool, _core.Options] = {}

    def for_keeper(self) -> Options:
        """The same for a kept job, whose time its keeper watches. Raises `ValueError` for a retry."""
        if self.retry is not None:
            raise ValueError("a kept job takes no retry, which would end with this program: try again in the body")
        options = copy(self)
        options._made = {}
        options.keeper_limit, options.time_limit = self.time_limit, None
        return options

    @property
    def is_scheduled(self) -> bool:
        """Whether the job may have to wait before it starts, or may be stopped for its time."""
        return self.group is not None or self.delay is not None or bool(self.after) or self.is_timed

    @property
    def is_timed(self) -> bool:
        """Whether the job depends on the time."""
        return self.delay is not None or self.time_limit is not None

    def for_engine(self, daemon: bool) -> _core.Options:
        """The same for the engine, made once: many jobs may have these options."""
        made = self._made.get(daemon)
        if made is None:
            made = self._made[daemon] = _core.Options(
                daemon=daemon,
                group=self.group,
                priority=self.priority,
                delay=self.delay,
                after=self.after,
                time_limit=self.time_limit,
                log_bytes=self.log_bytes,
                log_file=self.log_file,
            )
        return made


def _group(group: Any, known: dict[int, Any]) -> str:
    if isinstance(group, str):
        if not group:
            raise ValueError('group is the name of a group, such as "net", and not empty')
        return group
    if getattr(group, "_known", None) is known:
        return str(group.name)
    if hasattr(group, "_known"):
        raise ValueError(f"{group!r} is a group of another manager; give its name to use the one of this manager")
    raise TypeError(f'group is the name of a group, such as "net", or a group of this manager, not {group!r}')


def _whole(option: str, number: Any, least: int, most: int) -> int:
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise TypeError(f"{option} is a whole number, such as {option}=3, not {number!r}")
    number = number.__index__()
    if not least <= number <= most:
        raise ValueError(f"{option} is a number from {least} to {most}, not {number}")
    return int(number)


def _seconds(option: str, seconds: Any) -> float:
    if isinstance(seconds, (bool, str, bytes)):
        raise TypeError(f"{option} is a time in seconds, such as {option}=0.5, not {seconds!r}")
    try:
        number = seconds.total_seconds() if hasattr(seconds, "total_seconds") else float(seconds)
    except (TypeError, ValueError):
        raise TypeError(f"{option} is a time in seconds, such as {option}=0.5, not {seconds!r}") from None
    if math.isnan(number) or number < 0:
        raise ValueError(f"{option} is a time in seconds, 0 or more, not {seconds!r}")
    if number > _LONGEST:
        raise ValueError(f"{option} is a time in seconds, at most {_LONGEST} (100 years), not {seconds!r}")
    return float(number)


def _jobs(option: str, jobs: Any, known: dict[int, Any]) -> list[Record]:
    if jobs is None:
        return []
    if isinstance(jobs, (Record, str)) or not isinstance(jobs, Iterable):
        jobs = [jobs]
    return [_job(option, job, known) for job in jobs]


def _job(option: str, job: Any, known: dict[int, Any]) -> Record:
    if isinstance(job, Record):
        return job
    if isinstance(job, bool) or not hasattr(job, "__index__"):
        raise TypeError(f"{option} is a job, its number, or a list of these, such as {option}=[1, 2], not {job!r}")
    found: Record | None = known.get(job.__index__())
    if found is None:
        there = f"the newest is #{max(known)}" if known else "there are none"
        raise ValueError(f"{option} is job #{job}, which this manager does not have; {there}")
    return found
