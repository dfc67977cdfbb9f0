"""The settings of this process that a job's process begins with; `_child.py` applies them.

Everything else begins afresh there: random numbers, for example, so that no two jobs draw the same. This module does
not know jobs.
"""

from __future__ import annotations

import os
import sys
import warnings
from importlib.machinery import ModuleSpec
from typing import Any

from .by_value import dumps

_LIMITS = ("recursionlimit", "switchinterval", "_int_max_str_digits")
"""Settings of the interpreter: `sys.getrecursionlimit` and so on. Not every Python has the last one."""


def of_interpreter() -> dict[str, Any]:
    """What is set before the body is unpacked. It needs no module but those of every Python."""
    try:
        cwd: str | None = os.getcwd()
    except FileNotFoundError:
        cwd = None
    limits = {f"set{name}": getattr(sys, f"get{name}")() for name in _LIMITS if hasattr(sys, f"get{name}")}
    return {
        "path": sys.path,
        "argv": sys.argv,
        "cwd": cwd,
        "main": _main(),
        "limits": limits,
        "filters": [_filter(*one) for one in warnings.filters],
    }


def _main() -> dict[str, Any]:
    """What multiprocessing and `inspect` want to know of the program: its file, and its name after ``python -m``."""
    main = sys.modules["__main__"]
    known: dict[str, Any] = {name: vars(main)[name] for name in ("__file__", "__package__") if name in vars(main)}
    name = getattr(main.__spec__, "name", None)
    return {**known, "__spec__": name and ModuleSpec(name, None)}


def _filter(action: str, text: Any, kind: Any, *where: Any) -> tuple[Any, ...]:
    """A filter of warnings, with the name of its category if a module would have to be imported for it."""
    known = kind if kind.__module__ == "builtins" else (kind.__module__, kind.__qualname__)
    return action, text, known, *where


def of_modules() -> dict[str, Any]:
    """What is set before the body runs."""
    return {"loggers": _loggers(), "start_method": _start_method()}


def _start_method() -> str | None:
    """How multiprocessing starts its processes, if not by its default."""
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is None:
        return None
    method: str | None = multiprocessing.get_start_method(allow_none=True)
    return None if method == multiprocessing.get_all_start_methods()[0] else method


def _loggers() -> list[tuple[Any, ...]]:
    """The loggers that are not as new: the name, level, whether it propagates and is disabled, and the handlers."""
    logging = sys.modules.get("logging")
    if logging is None:
        return []
    root = logging.root
    found = []
    for logger in [root, *list(root.manager.loggerDict.values())]:
        if isinstance(logger, logging.Logger):
            handlers = [handler for handler in map(_handler, logger.handlers) if handler is not None]
            state = (logger.level, logger.propagate, logger.disabled, handlers)
            if state != (logging.WARNING if logger is root else logging.NOTSET, True, False, []):
                found.append((logger.name, *state))
    return found


def _handler(handler: Any) -> tuple[Any, ...] | None:
    """A handler that writes to a standard stream: the stream, the level, formatter and filters; None for any other."""
    stream = getattr(handler, "stream", None)
    name = str(getattr(stream, "name", None)).strip("<>")
    if name not in ("stdout", "stderr"):
        return None
    form = (handler.formatter, handler.filters)
    # The handlers of IPython itself, whose formatter would have the process import much of it.
    if type(handler.formatter).__module__.startswith("traitlets."):
        return None
    try:
        dumps(form)
    except Exception:
        form = (None, [])
    return (name, handler.level, *form)
