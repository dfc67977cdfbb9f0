"""Groups: jobs that share a limit, and are paused and resumed together.

It does not know who is next; the engine does.
"""

from __future__ import annotations

from typing import Any

from . import _core, futures, schedule, stopping
from .jobs import BackgroundJobBase
from .starter import Launch, Starter
from .text import harmless


class Group(Starter):
    """Jobs of a manager that share a limit, and are paused and resumed together; `jobs.group("net")` has it.

    A job joins it by the option `group`, or by `group.new`, `group.submit` and `group.map`. A job that waits for
    another job, by `join`, `bgjobs.wait_all` and the like, lends its slot meanwhile, so jobs can wait for jobs of their
    own full group; one that awaits keeps it.

    As a context, it waits for its jobs at the end; if the block raises, it stops them instead.

    >>> from bgjobs import BackgroundJobManager
    >>> jobs = BackgroundJobManager()
    >>> with jobs.group("net", limit=2) as net:
    ...     squares = net.map(pow, range(5), [2] * 5)
    >>> [job.result for job in squares], net
    ([0, 1, 4, 9, 16], <Group net: 0 running, 0 waiting, limit 2>)
    """

    def __init__(self, launch: Launch, known: dict[int, BackgroundJobBase], table: _core.Table, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise ValueError(f'a group has a name, such as "net", not {name!r}')
        super().__init__(launch, known, {"group": name})
        self._core = _core.Group(table, name)
        self.name = name

    @property
    def limit(self) -> int | None:
        """How many of its jobs may run at once; None for no limit. Running jobs go on when it is lowered.

        Raises `ValueError` if it is set to zero or less.
        """
        return self._core.limit

    @limit.setter
    def limit(self, limit: int | None) -> None:
        check_limit(limit, self.name)
        self._core.limit = limit
        schedule.carry_out_all()

    @property
    def paused(self) -> bool:
        """Whether it is paused."""
        return self._core.paused

    @property
    def running(self) -> int:
        """How many of its jobs run; a job that lends its slot does not count."""
        return self._core.running

    @property
    def waiting(self) -> int:
        """How many of its jobs have not started."""
        return self._core.waiting

    @property
    def jobs(self) -> list[BackgroundJobBase]:
        """Its jobs that have not ended, by number."""
        return [self._known[num] for num in self._core.jobs() if num in self._known]

    def pause(self) -> None:
        """Starts no more of its jobs until `resume`; running jobs go on.

        The end of the program ignores pauses: it runs the paused jobs and waits for them.
        """
        self._core.pause(True)

    def resume(self) -> None:
        """Lets its jobs start again."""
        self._core.pause(False)
        schedule.carry_out_all()

    def wait(self, timeout: float | None = None) -> None:
        """Waits until its jobs have ended, those too that start meanwhile.

        Raises `TimeoutError` after `timeout` seconds; its text names the jobs that have not ended.
        """
        futures.wait_while(lambda: self.jobs, timeout)

    def stop(self, reason: str = "stopped by its user", timeout: float = 1.0) -> dict[int, stopping.Verdict]:
        """Stops its jobs, all at once, and returns the verdict on each by its number, within `timeout` seconds."""
        jobs = {num: self._known[num] for num in self._core.jobs() if num in self._known}
        return dict(zip(jobs, stopping.stop(list(jobs.values()), f"group {self.name} was {reason}", timeout)))

    def __enter__(self) -> Group:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self.stop()
        self.wait()

    def __str__(self) -> str:
        return str(self._core)

    def __repr__(self) -> str:
        return f"<Group {harmless(str(self))}>"


def check_limit(limit: Any, name: str) -> None:
    """Raises `TypeError` or `ValueError` if it is no limit for a group."""
    if limit is None:
        return
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise TypeError(f"a limit is a number of jobs, or None for no limit, not {limit!r}")
    if limit == 0:
        raise ValueError(f"with a limit of 0 no job of group {name} would ever start; pause the group instead")
    if limit < 0:
        raise ValueError(f"a limit is a number of jobs, 1 or more, or None for no limit, not {limit}")
