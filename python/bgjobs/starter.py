"""Starting jobs with the same options: `jobs.options(group="net", retry=3).submit(f, x=1)`, and groups.

It does not know managers, nor what the options mean.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any, Callable, Optional

from . import names
from .jobs import BackgroundJobBase, BackgroundJobExpr, BackgroundJobFunc
from .labels import value
from .options import Options

Launch = Callable[[BackgroundJobBase, Optional[Options], bool, bool, Any, bool], BackgroundJobBase]
"""Starts a job with options: whether as a daemon, in a process of its own, on an engine (or None), and whether kept."""

_HOW = ("daemon", "process", "keep", "snapshot", "on")
"""The options of `jobs.new` that say how a body runs."""


def body_of(
    func_or_exp: Any, args: Any, kw: Mapping[str, Any], snapshot: bool | str, frame: FrameType | None
) -> BackgroundJobFunc | BackgroundJobExpr:
    """The job that calls a function, or evaluates an expression with the names of a frame."""
    if snapshot not in (False, True, "deep"):
        raise ValueError(f'snapshot is True, False or "deep", not {snapshot!r}')
    if callable(func_or_exp):
        if snapshot:
            raise ValueError("snapshot is for expressions; a function looks up its names where it was defined")
        return BackgroundJobFunc(func_or_exp, *args, **kw)
    if isinstance(func_or_exp, str):
        if not args and frame is not None:
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
        return body
    error = TypeError("invalid args for new job")
    if hasattr(error, "add_note"):
        # The text is the original's.
        error.add_note(_way_out(func_or_exp))
    raise error


def _way_out(given: Any) -> str:
    """What to give instead of what makes no job."""
    if inspect.iscoroutine(given):
        given.close()
        name = given.cr_code.co_name
        return f"a job calls the function itself, as in jobs.new({name}, ...), or evaluates a text: 'await {name}()'"
    return f"a job calls a function, or evaluates a text; this is neither: {value(given)}"


class Starter:
    """Starts jobs with the options that `jobs.options(...)` was given.

    >>> from bgjobs import BackgroundJobManager
    >>> jobs = BackgroundJobManager()
    >>> careful = jobs.options(retry=3, time_limit=60)
    >>> careful.submit(sorted, [1, 3, 2], reverse=True).get()
    [3, 2, 1]
    """

    def __init__(self, launch: Launch, known: dict[int, BackgroundJobBase], given: dict[str, Any]) -> None:
        unknown = [name for name in given if name not in _HOW and name not in Options.NAMES]
        if unknown:
            names = ", ".join((*Options.NAMES, *_HOW))
            raise TypeError(f"there is no option {unknown[0]}; there are {names}")
        self._start = launch
        self._known = known
        self._how = {name: given[name] for name in _HOW if name in given}
        self._given = {name: value for name, value in given.items() if name not in _HOW}
        self._options = Options(known, **self._given) if self._given else None

    def options(self, **options: Any) -> Starter:
        """The same with further options."""
        return Starter(self._start, self._known, {**self._given, **self._how, **options})

    def new(
        self, func_or_exp: str | Callable[..., Any], *args: Any, kw: dict[str, Any] | None = None
    ) -> BackgroundJobBase:
        """Starts a job, as `jobs.new` does."""
        return self._launch(body_of(func_or_exp, args, kw or {}, self._how.get("snapshot", False), sys._getframe(1)))

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> BackgroundJobBase:
        """Starts a job that calls `function(*args, **kwargs)`, as `jobs.submit` does."""
        return self._launch(BackgroundJobFunc(function, *args, **kwargs))

    def map(self, function: Callable[..., Any], *iterables: Iterable[Any]) -> list[BackgroundJobBase]:
        """Starts a job for each call that `map` would make, as `jobs.map` does."""
        return [self.submit(function, *items) for items in zip(*iterables)]

    def sh(self, command: str, **settings: Any) -> BackgroundJobBase:
        """Starts a command of the system's shell, as `jobs.sh` does."""
        from .command import BackgroundJobCommand

        return self._launch(BackgroundJobCommand(command, **settings))

    def start(self, job: BackgroundJobBase) -> BackgroundJobBase:
        """Starts a job object, as `jobs.start` does."""
        return self._launch(job)

    def _launch(self, job: BackgroundJobBase) -> BackgroundJobBase:
        how = self._how
        daemon, process, keep = (how.get(name, False) for name in ("daemon", "process", "keep"))
        return self._start(job, self._options, daemon, process, how.get("on"), keep)
