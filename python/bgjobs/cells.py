"""A cell of statements as a job, and the rule by which the names that it assigns come back.

A cell works on a copy of the prompt's names, taken when it starts; the objects themselves are not copied.
`BackgroundJobCell.bring_back` then assigns its names at the prompt. This module does not know IPython.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from types import CodeType, CoroutineType
from typing import Any, Callable, NamedTuple

from . import coroutines, labels
from .fingerprints import fingerprint
from .jobs import BackgroundJobBase
from .names import assigned, nested, referenced
from .payload import pack
from .process import BackgroundJobProcess
from .remote import Child

_UNBOUND = object()

PYTHONS = {
    "__annotate__",
    "__annotations__",
    "__builtins__",
    "__conditional_annotations__",
    "__warningregistry__",
    "_exit_code",
}
"""The names that Python itself assigns while code runs, and IPython for `!`."""

_SCOPES = (
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.DictComp,
    ast.FunctionDef,
    ast.GeneratorExp,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
)
"""The kinds of code that have names of their own."""

_PLAIN = (bool, bytes, complex, float, int, str)
"""The types whose values are compared: that is quick, has no effect, and gives True or False."""


class Code(NamedTuple):
    """A cell, compiled."""

    body: CodeType
    """Its statements."""
    last: CodeType | None
    """The expression that it ends with, if there is one."""
    passing: frozenset[str]
    """The names that it binds only as the variables of loops and of `with`."""

    def codes(self) -> list[CodeType]:
        return [self.body] if self.last is None else [self.body, self.last]

    def assigns(self) -> set[str]:
        """The names that it assigns."""
        return {name for part in self.codes() for name in assigned(part)}


def split(source: str, filename: str, compiler: Callable[..., CodeType] = compile) -> Code:
    """Compiles a cell.

    `compiler` may replace `compile`, for example to allow ``await``. Raises `SyntaxError`.

    >>> code = split("x = 6; x * 7", "a cell")
    >>> execute(code.body, code.last, {})
    42
    """
    tree = ast.parse(source, filename)
    passing = _passing(tree)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = compiler(ast.Expression(tree.body[-1].value), filename, "eval")
        del tree.body[-1]
    return Code(compiler(tree, filename, "exec"), last, passing)


def _passing(tree: ast.Module) -> frozenset[str]:
    """The names that a cell binds only as the variables of loops and of `with`."""
    bound, targets = [], []
    for node in _in_its_scope(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.append(node.id)
        target = getattr(node, "optional_vars", None)
        if isinstance(node, (ast.For, ast.AsyncFor)):
            target = node.target
        if target is not None:
            targets += [part.id for part in ast.walk(target) if isinstance(part, ast.Name)]
    return frozenset(name for name in targets if bound.count(name) == targets.count(name))


def _in_its_scope(node: ast.AST) -> Iterator[ast.AST]:
    """All parts of a cell but those with names of their own."""
    for part in ast.iter_child_nodes(node):
        if not isinstance(part, _SCOPES):
            yield part
            yield from _in_its_scope(part)


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
    shown; `body`, `last` and `passing` are what `split` returns for it.

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

    changed: Sequence[str] = ()
    """The names of objects that it has changed where nobody else sees that."""

    _expect: Callable[[BackgroundJobCell], object] | None = None
    """Called with each new cell that comes of this one, by whom brings back its names."""

    def __init__(
        self, source: str, body: CodeType, last: CodeType | None, passing: frozenset[str], names: Mapping[str, Any]
    ) -> None:
        lines = [line.strip() for line in source.splitlines() if line.strip()]
        self.strform = lines[0] + " ..." * (len(lines) > 1)
        self.source = source
        self._code = Code(body, last, passing)
        self._before, self._own = dict(names), dict(names)
        self._final_names: dict[str, Any] | None = None
        self._brought_back = False
        self._init()

    def _describe(self) -> str:
        return labels.of_cell(self.source)

    def _copy(self, names: Mapping[str, Any]) -> BackgroundJobBase:
        job = type(self)(self.source, *self._code, names)
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
        return {name: own[name] for name in own if own[name] is not before.get(name, _UNBOUND) and name not in PYTHONS}

    def call(self) -> Any:
        try:
            return execute(self._code.body, self._code.last, self._own, self)
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
        Returns the names that came back, and those that did not; but not those that have the same value there, nor
        rebound variables of loops and of `with`. Names of nothing but underscores stay with the job.
        """
        if self._brought_back or self.outcome != "done":
            return [], []
        self._brought_back = True
        back, rebound = [], []
        for name, value in self.names.items():
            there = prompt.get(name, _UNBOUND)
            if not name.strip("_"):
                # The prompt's own `_` is its last output.
                continue
            same = _same(there, value)
            if there is self._before.get(name, _UNBOUND):
                prompt[name] = value
                back += [name] * (not same)
            elif not same and name not in self._code.passing:
                rebound.append(name)
        self._before = {}
        return sorted(back), sorted(rebound)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same object, or equal ones of a plain type."""
    return one is other or (type(one) is type(other) and type(one) in _PLAIN and one == other)


class BackgroundJobProcessCell(BackgroundJobProcess, BackgroundJobCell):
    """A cell that runs in a process of its own, with copies of the names that it refers to.

    What it assigns comes back if the cell ends without error and the value can be sent; its log names
    the values that can't. An object that it changes in place comes back if it assigns that too (`rows = rows`);
    `changed` has the names of the others.

    Raises `pickle.PicklingError`, which names the first value that cannot be sent.
    """

    def __init__(
        self, source: str, body: CodeType, last: CodeType | None, passing: frozenset[str], names: Mapping[str, Any]
    ) -> None:
        BackgroundJobCell.__init__(self, source, body, last, passing, names)
        sent, parts = to_send(self._code, names)
        self._child = Child(pack(("call", run_remotely, (self._code, sent), {}), parts))

    _copy = BackgroundJobCell._copy

    def call(self) -> Any:
        result, found, self.changed = super().call()
        self._settle(found)
        return result


def to_send(code: Code, names: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The names that a cell refers to, to be sent along, and these parts in words."""
    wanted = {name for part in code.codes() for name in referenced(part)}
    if "get_ipython" in wanted:
        wanted |= _in_magics(code, names)
    sent = {name: names[name] for name in sorted(wanted & names.keys())}
    sent.pop("__builtins__", None)
    return sent, {f"the value of {name!r}": value for name, value in sent.items()}


