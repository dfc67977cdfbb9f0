"""A cell of statements as a job, and the rule by which the names that it assigns come back.

A cell works on a copy of the prompt's names, taken when it starts; the objects themselves are not copied.
`BackgroundJobCell.bring_back` then assigns its names at the prompt. This module does not know IPython.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping, MutableMapping
from types import CodeType, CoroutineType, FunctionType
from typing import Any, Callable

from . import coroutines, labels
from .jobs import BackgroundJobBase
from .names import referenced
from .payload import pack
from .process import BackgroundJobProcess
from .remote import Child

_UNBOUND = object()


def split(source: str, filename: str, compiler: Callable[..., CodeType] = compile) -> tuple[CodeType, CodeType | None]:
    """The code of a cell's statements, and of the expression that it ends with, if there is one.

    `compiler` may replace `compile`, for example to allow ``await``. Raises `SyntaxError`.

    >>> body, last = split("x = 6; x * 7", "a cell")
    >>> execute(body, last, {})
    42
    """
    tree = ast.parse(source, filename)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = compiler(ast.Expression(tree.body[-1].value), filename, "eval")
        del tree.body[-1]
    return compiler(tree, filename, "exec"), last


def execute(body: CodeType, last: CodeType | None, names: dict[str, Any], job: BackgroundJobBase | None = None) -> Any:
    """Runs a cell with these names; returns the value of the expression that it ends with, or None.

    A cell that awaits something, or ends with a coroutine, gets its own event loop. Without a `job` this process runs
    nothing but the cell.
    """
    codes = [body] if last is None else [body, last]

    async def awaiting() -> Any:
        value = None
        for code in codes:
            value = eval(code, names)
            if type(value) is CoroutineType:
                value = await value
        return value

    value: Any
    if any(code.co_flags & inspect.CO_COROUTINE for code in codes):
        value = awaiting()
    else:
        exec(body, names)
        value = None if last is None else eval(last, names)
    if type(value) is not CoroutineType:
        return value
    if job is not None:
        return coroutines.run(value, job)
    from .event_loop import Loop

    return Loop().run(value)


class BackgroundJobCell(BackgroundJobBase):
    """A job that runs the statements of a cell, on its own copy of `names`.

    Its result is the value of the expression that the cell ends with, or None. `source` is only
    shown; `body` and `last` are what `split` returns for it.

    >>> prompt = {"x": 1}
    >>> job = BackgroundJobCell("y = x + 1", *split("y = x + 1", "a cell"), prompt)
    >>> job.start()
    >>> job.join()
    >>> job.names
    {'y': 2}
    >>> job.bring_back(prompt)
    (['y'], [])
    >>> prompt["y"]
    2
    """

    _expect: Callable[[BackgroundJobCell], object] | None = None
    """Called with each new cell that comes of this one, by whom brings back its names."""

    def __init__(self, source: str, body: CodeType, last: CodeType | None, names: Mapping[str, Any]) -> None:
        lines = [line.strip() for line in source.splitlines() if line.strip()]
        self.strform = lines[0] + " ..." * (len(lines) > 1)
        self.source = source
        self._body, self._last = body, last
        self._before, self._own = dict(names), dict(names)
        self._final_names: dict[str, Any] | None = None
        self._brought_back = False
        self._init()

    def _describe(self) -> str:
        return labels.of_cell(self.source)

    def _copy(self, names: Mapping[str, Any]) -> BackgroundJobBase:
        job = type(self)(self.source, self._body, self._last, names)
        if self._expect is not None:
            job._expect = self._expect
            job._expect(job)
        return job

    @property
    def names(self) -> dict[str, Any]:
        """What the cell has assigned, by name; if it failed, what it had assigned by then."""
        return dict(self._assigned() if self._final_names is None else self._final_names)

    def _assigned(self) -> dict[str, Any]:
        own, before = dict(self._own), self._before
        own.pop("__builtins__", None)
        return {name: own[name] for name in own if own[name] is not before.get(name, _UNBOUND)}

    def call(self) -> Any:
        try:
            return execute(self._body, self._last, self._own, self)
        finally:
            self._settle(self._assigned())

    def _settle(self, assigned: dict[str, Any]) -> None:
        # The rest belongs to the prompt, and this job should not keep it alive.
        self._final_names = assigned
        self._before = {name: self._before[name] for name in assigned if name in self._before}
        self._own = {}

    def bring_back(self, prompt: MutableMapping[str, Any]) -> tuple[list[str], list[str]]:
        """Assigns the cell's names at the prompt, once, if the cell has ended without error.

        A name that was rebound at the prompt since the cell started keeps its value there.
        Returns the names that came back, and those that did not.
        """
        if self._brought_back or self.outcome != "done":
            return [], []
        self._brought_back = True
        back, rebound = [], []
        for name, value in self.names.items():
            if prompt.get(name, _UNBOUND) is self._before.get(name, _UNBOUND):
                prompt[name] = value
                back.append(name)
            else:
                rebound.append(name)
        self._before = {}
        return sorted(back), sorted(rebound)


class BackgroundJobProcessCell(BackgroundJobProcess, BackgroundJobCell):
    """A cell that runs in a process of its own, with copies of the names that it refers to.

    What it assigns comes back if the cell ends without error and the value can be sent; its log names
    the values that can't. Changes to objects stay in its process.

    Raises `pickle.PicklingError`, which names the first value that cannot be sent.
    """

    def __init__(self, source: str, body: CodeType, last: CodeType | None, names: Mapping[str, Any]) -> None:
        BackgroundJobCell.__init__(self, source, body, last, names)
        codes = (body,) if last is None else (body, last)
        wanted = {name for code in codes for name in referenced(code)}
        sent = {name: names[name] for name in sorted(wanted & names.keys())}
        sent.pop("__builtins__", None)
        parts = {f"the value of {name!r}": value for name, value in sent.items()}
        # This sends the cell's lines along, for its tracebacks.
        parts["the cell"] = FunctionType(body, {})
        self._child = Child(pack(("call", _run_remotely, (body, last, sent), {}), parts))

    _copy = BackgroundJobCell._copy

    def call(self) -> Any:
        result, assigned = super().call()
        self._settle(assigned)
        return result


def _run_remotely(body: CodeType, last: CodeType | None, names: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Runs a cell; returns its value, and what it assigned that can be sent back."""
    import cloudpickle

    own = {**names, "__name__": "__main__"}
    result = execute(body, last, own)
    assigned = {}
    for name in own.keys() - {"__builtins__", "__name__"}:
        if own[name] is names.get(name, _UNBOUND):
            continue
        try:
            cloudpickle.dumps(own[name])
        except Exception as error:
            print(f"{name} cannot be sent back from this process: {error}", file=sys.stderr)
        else:
            assigned[name] = own[name]
    return result, assigned
