"""Which names a piece of code refers to, and copies of a namespace made of just those.

A job that works on a copy is not surprised when the prompt rebinds a name meanwhile, and a job in
a process of its own is sent the names that it needs and no others.

Only code is looked at, and nothing is run: a name that the code finds at run time (by `eval`,
`globals()`, `vars()`) is not seen.  This module knows neither jobs nor processes.
"""

from __future__ import annotations

import copy
import dis
import types
from collections.abc import Iterator, Mapping
from typing import Any

# `x.lock` puts "lock" beside "x" into `co_names`, so that tuple would ask for names the code never
# looks up.  What an instruction does with its name tells the two apart.
_LOOKS_UP = frozenset(
    {
        "LOAD_NAME",
        "LOAD_GLOBAL",
        "LOAD_FROM_DICT_OR_GLOBALS",
        "DELETE_NAME",
        "DELETE_GLOBAL",
    }
)

# Not in the code, but read by Python itself: the builtins it runs with, and the module it is of.
_OF_PYTHON = ("__builtins__", "__name__")


def referenced(code: types.CodeType) -> set[str]:
    """The names that `code` looks up outside itself: variables, functions, modules and builtins.

    Code inside it (lambdas, comprehensions, functions and classes it defines) counts.  Names of
    attributes, of arguments and of a function's own variables do not.

    >>> sorted(referenced(compile("f(x).y + sum(i * k for i in z)", "", "eval")))
    ['f', 'k', 'sum', 'x', 'z']
    """
    return {step.argval for part in _nested(code) for step in dis.get_instructions(part) if step.opname in _LOOKS_UP}


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)


def used_by(function: types.FunctionType) -> dict[str, Any]:
    """What `function` finds outside itself: the globals it refers to and its closure, by name.

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

    Where both are one mapping, both copies are one dict.  Code that runs with the copies does not
    see a name rebound in the original.  The values are the same objects, unless `deep`: then each
    is copied by `copy.deepcopy`, and what two names share is shared by their copies too.  Modules,
    functions and classes are never copied.  A function keeps its own globals, so a name that only
    a called function refers to is looked up where that function was defined.

    Raises `TypeError` naming the first value that cannot be copied.

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
    new_glob.update(_pick(glob, _OF_PYTHON))
    return new_glob, new_loc


def _pick(names: Mapping[str, Any], wanted: Any) -> dict[str, Any]:
    """The part of `names` that is `wanted`; one lookup each, as others may change it meanwhile."""
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
            f"{error}; leave it out of the expression, or ask for a shallow snapshot"
        ) from error
