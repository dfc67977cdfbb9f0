"""A job in a few words, for lists: `fit(3, lr=0.1)`.

A label is one short line that a terminal can show safely. Values of the user's classes are named by their class:
their `repr` may be slow or huge, or fail. This module does not know the classes of jobs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice
from types import FunctionType, MethodType
from typing import Any

from .record import Record
from .text import harmless

_LENGTH = 60
"""How many characters a label has at most."""

_NAME = 40
"""How many characters of the name of a function are shown."""

_STRING = 20
"""How many characters of a string are shown, or bytes."""

_ITEMS = 3
"""How many items of a container are shown."""

_DEPTH = 2
"""How many containers deep items are shown."""

_LARGE = 10**15
"""An integer of this size or more is named by its class."""

_LAMBDA = ": ..."
"""The end of the name that we give a lambda."""

_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("{", "}"),
    dict: ("{", "}"),
}

_IMPORTS = r"(?m)^[ \t]*(?:import|from)[ \t](?!.*;)[^(\n]*(?:\([^)]*\))?.*\n?"

_class_name = type.__dict__["__name__"].__get__
"""A class's name, whatever its metaclass says."""


def label(job: Record) -> str:
    """The label of a job: the name that its user gave it, or what it calls."""
    name = job._label
    return job._describe() if name is None else short(name)


def of_function_job(job: Any) -> str:
    """The label of a job that calls a function; its text, if its user has set another than the function's."""
    if type(job.func) is FunctionType and str(job) != str(job.func):
        return short(str(job))
    return of_call(job.func, job.args, job.kwargs)


def short(text: str, length: int = _LENGTH) -> str:
    r"""A text as a label: one line, cut, and without control characters.

    >>> short("fit(data,\n    rate)")
    'fit(data, rate)'
    >>> short("x" * 100) == "x" * 57 + "..."
    True
    """
    head = text[: length * 10]
    line = harmless(" ".join(head.split()))
    return line if len(line) <= length and len(head) == len(text) else f"{line[: length - 3]}..."


def of_call(function: Any, args: Iterable[Any], kwargs: Mapping[str, Any]) -> str:
    """The label of a call; arguments for which there is no room are left out.

    >>> of_call(partial(sorted, reverse=True), [[3, 1, 2]], {})
    'sorted([3, 1, 2], reverse=True)'
    >>> of_call(lambda x: x, ["a" * 100], {})
    "(lambda x: ...)('aaaaaaaaaaaaaaaaaaaa...')"
    """
    while type(function) is partial:
        args, kwargs = [*function.args, *args], {**function.keywords, **kwargs}
        function = function.func
    line = short(_callee(function), _NAME) + "("
    words = [value(argument) for argument in islice(args, _LENGTH)]
    words += [f"{harmless(key)}={value(argument)}" for key, argument in islice(kwargs.items(), _LENGTH)]
    for at, word in enumerate(words):
        separator = ", " * (at > 0)
        more = ", ..." * (at + 1 < len(words))
        if len(f"{line}{separator}{word}{more})") > _LENGTH:
            return f"{line}{separator}...)"
        line += separator + word
    return line + ")"


def of_cell(source: str) -> str:
    r"""The label of a cell: its first line that is not an import, and dots for the others.

    >>> of_cell("import time\n\ntime.sleep(3)")
    'time.sleep(3) ...'
    """
    telling = re.sub(_IMPORTS, "", source).strip() or source.strip()
    line = short(telling.partition("\n")[0], _LENGTH - len(" ..."))
    has_more = "\n" in source.strip() and not line.endswith("...")
    return line + " ..." * has_more


def value(of: Any, depth: int = 0) -> str:
    """A value in a few words: itself if it is small and of a class of Python's own, otherwise its class.

    >>> value({"a": (1, 2.5), "b": object()})
    "{'a': (1, 2.5), 'b': <object>}"
    """
    kind = type(of)
    # Other metaclasses may have their own `==`.
    if type(kind) is type:
        if of is None or of is ... or kind in (bool, float, complex) or (kind is int and -_LARGE < of < _LARGE):
            return repr(of)
        if kind in (str, bytes):
            shown = repr(of[:_STRING])
            return shown if len(of) <= _STRING else f"{shown[:-1]}...{shown[-1]}"
        if kind in _BRACKETS:
            return _container(of, depth)
    return short((_name(of) if callable(of) else None) or _class_of(of), _NAME)


def _container(of: Any, depth: int) -> str:
    kind = type(of)
    opening, closing = _BRACKETS[kind]
    if not of:
        return f"{_class_name(kind)}()" if kind in (set, frozenset) else opening + closing
    words = ["..."]
    if depth < _DEPTH:
        try:
            items = list(islice(of.items() if kind is dict else of, _ITEMS))
        except RuntimeError:
            # The job is changing it.
            items = []
        if kind is dict:
            words = [f"{value(key, depth + 1)}: {value(item, depth + 1)}" for key, item in items]
        else:
            words = [value(item, depth + 1) for item in items]
        words += ["..."] * (len(of) > len(items))
    only = "," * (kind is tuple and len(words) == 1 and words != ["..."])
    return f"{opening}{', '.join(words)}{only}{closing}"


def _callee(function: Any) -> str:
    name = _name(function) or _class_of(function)
    return f"({name})" if name.endswith(_LAMBDA) else name


def _name(function: Any) -> str | None:
    """What a function, a method or a class is called; None for other objects, unless they wrap a function."""
    kind = type(function)
    if issubclass(kind, type):
        return str(_class_name(function))
    if kind is FunctionType and function.__name__ == "<lambda>":
        names = ", ".join(function.__code__.co_varnames[: function.__code__.co_argcount])
        return f"lambda {names}".rstrip() + _LAMBDA
    if kind is MethodType:
        owner, name = function.__self__, _name(function.__func__) or _class_of(function.__func__)
        owner = owner if issubclass(type(owner), type) else type(owner)
        return name if name.endswith(_LAMBDA) else f"{_class_name(owner)}.{name.rpartition('.')[2]}"
    for attribute in ("__qualname__", "__name__"):
        try:
            # Not by `getattr`, which may run code of the class.
            name = object.__getattribute__(function, attribute)
        except Exception:
            continue
        if type(name) is str:
            return name.rpartition("<locals>.")[2]
    return None


def _class_of(value: Any) -> str:
    return f"<{_class_name(type(value))}>"
