"""The payload of a job's process: a function or an expression, with all that it refers to, by value.

This module knows neither jobs nor processes; `_child.py` reads a payload on the other side.
"""

from __future__ import annotations

import io
import linecache
import os
import pickle
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import _child, bars, names

_ASKS = {"process=True": "have a process of its own", "keep=True": "outlive this program", "on=": "run on an engine"}
"""What the options ask for that send a payload."""


def pack_call(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], option: str = "process=True"
) -> bytes:
    """`function(*args, **kwargs)` as a payload, for a `Child` or for what another option of the job asks for.

    Raises `pickle.PicklingError`, which names the first part that cannot be sent.
    """
    parts = {"the function": function}
    parts.update({f"argument {n}": value for n, value in enumerate(args, 1)})
    parts.update({f"argument {name!r}": value for name, value in kwargs.items()})
    return pack(("call", function, tuple(args), dict(kwargs)), parts, option)


def pack_expression(
    expression: str,
    code: types.CodeType,
    glob: dict[str, Any],
    loc: Mapping[str, Any],
    option: str = "process=True",
) -> bytes:
    """`eval(code, glob, loc)` as a payload: the text, and the names that `code` refers to.

    Raises `pickle.PicklingError`, which names the first value that cannot be sent.
    """
    from_glob, from_loc = names.snapshot(code, glob, loc)
    found = {**from_glob, **from_loc, "__name__": "__main__"}
    found.pop("__builtins__", None)  # the child has its own
    parts = {f"the value of {name!r}": value for name, value in found.items()}
    return pack(("eval", expression, code.co_filename, found), parts, option)


def pack(body: tuple[Any, ...], parts: dict[str, Any], option: str = "process=True") -> bytes:
    """What `_child.work` reads: settings, the body, and what the body finds when it runs.

    On an engine `letter.read` does, and finds what is called where the settings would be.
    """
    is_process = option != "on="
    if is_process and not hasattr(os, "fork"):
        raise NotImplementedError(f"{option} needs a POSIX system; start the job without it")
    from . import repeats, settings
    from .by_value import Pickler

    file = io.BytesIO()
    try:
        if is_process:
            pickler = Pickler(file)
            pickler.dump({**settings.of_interpreter(), "before": (f"{__package__}.reporting", bars.MODULES)})
        else:
            # A worker of an engine has settings of its own.
            pickler = repeats.begin(file, body[1])
        pickler.dump(body)
    except Exception as error:
        culprit = _blame(parts, set()) or "a part of it"
        raise pickle.PicklingError(
            f"this job cannot {_ASKS[option]}: {culprit} cannot be sent there ({error}); "
            f"create it in the body, or start the job without {option}"
        ) from error
    found = {"names": pickler.names(), **settings.of_modules()} if is_process else {}
    pickler.dump({"sources": _sources(pickler.codes), **found})
    return file.getvalue()


def _sources(codes: Iterable[types.CodeType]) -> dict[Any, list[str]]:
    """The lines of code that is in no file (from a prompt, or a cell), for tracebacks in the process."""
    # Python's own prompt keeps lines by file up to Python 3.13, and by code from 3.14 on.
    key_of, typed = getattr(linecache, "_make_key", lambda _: None), getattr(linecache, "_interactive_cache", {})
    found: dict[Any, list[str]] = {}
    for code in codes:
        file, key = code.co_filename, key_of(code)
        if file in linecache.cache and not os.path.exists(file):
            found[file] = linecache.getlines(file)
        elif key in typed:
            found[key] = typed[key][2]
    return found


def _blame(parts: Mapping[str, Any], seen: set[int]) -> str | None:
    """Which of `parts` can't be pickled, in words; of a function, which of the values that it uses."""
    from .by_value import dumps

    for label, value in parts.items():
        if id(value) in seen:
            continue
        seen.add(id(value))
        try:
            dumps(value)
        except Exception:
            function = getattr(value, "__func__", value)
            if isinstance(function, types.FunctionType):
                used = names.used_by(function)
                inside = {f"{name!r}, used by {label}": v for name, v in used.items()}
                deeper = _blame(inside, seen)
                if deeper is not None:
                    return deeper
            return f"{label} (a {_child.type_name(value)})"
    return None
