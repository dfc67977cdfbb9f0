"""The manager: starts jobs, holds them by number, reports which have ended.

It does not know how jobs run.
"""

from __future__ import annotations

import itertools
import logging
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Callable, overload

from . import _core, failures, futures, schedule, selection, stopping, text, workers
from ._core import Table
from .groups import Group, check_limit
from .jobs import BackgroundJobBase, BackgroundJobFunc
from .options import Options
from .record import Record
from .starter import Starter, body_of

if TYPE_CHECKING:
    import os
    from types import EllipsisType

    from typing_extensions import Self

    from .options import Follow

_log = logging.getLogger("bgjobs")

_NO_KEYWORDS: Mapping[str, Any] = {}


class BackgroundJobManager:
    """Starts background jobs, and holds them by number.

    Below, `jobs` is a manager:

    - `jobs.new(...)` starts a job; `jobs.submit(function, ...)` does so with ordinary keyword arguments, and
      `jobs.start(job)` starts a job object.
    - `jobs.sh("make -j2")` starts a command of the system's shell.
    - `jobs()` or `jobs.status()` shows all jobs.
    - `jobs[N]` is job number N, `jobs[N].result` its result.
    - `jobs[N].traceback()` or `jobs.traceback(N)` prints why it died, `jobs.traceback()` does so for all dead jobs.
    - `jobs[N].stop()` stops it, `jobs.stop("running")` all that run; `jobs.select("failed")` is a list of jobs.
    - `jobs.wait()` waits for all jobs, and so does the end of `with BackgroundJobManager() as jobs:`.
    - `jobs.rerun(N)` starts it again.
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
        self._ends = self._table.subscribe()
        # Those that looks have found ended, in this order, until the next report, even if they are forgotten by then.
        self._unreported: deque[BackgroundJobBase] = deque()

    # Starting.

    def new(
        self,
        func_or_exp: str | Callable[..., Any],
        *args: Any,
        kw: Mapping[str, Any] = _NO_KEYWORDS,
        daemon: bool = False,
        process: bool = False,
        snapshot: bool | str = False,
        name: str | None = None,
        group: str | Group | None = None,
        priority: int | None = None,
        delay: float | None = None,
        after: Follow | None = None,
        after_ended: Follow | None = None,
        time_limit: float | None = None,
        retry: int | None = None,
        backoff: float | None = None,
        log_bytes: int | None = None,
        log_file: str | os.PathLike[str] | None = None,
        **unknown: Any,
    ) -> BackgroundJobBase:
        """Starts a job, in its own thread, and returns it; without options that keep it, it starts at once.

        - `jobs.new("f(x)")` evaluates an expression with the names of the caller; `jobs.new("f(x)", names)` and
          `jobs.new("f(x)", glob, loc)` use the given names.
        - `jobs.new(f, x, y)` calls a function; its keyword arguments are given as a dict:
          `jobs.new(f, x, kw={"z": 1})`.

        If the call or the expression gives a coroutine, the job runs it, on an event loop of its own; an expression may
        also use `await`. Any other awaitable is the job's result.

        Options: with `daemon=True`, the program ends without waiting for the job; with `process=True`, the body runs in
        a process of its own (see `bgjobs.process`); with `snapshot=True`, an expression gets its own copy of the names
        that it refers to, so that it does not see them rebound, and with `snapshot="deep"`, of their values too.

        More options, which `jobs.options(...)` has for `submit` and the others:

        - `name`: what the lists show;
        - `group`: the name of the group whose limit it obeys, or the group; in it, jobs of a higher `priority` start
          first;
        - `delay`: starts it in this many seconds;
        - `after`: starts it when these jobs (a job, a number, a list) are done, and it fails if one of them fails;
          `after_ended`: when they have ended, whatever their outcomes;
        - `time_limit`: stops it when it has run for this many seconds;
        - `retry`: how often its body is called in all if it fails, with a pause of `backoff` seconds (1) before the
          second call, doubled before each further one, up to 60;
        - `log_bytes`: how much its log holds (1 MiB); `log_file`: a new file for all that it prints.

        Raises `SyntaxError` if the expression does not compile, `ValueError` if more than two dicts are given, or if
        `snapshot` has another value or is given for a function, `TypeError` if the first argument is neither a string
        nor callable, and `RuntimeError` if the system could not create a thread.

        >>> jobs = BackgroundJobManager()
        >>> job = jobs.new(pow, 2, 10)
        >>> job.join()
        >>> job.result
        1024
        """
        if unknown:
            _warn_about(unknown)
        body = body_of(func_or_exp, args, kw, snapshot, sys._getframe(1) if isinstance(func_or_exp, str) else None)
        # Most jobs have no options, and this is the fastest way to find that out.
        plain = name is group is priority is delay is after is after_ended is None  # type: ignore[comparison-overlap]
        if plain and time_limit is retry is backoff is log_bytes is log_file is None:  # type: ignore[comparison-overlap]
            if not (daemon or process):
                return self.start(body)
            options = None
        else:
            given = name, group, priority, delay, after, after_ended, time_limit, retry, backoff, log_bytes, log_file
            options = Options(self.all, *given)
        return self._launch(body, options, daemon, process)

    def _launch(self, job: Any, options: Options | None, daemon: bool, process: bool) -> BackgroundJobBase:
        """Starts a job with options, in a process of its own if asked to."""
        if process:
            from .process import BackgroundJobProcess

            job = BackgroundJobProcess(job)
        if daemon:
            job._daemon = True
        if options is not None:
            job._options = options
            if options.name is not None:
                job.strform = job._label = options.name
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

    def map(
        self,
        function: Callable[..., Any],
        *iterables: Iterable[Any],
        limit: int | None = None,
        process: bool = False,
        **options: Any,
    ) -> list[BackgroundJobBase]:
        """Starts a job for each call that `map` would make, and returns the jobs in that order.

        With `limit`, only that many run at once: those of the option `group`, or of a new group `map-1`, `map-2`, ...
        The other options are those of `new`.

        >>> jobs = BackgroundJobManager()
        >>> [job.exception() or job.result for job in jobs.map(len, ["a", "bc"])]
        [1, 2]
        """
        if limit is not None:
            group = options.pop("group", None)
            name = group if isinstance(group, str) else getattr(group, "name", None) or self._new_name("map")
            options["group"] = self.group(name, limit)
        if process:
            options["process"] = True
        submit = self.options(**options).submit if options else self.submit
        return [submit(function, *items) for items in zip(*iterables)]

    def options(self, **options: Any) -> Starter:
        """What starts jobs with options: `jobs.options(group="net", retry=3).submit(f, x=1)`; `new` explains them.

        Raises `TypeError` or `ValueError` for an option that is wrong.
        """
        return Starter(self._launch, self.all, options)

    def group(self, name: str, limit: int | EllipsisType | None = ...) -> Group:
        """The group of that name, made at its first use; with `limit`, so many of its jobs run at once.

        >>> jobs = BackgroundJobManager()
        >>> jobs.group("net", limit=2)
        <Group net: 0 running, 0 waiting, limit 2>
        """
        if limit is not ...:
            check_limit(limit, name)
        group = Group(self._launch, self.all, self._table, name)
        if limit is not ...:
            group.limit = limit
        return group

    @property
    def groups(self) -> list[Group]:
        """All groups, by name."""
        return [Group(self._launch, self.all, self._table, name) for name in _core.groups(self._table)]

    def _new_name(self, kind: str) -> str:
        """A name that no group has."""
        taken = set(_core.groups(self._table))
        return next(name for name in (f"{kind}-{number}" for number in itertools.count(1)) if name not in taken)

    def sh(
        self,
        command: str,
        *,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        input: str | bytes = b"",
        grace: float = 0.5,
        **options: Any,
    ) -> BackgroundJobBase:
        """Starts a command of the system's shell as a job, and returns it.

        `cwd` is the folder it runs in, `env` has variables in addition to those of this process, `input` is what it
        reads, and `grace` how many seconds it has to end when it is stopped (see `bgjobs.command`). The other options
        are those of `new`.

        >>> jobs = BackgroundJobManager()
        >>> job = jobs.sh("grep -q this", input="this and that")
        >>> job.get()
        CompletedProcess(args='grep -q this', returncode=0)
        """
        return self.options(**options).sh(command, cwd=cwd, env=env, input=input, grace=grace)

    def start(self, job: BackgroundJobBase) -> BackgroundJobBase:
        """Starts a job object, for example of a class that you have derived, and returns it.

        Raises `RuntimeError` if it was started before, or if the system could not create a thread.

        >>> from bgjobs import BackgroundJobExpr
        >>> jobs = BackgroundJobManager()
        >>> job = jobs.start(BackgroundJobExpr("6 * 7"))
        >>> job.join()
        >>> jobs[0].result
        42
        """
        num = job.num = workers.enter(job, self._table)
        self.all[num] = job
        if job._options is None:
            workers.push(job)
        else:
            schedule.enter(job, job._options)
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("Starting job # %s in a separate thread.", num)
        return job

    def rerun(self, job: int | BackgroundJobBase) -> BackgroundJobBase:
        """Starts a job again, with the same body and options and a number of its own, and returns the new job.

        A `%%bg` cell gets the names as they are now where `rerun` is called. Raises `KeyError` if there is no such job,
        and `TypeError` for a class of the user's own, which only the user knows how to make.

        >>> jobs = BackgroundJobManager()
        >>> jobs.new("6 * 7").get(), jobs.rerun(0).get()
        (42, 42)
        """
        return self.start(self[job]._again(sys._getframe(1).f_globals))

    # Looking.

    def __repr__(self) -> str:
        counts = f"{len(self.running)} running, {len(self.completed)} completed, {len(self.dead)} dead"
        return f"<{type(self).__name__}: {counts}>"

    @overload
    def __getitem__(self, key: int | BackgroundJobBase) -> BackgroundJobBase: ...

    @overload
    def __getitem__(self, key: slice) -> list[BackgroundJobBase]: ...

    def __getitem__(self, key: int | BackgroundJobBase | slice) -> BackgroundJobBase | list[BackgroundJobBase]:
        """The job with a number, or with the number of a given job; `KeyError` if there is none.

        A slice is one of numbers: `jobs[2:5]` has those of the jobs 2, 3 and 4 that there are, `jobs[-3:]` those with
        the three newest numbers.
        """
        if isinstance(key, slice):
            numbers = range(*key.indices(max(self.all, default=-1) + 1))
            return [self.all[num] for num in numbers if num in self.all]
        num: Any = key if isinstance(key, int) else key.num
        return self.all[num]

    def __len__(self) -> int:
        return len(self.all)

    def __bool__(self) -> bool:
        """True, even without jobs."""
        return True

    def __iter__(self) -> Iterator[BackgroundJobBase]:
        """All jobs, in the order of their numbers."""
        return iter([job for _, job in sorted(self.all.items())])

    def select(self, *which: Any) -> list[BackgroundJobBase]:
        """The selected jobs, in the order of their numbers, each once.

        Each of `which` is a number, a range of numbers (`"5-7"`, `range(5, 8)`), a name with `*` for any text and `?`
        for any character (`"fit*"`), a job, a list of these, or a word: `all`, `running`, `queued`, `stopping` (asked
        to stop, not yet ended), `finished`, `completed`, `dead` (failed or stopped), `failed`, `stopped`.

        Raises `LookupError` if there is no job of a given number or name; a word, a range or a name with `*` or `?` may
        select none.

        >>> jobs = BackgroundJobManager()
        >>> started = jobs.map(abs, [-1, "two", -3])
        >>> jobs.wait()
        >>> [job.num for job in jobs.select("failed", 0)]
        [0, 1]
        """
        if not which:
            raise TypeError('give the jobs that are meant, for example jobs.select("all")')
        return selection.select(self.all, which)

    def __call__(self) -> None:
        """The same as `status()`."""
        return self.status()

    def _repr_html_(self) -> str:
        from . import display

        return display.jobs_html(self.all)

    @property
    def running(self) -> list[BackgroundJobBase]:
        """The jobs that have not ended; always the same list."""
        self._update()
        self._running[:] = [self.all[num] for num in self._table.running() if num in self.all]
        return self._running

    @property
    def completed(self) -> list[BackgroundJobBase]:
        """The jobs that have completed; always the same list."""
        self._update()
        return self._completed

    @property
    def dead(self) -> list[BackgroundJobBase]:
        """The jobs that failed or were stopped; always the same list."""
        self._update()
        return self._dead

    def _update(self) -> None:
        """Moves the jobs that have ended to their lists."""
        if self._ends.has_pending():
            for job in filter(None, map(self.all.get, sorted(self._ends.drain()))):
                (self._completed if job.outcome == "done" else self._dead).append(job)
                self._unreported.append(job)

    def _take_unreported(self) -> list[BackgroundJobBase]:
        """The jobs that have ended since the last report, each once: in the order of the looks that found them."""
        self._update()
        taken = []
        while self._unreported:
            try:
                taken.append(self._unreported.popleft())
            except IndexError:
                # Another thread has taken the last one.
                break
        return taken

    def status(self, verbose: object = 0) -> None:
        """Prints all jobs in their groups; this counts as a report. `verbose` is ignored, as in the original."""
        self._print_groups(text.original)

    def _print_groups(self, shown: Callable[[Record], str]) -> None:
        groups = {"Running": self.running, "Completed": self.completed, "Dead": self.dead}
        print("".join([text.group(name, jobs, shown) for name, jobs in groups.items()]), end="")
        self._unreported.clear()

    def _status_new(self) -> bool | None:
        """Prints the jobs that have ended since the last report; returns True if there are any, otherwise None.

        It is meant to be called before every prompt.
        """
        # This costs the same however many jobs run.
        if not self._unreported and not self._ends.has_pending():
            return None
        ended = self._take_unreported()
        print(text.report(ended), end="")
        return True if ended else None

    # Waiting and stopping.

    def wait(self, timeout: float | None = None) -> None:
        """Waits until no job runs, whatever the outcomes; a job that calls this does not wait for itself.

        Raises `TimeoutError` after `timeout` seconds; its text names the jobs that still run.
        """
        futures.wait_while(lambda: self.running, timeout)

    def stop(
        self, *which: Any, reason: str = "stopped by its user", timeout: float = 1.0
    ) -> dict[int, stopping.Verdict]:
        """Stops the jobs that `select` would return, all at once, and returns the verdicts by the jobs' numbers.

        It takes `timeout` seconds at most, however many jobs there are. Raises what `select` does, and then has stopped
        none.

        >>> from bgjobs import sleep
        >>> jobs = BackgroundJobManager()
        >>> started = jobs.map(sleep, [3600, 3600])
        >>> all(verdict.stopped for verdict in jobs.stop("running").values())
        True
        """
        if not which:
            raise TypeError('give the jobs that are meant, for example jobs.stop("running")')
        chosen = selection.select(self.all, which)
        verdicts = stopping.stop(chosen, reason, timeout)
        return {job.num: verdict for job, verdict in zip(chosen, verdicts) if job.num is not None}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Waits for all jobs; if the block has raised, or Ctrl-C ends the wait, stops those that run."""
        try:
            if kind is None:
                self.wait()
        finally:
            self.stop("running", "queued", reason="the block of its manager was left by an exception")

    # Reading.

    def result(self, num: int) -> Any:
        """The result of job `num`, like `jobs[num].result`; an unknown number is logged as an error."""
        job = self._find(num)
        return None if job is None else job.result

    def to_json(self, indent: int | None = None) -> str:
        """The summaries of all jobs, in the order of their numbers, as JSON; see `job.summary()` for their keys.

        >>> jobs = BackgroundJobManager()
        >>> jobs.new("6 * 7", {}).join()
        >>> import json
        >>> [(job["id"], job["name"], job["state"]) for job in json.loads(jobs.to_json())]
        [(0, '6 * 7', 'done')]
        """
        import json

        from . import summary

        return json.dumps([summary.of(job) for job in self], indent=indent)

    def traceback(self, job: int | BackgroundJobBase | None = None) -> None:
        """Prints the traceback of a job, given itself or by its number; without an argument, those of all dead jobs."""
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
        """Forgets a finished job; a running job, or an unknown number, is logged as an error instead."""
        job = self._find(num)
        if job is None:
            return
        if not job.done():
            _log_error(f"Job #{num} is still running, it can not be removed.")
            return
        jobs = self.completed if job.outcome == "done" else self.dead
        if job in jobs:
            jobs.remove(job)
        self._forget([job])
        self._table.remove(num)

    def flush(self) -> None:
        """Forgets all finished jobs, and prints how many; the next report still has those that were not reported."""
        completed, dead = self.completed, self.dead
        self._forget(completed + dead)
        lines = text.flushed("Completed", len(completed)) + text.flushed("Dead", len(dead))
        print(lines or "No jobs to flush.\n", end="")
        completed.clear()
        dead.clear()
        self._table.flush()

    def _forget(self, jobs: list[BackgroundJobBase]) -> None:
        for job in jobs:
            self.all.pop(job.num, None)  # type: ignore[arg-type]

    def _find(self, num: Any) -> BackgroundJobBase | None:
        """The job of a number; if there is none, logs an error."""
        try:
            return self.all[num]
        except KeyError:
            _log_error(f"Job #{num} not found")
            return None


def _warn_about(keywords: dict[str, Any]) -> None:
    """Warns that `new` does not pass on keywords that it does not know."""
    import warnings

    ignored = ", ".join(f"{name}=" for name in keywords)
    warnings.warn(
        f"jobs.new ignores {ignored}: pass the function's keyword arguments as kw={{...}}, or use jobs.submit",
        stacklevel=3,
    )


def _log_error(message: str) -> None:
    """Logs on the root logger, as the original does, but without installing a handler in the user's process."""
    root = logging.getLogger()
    if root.handlers:
        root.error(message)
    elif root.isEnabledFor(logging.ERROR):
        record = root.makeRecord(root.name, logging.ERROR, __file__, 0, message, (), None)
        if root.filter(record):
            sys.stderr.write(logging.Formatter(logging.BASIC_FORMAT).format(record) + "\n")
