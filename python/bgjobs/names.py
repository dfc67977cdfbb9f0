"""The names that a piece of code refers to, and copies of a namespace with only those.

A job that works on a copy is not affected when the prompt rebinds a name, and a job in a process of
its own is sent only the names that it needs.

The code is inspected, not run: a name that it computes at run time (by `eval`, `globals()`,
`vars()`) is not found. This module knows neither jobs nor processes.
"""

from __future__ import annotations

import copy
import dis
import types
from collections.abc import Iterator, Mapping
from typing import Any

# `x.lock` adds both "x" and "lock" to `co_names`, though the code never looks "lock" up. Only the
# instruction that uses a name tells the two apart.
_LOOKS_UP = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS", "DELETE_NAME", "DELETE_GLOBAL"}

_ASSIGNS = {"STORE_NAME", "STORE_GLOBAL"}

# Python itself reads these: the builtins that the code runs with, and its module.
_IMPLICIT = ("__builtins__", "__name__")


def referenced(code: types.CodeType) -> set[str]:
    """The names that `code` looks up outside itself: variables, functions, modules and builtins.

    This includes the code inside it (lambdas, comprehensions, functions and classes that it
    defines), but not the names of attributes, of arguments and of a function's own variables.

    >>> sorted(referenced(compile("f(x).y + sum(i * k for i in z)", "", "eval")))
    ['f', 'k', 'sum', 'x', 'z']
    """
    return {step.argval for part in nested(code) for step in dis.get_instructions(part) if step.opname in _LOOKS_UP}


def assigned(code: types.CodeType) -> set[str]:
    """The names outside itself that `code` assigns.

    >>> sorted(assigned(compile("x = 1; y += x; z.w = y; z[0] = y", "", "exec")))
    ['x', 'y']
    """
    return {step.argval for part in nested(code) for step in dis.get_instructions(part) if step.opname in _ASSIGNS}


def nested(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code itself, and the code inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from nested(constant)


def used_by(function: types.FunctionType) -> dict[str, Any]:
    """The values that `function` uses from outside: the globals that it refers to and its closure, by name.

    >>> scale = 3
    >>> used_by(lambda x: scale * abs(x))
    {'scale': 3}
    """
    found = _pick(function.__globals__, referenced(function.__code__))
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            pass  # not assigned yet
    return found


def snapshot(
    code: types.CodeType,
    glob: dict[str, Any],
    loc: Mapping[str, Any],
    deep: bool = False,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Copies of the namespaces `glob` and `loc`, with only the names that `code` refers to.

    If both are one mapping, both copies are one dict. Code that runs with the copies does not see a name rebound in
    the original. The values are the same objects, unless `deep` is true: then `copy.deepcopy` copies each, and the
    copies share what the originals share. Modules, functions and classes are never copied. A function still has its
    own globals, so a name that only a called function refers to is looked up where that function was defined.

    Raises `TypeError`, which names the first value that cannot be copied.

    >>> names = {"data": [1, 2], "other": object()}
    >>> code = compile("len(data)", "", "eval")
    >>> glob, loc = snapshot(code, names, names, deep=True)
    >>> names["data"].append(3)
    >>> glob, glob is loc
    ({'data': [1, 2]}, True)
    """
    wanted = referenced(code)
    new_glob = _pick(glob, wanted)
    new_loc = new_glob if loc is glob else _pick(loc, wanted)
    if deep:
        memo: dict[int, Any] = {}
        for names in (new_glob,) if new_loc is new_glob else (new_glob, new_loc):
            for name, value in names.items():
                names[name] = _deep(name, value, memo)
    new_glob.update(_pick(glob, _IMPLICIT))
    return new_glob, new_loc


def _pick(names: Mapping[str, Any], wanted: Any) -> dict[str, Any]:
    """The part of `names` that is `wanted`; each is looked up once, because other threads may change `names`."""
    missing = object()
    found = {name: names.get(name, missing) for name in sorted(wanted)}
    return {name: value for name, value in found.items() if value is not missing}


def _deep(name: str, value: Any, memo: dict[int, Any]) -> Any:
    if isinstance(value, types.ModuleType):
        return value
    try:
        return copy.deepcopy(value, memo)
    except Exception as error:
        raise TypeError(
            f"the value of {name!r} (a {type(value).__qualname__}) cannot be copied for the job: "
            f"{error}; leave it out of the expression, or use snapshot=True"
        ) from error