def _in_magics(code: Code, names: Mapping[str, Any]) -> set[str]:
    """The names in the texts of a cell, which magics and `!` evaluate, if their values can be sent."""
    from .by_value import dumps

    texts = [text for part in code.codes() for inner in nested(part) for text in inner.co_consts if type(text) is str]
    found = set()
    for name in {word for text in texts for word in re.findall(r"\w+", text)} & names.keys():
        with suppress(Exception):
            dumps(names[name])
            found.add(name)
    return found


class Ran(NamedTuple):
    """What a cell in another process gives back."""

    result_of_cell: Any
    assigned: dict[str, Any]
    """What it assigned, as far as that can be sent back."""
    changed: list[str]


def run_remotely(code: Code, names: dict[str, Any]) -> Ran:
    """Runs a cell in `__main__`."""
    from .by_value import dumps

    own = vars(sys.modules["__main__"])
    own.update(names)
    before, held = dict(own), {name: fingerprint(value) for name, value in names.items()}
    result = execute(code.body, code.last, own)
    changed = {
        name for name in names if own.get(name, _UNBOUND) is names[name] and fingerprint(names[name]) != held[name]
    }
    assigns = code.assigns()
    found = {}
    for name in own.keys() - PYTHONS:
        if own[name] is before.get(name, _UNBOUND) and name not in changed & assigns:
            continue
        try:
            dumps(own[name])
        except Exception as error:
            if name not in code.passing:
                print(f"{name} cannot be sent back from this process: {error}", file=sys.stderr)
        else:
            found[name] = own[name]
    return Ran(result, found, sorted(changed - assigns))
