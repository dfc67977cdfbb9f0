"""The manager: starts jobs, which its list then holds.

It does not know how jobs run.
"""

from __future__ import annotations

import itertools
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Callable

from . import _core, reporting, schedule, workers
from .futures import as_completed
from .groups import Group, check_limit
from .job_list import JobList
from .jobs import BackgroundJobBase, BackgroundJobFunc
from .labels import of_call
from .options import Options
from .starter import Starter, body_of

if TYPE_CHECKING:
    import os
    from types import EllipsisType

    from .options import Follow

_log = logging.getLogger("bgjobs")

_NO_KEYWORDS: Mapping[str, Any] = {}


class BackgroundJobManager(JobList):
    """Starts background jobs, and holds them by number.

    Below, `jobs` is a manager:

    - `jobs.new(...)` starts a job; `jobs.submit(function, ...)` does so with ordinary keyword arguments, and
      `jobs.start(job)` starts a job object.
    - `jobs.sh("make -j2")` starts a command of the system's shell.
    - `jobs()` or `jobs.status()` shows all jobs.
    - `jobs.panel()` shows and stops them in a notebook while they run.
    - `jobs[N]` is job number N, `jobs[N].result` its result.
    - `jobs[N].traceback()` or `jobs.traceback(N)` prints why it died, `jobs.traceback()` does so for all dead jobs.
    - `jobs[N].stop()` stops it, `jobs.stop("running")` all that run; `jobs.select("failed")` is a list of jobs.
    - `jobs.wait()` waits for all jobs, and so does the end of `with BackgroundJobManager() as jobs:`.
    - `jobs.rerun(N)` starts it again.
    - `jobs.remove(N)` forgets a finished job, `jobs.flush()` all of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.engines: dict[str, Any] = {}
        """The engines that a name means in `on=`: `jobs.engines["farm"] = client`."""

    def new(
        self,
        func_or_exp: str | Callable[..., Any],
        *args: Any,
        kw: Mapping[str, Any] = _NO_KEYWORDS,
        daemon: bool = False,
        process: bool = False,
        keep: bool = False,
        on: Any = None,
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
        a process of its own (see `bgjobs.process`); with `keep=True`, that process outlives this program, and
        `jobs.attach("k12")` goes on with it in another (see `bgjobs.kept`); with `on=pool`, it runs on an engine of
        yours (see `bgjobs.engines`), or on that of this name in `jobs.engines`; with `snapshot=True`, an expression
        gets its own copy of the names that it refers to, so that it does not see them rebound, and with
        `snapshot="deep"`, of their values too.

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
        if kw and isinstance(func_or_exp, str):
            _warn("jobs.new ignores kw= with an expression: give its names as jobs.new(expression, names)")
        body = body_of(func_or_exp, args, kw, snapshot, sys._getframe(1) if isinstance(func_or_exp, str) else None)
        given = name, group, priority, delay, after, after_ended, time_limit, retry, backoff, log_bytes, log_file
        # Most jobs have no options, and this is the fastest way to find that out.
        if given.count(None) == len(given):
            if not (daemon or process or keep) and on is None:
                return self.start(body)
            options = None
        else:
            options = Options(self.all, *given)
        return self._launch(body, options, daemon, process, on, keep)

    def _launch(
        self, job: Any, options: Options | None, daemon: bool, process: bool, on: Any = None, keep: bool = False
    ) -> BackgroundJobBase:
        """Starts a job with options, on an engine, in a process of its own or one that outlives this, if asked to."""
        if keep:
            if on is not None:
                raise ValueError("keep=True runs a job on this machine: leave out on=")
            from .keeping import keep as kept

            job = kept(job)
            options = None if options is None else options.for_keeper()
        elif on is not None:
            from .engines import on_engine

            job = on_engine(job, on, self.engines, process)
        elif process:
            from .process import BackgroundJobProcess

            job = BackgroundJobProcess(job)
        if daemon:
            job._daemon = True
        if options is not None:
            job._options = options
            if options.name is not None:
                job.strform = job._label = options.name
        if keep and (options is None or not options.is_scheduled):
            job._keep()
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
        progress: bool = False,
        **options: Any,
    ) -> list[BackgroundJobBase]:
        """Starts a job for each call that `map` would make, and returns the jobs in that order.

        With `limit`, only that many run at once: those of the option `group`, or of a new group `map-1`, `map-2`, ...
        With `progress`, one job more, such as `all 20 of fit()`, shows how many have ended, and how long the rest will
        take. The other options are those of `new`.

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
        started = [submit(function, *items) for items in zip(*iterables)]
        if progress:
            self.new(_count, started, daemon=True, name=f"all {len(started)} of {of_call(function, (), {})}")
        return started

    def options(self, **options: Any) -> Starter:
        """What starts jobs with options: `jobs.options(group="net", retry=3).submit(f, x=1)`; `new` explains them.

        Raises `TypeError` or `ValueError` for an option that is wrong.
        """
        return Starter(self._launch, self.all, options)

    def on(self, engine: Any, **wants: Any) -> Starter:
        """What starts jobs on an engine: `jobs.on(client, priority=5).submit(f, x=1)`.

        `wants` are those of the engine for a task, in its own words (of a Dask client `resources`, `priority`, ...).
        `folder` is one that an executor's workers see too, if they run on other machines.

        Raises `TypeError` if it is no engine, or does not know a want.
        """
        from .engines import target

        return Starter(self._launch, self.all, {"on": target(engine, self.engines, wants)})

    def attach(self, engine: Any) -> Any:
        """Goes on with what another program has started.

        `jobs.attach("k12")` follows a kept job, from the beginning of its log, and returns the job (see `bgjobs.kept`);
        `jobs.kept()` lists them. Of an engine, a `Slurm`, it follows all jobs that programs which have ended have left
        there, and returns a list.

        Raises `LookupError` if there is no such job, and `TypeError` if the engine keeps no jobs.
        """
        if isinstance(engine, str) and engine not in self.engines and re.fullmatch(r"k?\d+", engine):
            from .keeping import attached

            return self.start(attached(engine))
        from .engines import left_on

        return [self.start(job) for job in left_on(engine, self.engines)]

    def kept(self, all: bool = False) -> Any:
        """The jobs that outlive their programs (see `bgjobs.kept`): those that run and the newest 20, or all.

        It is a list of dicts, with `id`, `name`, `state` and what else is known; at a prompt it shows a line for each.
        Raises `OSError` if their folder can't be used.
        """
        from .keeping import listed

        return listed(all)

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
        if job._options is None:
            workers.start_in(job, self._table, self.all)
        else:
            job.num = workers.enter(job, self._table)
            self.all[job.num] = job
            schedule.enter(job, job._options)
        if self._panel is not None:
            self._panel.wake()
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("Starting job # %s in a separate thread.", job.num)
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


def _count(jobs: list[BackgroundJobBase]) -> None:
    """Reports how many of the jobs have ended, until all have."""
    reporting.progress(0, len(jobs))
    for done, _ in enumerate(as_completed(jobs), 1):
        reporting.progress(done, len(jobs))


def _warn_about(keywords: dict[str, Any]) -> None:
    """Warns that `new` does not pass on keywords that it does not know."""
    ignored = ", ".join(f"{name}=" for name in keywords)
    _warn(f"jobs.new ignores {ignored}: pass the function's keyword arguments as kw={{...}}, or use jobs.submit", 4)


def _warn(text: str, level: int = 3) -> None:
    """Warns the caller of `new`."""
    import warnings

    warnings.warn(text, stacklevel=level)
