"""Makes modules of the texts of this folder, once in a process. `PARTS` has the names and texts, in import order."""

from __future__ import annotations

import _imp
import sys
import types
from typing import Any

PARTS: list[tuple[str, str]] = []


def load(name: str, source: str) -> Any:
    """The module `main` of the package `name`; `source` is the whole text, this function's too."""
    # Two threads may get their first bodies at once.
    _imp.acquire_lock()
    try:
        if f"{name}.main" not in sys.modules:
            package: Any = types.ModuleType(name)
            package.__path__, package.SOURCE = [], source
            sys.modules[name] = package
            for part, text in PARTS:
                module = types.ModuleType(f"{name}.{part}")
                module.__package__ = name
                exec(compile(text, "<bgjobs far side>", "exec"), vars(module))
                sys.modules[module.__name__] = module
        return sys.modules[f"{name}.main"]
    finally:
        _imp.release_lock()
