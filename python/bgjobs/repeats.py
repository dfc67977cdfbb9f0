"""A function that is sent again and again: it is pickled once, as long as all that it uses stays the same.

That can be seen only of values that nobody can change in place. Of other functions, and of those that are sent by
name, each pickle is new. It does not know jobs.
"""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Iterable
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import cloudpickle

from . import names
from .by_value import Pickler

_FROZEN = frozenset({type(None), bool, int, float, complex, str, bytes, CodeType})

_NAMED = frozenset({type, FunctionType, BuiltinFunctionType})

_MISSING = object()
"""Stands for a global name that has no value."""

_LARGE = 1 << 16
"""A pickle of more bytes is not kept."""


class _Sent(NamedTuple):
    uses: list[Any]
    modules: int
    data: bytes
    pickler: Pickler


_last: _Sent | None = None


def begin(file: io.BytesIO, function: Any) -> Pickler:
    """Pickles a function into an empty file, and returns what pickles more into it, which may share the function.

    Raises what cloudpickle raises.
    """
    global _last
    pickler, last = Pickler(file), _last
    uses = _uses(function) if type(function) is FunctionType and function.__module__ == "__main__" else None
    if uses is None:
        pickler.dump(function)
        return pickler
    # A function that uses a package is sent with the modules of it that are there.
    modules = len(sys.modules)
    if last is None or last.modules != modules or not _are_same(last.uses, uses):
        # The memo of this one stays as it is then.
        kept = io.BytesIO()
        first = Pickler(kept)
        first.dump(function)
        last = _Sent(uses, modules, kept.getvalue(), first)
        _last = last if len(last.data) <= _LARGE else None
    file.write(last.data)
    pickler.memo = last.pickler.memo
    pickler.globals_ref = dict(last.pickler.globals_ref)
    pickler.codes = list(last.pickler.codes)
    return pickler


def _are_same(before: list[Any], now: list[Any]) -> bool:
    return len(before) == len(now) and all(one is other for one, other in zip(before, now))


def _uses(function: FunctionType) -> list[Any] | None:
    """All that the pickle of a function of `__main__` depends on; None if some of it may change in place."""
    if cloudpickle.list_registry_pickle_by_value():
        return None
    found: list[Any] = [function]
    seen: set[int] = set()
    for value in found:
        kind = type(value)
        if kind in _FROZEN or value is _MISSING:
            continue
        parts: Iterable[Any] | None = ()
        if kind is tuple or kind is frozenset:
            parts = value
        elif kind is ModuleType:
            parts = () if sys.modules.get(value.__name__) is value else None
        elif kind is FunctionType and value.__module__ == "__main__":
            parts = _parts(value)
        elif not (kind in _NAMED and _is_named(value)):
            parts = None
        if parts is None:
            return None
        if id(value) not in seen:
            # A function may use itself.
            seen.add(id(value))
            found += parts
    return found


def _parts(function: FunctionType) -> list[Any] | None:
    code, keywords = function.__code__, function.__kwdefaults__ or {}
    try:
        annotations = function.__annotations__
        closure = [cell.cell_contents for cell in function.__closure__ or ()]
    except Exception:
        # Something has no value yet.
        return None
    if vars(function):
        return None
    values = [function.__globals__.get(name, _MISSING) for name in _names(code)]
    own = [code, function.__defaults__, function.__name__, function.__qualname__, function.__doc__]
    more = [
        getattr(function, "__type_params__", ()),
        *keywords,
        *keywords.values(),
        *annotations,
        *annotations.values(),
    ]
    return own + more + closure + values


@functools.lru_cache(64)
def _names(code: CodeType) -> list[str]:
    """The global names of a piece of code."""
    return sorted(names.referenced(code) | names.assigned(code))


def _is_named(value: Any) -> bool:
    """Whether a function or class is sent by name."""
    found: Any = sys.modules.get(value.__module__ or "")
    for name in value.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is value and value.__module__ != "__main__"
