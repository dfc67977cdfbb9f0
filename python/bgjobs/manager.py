"""The manager: starts jobs, holds them by number, tells what ended.

It does not know how jobs run.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable

from . import failures, names, workers
from ._core import Table
from .jobs import BackgroundJobBase, BackgroundJobExpr, BackgroundJobFunc
from .notices import Board
from .output import shown

_log = logging.getLogger("bgjobs")

_NO_KEYWORDS: Mapping[str, Any] = {}


class BackgroundJobManager:
    """Starts background jobs, and holds them by number.

    Below, `jobs` is a manager:

    - `jobs.new(...)` starts a job; `jobs.submit(function, ...)` does so with keywords as Python passes them, and
      `jobs.start(job)` starts one that was made by hand.
    - `jobs()` or `jobs.status()` shows all jobs.
    - `jobs[N]` is job number N, `jobs[N].result` its result.
    - `jobs[N].traceback()` or `jobs.traceback(N)` prints why it died, `jobs.traceback()` of all the dead.
    - `jobs[N].stop()` stops it.
    - `jobs.remove(N)` forgets a finished job, `jobs.flush()` all of them.
    """

    all: dict[int, BackgroundJobBase]
    """Every job by its number."""

    def __init__(self) -> None:
        self._table = Table()
        self.all = {}
        self._running: list[BackgroundJobBase] = []
        self._completed: list[BackgroundJobBase] = []
        self._dead: list[BackgroundJobBase] = []
        self._board = Board(self._table, self.all)
        # One keeps the lists, the other is for the reports.
        self._ends = self._board.reader()
        self._news = self._board.reader()

    # Starting.

    def new(
        self,
        func_or_exp: str | Callable[..., Any],
        *args: Any,
        kw: Mapping[str, Any] = _NO_KEYWORDS,
        daemon: bool = False,
        process: bool = False,
        snapshot: bool | str = False,
        **unknown: Any,
    ) -> BackgroundJobBase:
        """Starts a job at once, in a thread of its own, and returns it.

        - `jobs.new("f(x)")` evaluates an expression with the names of the caller; `jobs.new("f(x)", names)` and
          `jobs.new("f(x)", glob, loc)` with those given.
        - `jobs.new(f, x, y)` calls a function; its keywords are given as a dict: `jobs.new(f, x, kw={"z": 1})`.

        Options: `daemon=True`, the end of the program does not wait for the job; `process=True`, the body runs in a
        process of its own (see `bgjobs.process`); `snapshot=True`, an expression gets its own copy of the names that it
        refers to, so that it does not see them rebound, and `snapshot="deep"`, of their values too.

        Raises `SyntaxError` if the expression does not compile, `ValueError` if more than two dicts are given, or if
        `snapshot` is none of these or given for a function, `TypeError` if it gets neither a text nor a function, and
        `RuntimeError` if no thread can be had.

        >>> jobs = BackgroundJobManager()
        >>> job = jobs.new(pow, 2, 10)
        >>> job.join()
        >>> job.result
        1024
        """
        if unknown:
            _warn_of(unknown)
        body: BackgroundJobFunc | BackgroundJobExpr
        if snapshot not in (False, True, "deep"):
            raise ValueError(f'snapshot is True, False or "deep", not {snapshot!r}')
        if callable(func_or_exp):
            if snapshot:
                raise ValueError("snapshot is for an expression; a function finds its names where it was defined")
            body = BackgroundJobFunc(func_or_exp, *args, **kw)
        elif isinstance(func_or_exp, str):
            if not args:
                frame = sys._getframe(1)
                glob, loc = frame.f_globals, frame.f_locals
            elif len(args) == 1:
                glob = loc = args[0]
            elif len(args) == 2:
                glob, loc = args
            else:
                raise ValueError("Expression jobs take at most 2 args (globals,locals)")
            body = BackgroundJobExpr(func_or_exp, glob, loc)
            if snapshot:
                body.glob, body.loc = names.snapshot(body.code, glob, loc, deep=snapshot == "deep")
        else:
            raise TypeError("invalid args for new job")
        job: BackgroundJobBase = body
        if process:
            from .process import BackgroundJobProcess

            job = BackgroundJobProcess(body)
        if daemon:
            job._daemon = True
        return self.start(job)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> BackgroundJobBase:
        """Starts a job that calls `function(*args, **kwargs)`, and returns it.

        >>> jobs = BackgroundJobManager()
        >>> job = jobs.submit(sorted, [1, 3, 2], reverse=True)
        >>> job.join()
        >>> job.result
        [3, 2, 1]
        """
        return self.start(BackgroundJobFunc(function, *args, **kwargs))

    def map(self, function: Callable[..., Any], *iterables: Iterable[Any]) -> list[BackgroundJobBase]:
        """Starts a job for each item, as `map` would call the function, and returns the jobs in that order.

        >>> jobs = BackgroundJobManager()
        >>> [job.exception() or job.result for job in jobs.map(len, ["a", "bc"])]
        [1, 2]
        """
        return [self.submit(function, *items) for items in zip(*iterables)]

    def start(self, job: BackgroundJobBase) -> BackgroundJobBase:
        """Starts a job that was made by hand, of a class of one's own for instance, and returns it.

        Raises `RuntimeError` if it was started before, or if no thread can be had.

        >>> jobs = BackgroundJobManager()
        >>> job = jobs.start(BackgroundJobExpr("6 * 7"))
        >>> job.join()
        >>> jobs[0].result
        42
        """
        num = job.num = workers.enter(job, self._table)
        self.all[num] = job
        workers.push(job)
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("Starting job # %s in a separate thread.", num)
        return job

    # Looking.

    def __repr__(self) -> str:
        counts = f"{len(self.running)} running, {len(self.completed)} completed, {len(self.dead)} dead"
        return f"<{type(self).__name__}: {counts}>"

    def __getitem__(self, key: int | BackgroundJobBase) -> BackgroundJobBase:
        """The job of a number, or the one that a job's number belongs to; `KeyError` if there is none."""
        num: Any = key if isinstance(key, int) else key.num
        return self.all[num]

    def __iter__(self) -> Iterator[BackgroundJobBase]:
        """All jobs, by number."""
        return iter([job for _, job in sorted(self.all.items())])

    def __call__(self) -> None:
        """As `status()`."""
        return self.status()

    def _repr_html_(self) -> str:
        from . import display

        return display.manager_html(self)

    @property
    def running(self) -> list[BackgroundJobBase]:
        """The jobs that have not ended; always the same list."""
        self._update()
        self._running[:] = [self.all[num] for num in self._table.running() if num in self.all]
        return self._running

    @property
    def completed(self) -> list[BackgroundJobBase]:
        """The jobs that ended well; always the same list."""
        self._update()
        return self._completed

    @property
    def dead(self) -> list[BackgroundJobBase]:
        """The jobs that failed or were stopped; always the same list."""
        self._update()
        return self._dead

    def _update(self) -> None:
        """Puts what has ended into its list."""
        if self._ends.has_news():
            for job in self._ends.look():
                (self._completed if job.outcome == "done" else self._dead).append(job)

    def status(self, verbose: object = 0) -> None:
        """Prints all jobs in their groups; what is new counts as told. `verbose` is ignored, as in the original."""
        groups = group("Running", self.running), group("Completed", self.completed), group("Dead", self.dead)
        print("".join(groups), end="")
        self._news.look()

    def _status_new(self) -> bool | None:
        """Prints the jobs that ended since the last report; True if there are any, else None.

        It is meant for every prompt, and costs the same however many jobs run.
        """
        if not self._news.has_news():
            return None
        text = report(self._news.look())
        print(text, end="")
        return True if text else None

    # Reading.

    def result(self, num: int) -> Any:
        """The result of job `num`, as `jobs[num].result`; an unknown number is logged as an error."""
        job = self._find(num)
        return None if job is None else job.result

    def traceback(self, job: int | BackgroundJobBase | None = None) -> None:
        """Prints the traceback of a job, given as it is or by its number; without an argument those of all the dead."""
        if job is None:
            for dead in self.dead:
                print(f"Traceback for: {dead!r}")
                dead.traceback()
                print()
            return
        found = self._find(job if isinstance(job, int) else job.num)
        if found is not None:
            found.traceback()

    def debug(self, job: int | BackgroundJobBase) -> None:
        """Opens a post-mortem debugger in the frame where a dead job failed."""
        found = self._find(job if isinstance(job, int) else job.num)
        if found is not None:
            failures.debug(found)

    # Forgetting.

    def remove(self, num: int) -> None:
        """Forgets a finished job; a running one is refused, and that is logged as an error, as an unknown number is."""
        job = self._find(num)
        if job is None:
            return
        if not job.done():
            _error(f"Job #{num} is still running, it can not be removed.")
            return
        jobs = self.completed if job.outcome == "done" else self.dead
        if job in jobs:
            jobs.remove(job)
        self._board.forget([job])
        self._table.remove(num)

    def flush(self) -> None:
        """Forgets all finished jobs, and says how many; what was not told is told by the next report all the same."""
        completed, dead = self.completed, self.dead
        self._board.forget(completed + dead)
        flushed = _print_flushed("Completed", completed), _print_flushed("Dead", dead)
        if not any(flushed):
            print("No jobs to flush.")
        self._table.flush()

    def _find(self, num: Any) -> BackgroundJobBase | None:
        try:
            return self.all[num]
        except KeyError:
            _error(f"Job #{num} not found")
            return None


