"""A cell of statements as a job, and the rule by which the names it assigns come back.

A cell works on a copy of the prompt's names, taken when it starts: the names are its own, the
objects are not copied. `BackgroundJobCell.bring_back` then gives the prompt what was assigned. This
module does not know IPython.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
from collections.abc import Mapping, MutableMapping
from types import CodeType, FunctionType
from typing import Any, Callable

from . import names as names_of
from .jobs import BackgroundJobBase
from .payload import pack
from .process import BackgroundJobProcess, Child

_UNBOUND = object()


def split(source: str, filename: str, compiler: Callable[..., CodeType] = compile) -> tuple[CodeType, CodeType | None]:
    """The code of a cell's statements, and that of the expression it ends with, if it does.

    A `compiler` that knows more, which ``await`` to allow for instance, may take the place of
    `compile`. Raises `SyntaxError`.

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


def execute(body: CodeType, last: CodeType | None, names: dict[str, Any]) -> Any:
    """Runs a cell with these names; the value of the expression it ends with, or None.

    A cell that awaits something gets an event loop of its own.
    """
    codes = [body] if last is None else [body, last]

    async def awaiting() -> Any:
        value = None
        for code in codes:
            value = eval(code, names)
            if code.co_flags & inspect.CO_COROUTINE:
                value = await value
        return value

    if any(code.co_flags & inspect.CO_COROUTINE for code in codes):
        return asyncio.run(awaiting())
    exec(body, names)
    return None if last is None else eval(last, names)


class BackgroundJobCell(BackgroundJobBase):
    """A job that runs the statements of a cell, on a copy of `names` of its own.

    Its result is the value of the expression that the cell ends with, or None. `source` is only
    shown; `body` and `last` are what `split` makes of it.

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

    def __init__(self, source: str, body: CodeType, last: CodeType | None, names: Mapping[str, Any]) -> None:
        lines = [line.strip() for line in source.splitlines() if line.strip()]
        self.strform = lines[0] + " ..." * (len(lines) > 1)
        self.source = source
        self._body, self._last = body, last
        self._before, self._own = dict(names), dict(names)
        self._names: dict[str, Any] | None = None
        self._is_back = False
        self._init()

    @property
    def names(self) -> dict[str, Any]:
        """What the cell has assigned, by name; of one that failed, what it came to."""
        return dict(self._assigned() if self._names is None else self._names)

    def _assigned(self) -> dict[str, Any]:
        own, before = dict(self._own), self._before
        own.pop("__builtins__", None)
        return {name: own[name] for name in own if own[name] is not before.get(name, _UNBOUND)}

    def call(self) -> Any:
        try:
            return execute(self._body, self._last, self._own)
        finally:
            self._keep(self._assigned())

    def _keep(self, assigned: dict[str, Any]) -> None:
        # What was not assigned is the prompt's, and not to be kept alive by this job.
        self._names = assigned
        self._before = {name: self._before[name] for name in assigned if name in self._before}
        self._own = {}

    def bring_back(self, prompt: MutableMapping[str, Any]) -> tuple[list[str], list[str]]:
        """Gives the prompt the names that the cell assigned, once, if it has ended without error.

        A name that was bound anew at the prompt since the cell started keeps what it has there.
        Returns the names that came back, and those that did not.
        """
        if self._is_back or self.outcome != "done":
            return [], []
        self._is_back = True
        back, left = [], []
        for name, value in self.names.items():
            if prompt.get(name, _UNBOUND) is self._before.get(name, _UNBOUND):
                prompt[name] = value
                back.append(name)
            else:
                left.append(name)
        self._before = {}
        return sorted(back), sorted(left)


class BackgroundJobProcessCell(BackgroundJobProcess, BackgroundJobCell):
    """A cell that runs in a process of its own, with copies of the names that it refers to.

    What it assigns comes back if it ends without error, and if it can be sent: of what can't, its
    log says so. What it changes in objects stays there.

    Raises `pickle.PicklingError` naming the first value that cannot be sent there.
    """

    def __init__(self, source: str, body: CodeType, last: CodeType | None, names: Mapping[str, Any]) -> None:
        BackgroundJobCell.__init__(self, source, body, last, names)
        codes = (body,) if last is None else (body, last)
        wanted = {name for code in codes for name in names_of.referenced(code)}
        sent = {name: names[name] for name in sorted(wanted & names.keys())}
        sent.pop("__builtins__", None)
        parts = {f"the value of {name!r}": value for name, value in sent.items()}
        # Brings the cell's lines along, for its tracebacks.
        parts["the cell"] = FunctionType(body, {})
        self._child = Child(pack(("call", _run_there, (body, last, sent), {}), parts))

    def call(self) -> Any:
        result, assigned = super().call()
        self._keep(assigned)
        return result


def _run_there(body: CodeType, last: CodeType | None, names: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Runs a cell; its value, and what it assigned that can be sent back."""
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
