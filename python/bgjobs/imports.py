"""A call once a module has been imported, by whomever, which may be never.

It does not know which modules, nor what for.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable


def when_imported(name: str, call: Callable[[ModuleType], object]) -> None:
    """Calls `call(module)` at the end of the import of a module; at once if it is imported."""
    if name in sys.modules:
        # Another thread may be in the middle of it, for whose end this waits.
        call(importlib.import_module(name))
    else:
        sys.meta_path.insert(0, _Watch(name, call))


class _Watch:
    """Stands before the finders of modules until one looks for its module."""

    def __init__(self, name: str, call: Callable[[ModuleType], object]) -> None:
        self._name = name
        self._call = call

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        return spec_with(name, self._call)


def spec_with(name: str, call: Callable[[ModuleType], object]) -> ModuleSpec | None:
    """What a finder returns to have `call(module)` called at the end of the import of a module."""
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.loader is not None:
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            call(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
    return spec