def report(jobs: list[BackgroundJobBase]) -> str:
    """What is told of jobs that have ended; nothing if there are none."""
    completed = [job for job in jobs if job.outcome == "done"]
    dead = [job for job in jobs if job.outcome != "done"]
    return group("Completed", completed) + group("Dead, call jobs.traceback() for details", dead)


def group(name: str, jobs: list[BackgroundJobBase]) -> str:
    """The lines of a group of jobs; an empty group has none."""
    if not jobs:
        return ""
    return "".join([f"{name} jobs:\n", *(f"{job.num} : {shown(job)}\n" for job in jobs), "\n"])


def _print_flushed(name: str, jobs: list[BackgroundJobBase]) -> bool:
    if not jobs:
        return False
    print(f"Flushing {len(jobs)} {name} job{'s' * (len(jobs) != 1)}.")
    jobs[:] = []
    return True


def _warn_of(keywords: dict[str, Any]) -> None:
    """Says that keywords of `new` that it does not know are not passed on."""
    import warnings

    names = ", ".join(f"{name}=" for name in keywords)
    warnings.warn(
        f"jobs.new ignores {names}: give keywords of the function as kw={{...}}, or use jobs.submit",
        stacklevel=3,
    )


def _error(text: str) -> None:
    """Logs on the root logger, as the original does, and installs no handler in the user's process."""
    root = logging.getLogger()
    if root.handlers:
        root.error(text)
    elif root.isEnabledFor(logging.ERROR):
        record = root.makeRecord(root.name, logging.ERROR, __file__, 0, text, (), None)
        if root.filter(record):
            sys.stderr.write(logging.Formatter(logging.BASIC_FORMAT).format(record) + "\n")
