"""Pickles for another process: functions and classes of `__main__` are in them by value, with their code.

On top of cloudpickle, code keeps the name of its file, by which tracebacks find the lines; what `functools` and
`typing` make of functions and types is sent too; and the functions of `random` stay names: with the state of the
generator whose methods they are, all processes would draw the same numbers.

This module does not know jobs. It imports cloudpickle, which takes long.
"""

from __future__ import annotations

import functools
import io
import operator
import pickle
import sys
import types
import typing
import weakref
from contextlib import suppress
from typing import Any

import cloudpickle

_CACHED = type(functools.lru_cache(abs))
_NEW_TYPE = typing.NewType if isinstance(typing.NewType, type) else _CACHED
_ALIAS: Any = getattr(typing, "TypeAliasType", _CACHED)
_OF_MAIN = (type, types.FunctionType, _CACHED, _NEW_TYPE, _ALIAS)
"""What pickles refer to by its name."""

_GENERATORS = {"random": "_inst", "numpy.random.mtrand": "_rand"}
"""Modules whose functions are methods of a generator, and its name there."""


def dumps(value: Any) -> bytes:
    """One value as a pickle. Raises what cloudpickle raises for a value that can't be sent."""
    file = io.BytesIO()
    Pickler(file).dump(value)
    return file.getvalue()


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickles several values into one file, for one `pickle.Unpickler`: what they share, they share there too."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.codes: list[types.CodeType] = []
        """The code so far."""
        self._of_main: list[Any] = []

    def reducer_override(self, value: Any) -> Any:
        ipython = sys.modules.get("IPython")
        if ipython is not None and value is not None and value is ipython.get_ipython():
            # Magics and `!` are calls of it. The other process has its own.
            return ipython.get_ipython, ()
        if isinstance(value, types.CodeType):
            self.codes.append(value)
            return _reduce_code(value)
        if isinstance(value, _OF_MAIN) and value.__module__ == "__main__":
            self._of_main.append(value)
            if not isinstance(value, (type, types.FunctionType)):
                return _reduce_made(value)
        if type(value) is weakref.WeakKeyDictionary:
            # Each function of `singledispatch` has one.
            return weakref.WeakKeyDictionary, (dict(value),)
        if type(value) is functools.cached_property:
            # Up to Python 3.11 it has a lock.
            return functools.cached_property, (value.func,), {"attrname": value.attrname}
        if isinstance(value, (types.MethodType, types.BuiltinMethodType)):
            for module, name in _GENERATORS.items():
                if module in sys.modules and value.__self__ is getattr(sys.modules[module], name, None):
                    return getattr, (sys.modules[module], value.__name__)
        theirs = super().reducer_override(value)
        if isinstance(value, type) and isinstance(theirs, tuple) and len(theirs) > 2:
            # cloudpickle forgets in which class a class is.
            theirs[2][0]["__qualname__"] = value.__qualname__
        return theirs

    def names(self) -> dict[str, Any]:
        """Names of `__main__`: those by which plain pickles refer to the functions and classes so far."""
        main = vars(sys.modules["__main__"])
        found: dict[str, Any] = {}
        for value in self._of_main:
            name, *inner = getattr(value, "__qualname__", value.__name__).split(".")
            # Otherwise there is no such name here either, or what has it as an attribute can't be sent.
            with suppress(Exception):
                holder = main[name]
                if _attribute(holder, inner) is value and name not in found:
                    if inner:
                        dumps(holder)
                    found[name] = holder
        return found


def _attribute(value: Any, path: list[str]) -> Any:
    return functools.reduce(getattr, path, value)


def _reduce_made(value: Any) -> tuple[Any, ...]:
    """How to make a function with a cache, a new type or an alias again; cloudpickle would send its name alone."""
    if isinstance(value, _CACHED):
        cache = _Reduced((functools.lru_cache, tuple(value.cache_parameters().values())))
        return operator.methodcaller("__call__", value.__wrapped__), (cache,)
    if isinstance(value, _NEW_TYPE):
        return _NEW_TYPE, (value.__name__, value.__supertype__)
    return functools.partial(_ALIAS, type_params=value.__type_params__), (value.__name__, value.__value__)


def _reduce_code(code: types.CodeType) -> tuple[Any, ...]:
    """From 3.1.3 on cloudpickle drops the name of the file."""
    theirs = cloudpickle.Pickler.dispatch_table[types.CodeType](code)
    return operator.methodcaller("replace", co_filename=code.co_filename), (_Reduced(theirs),)


class _Reduced:
    """Is pickled as this reduction, and so becomes the value that the reduction makes."""

    def __init__(self, reduction: tuple[Any, ...]) -> None:
        self._reduction = reduction

    def __reduce__(self) -> tuple[Any, ...]:
        return self._reduction
