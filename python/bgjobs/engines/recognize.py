"""Which engine an object of the user's is: by its type, and nothing is imported for that.

An object of that type can only be there if its package was imported.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Mapping
from typing import Any

from .engine import Engine

_WANTED = (
    "a concurrent.futures.Executor (a process pool, loky), a Client of Dask or of ipyparallel, a bgjobs.engines.Slurm"
)

_known: weakref.WeakValueDictionary[tuple[int, Any], Engine] = weakref.WeakValueDictionary()
"""The engines by the identities of the objects, which live as long."""

_lock = threading.Lock()


class Target:
    """An engine with the wants for a job on it, in the engine's own words."""

    def __init__(self, engine: Engine, wants: Mapping[str, Any]) -> None:
        engine.check(wants)
        self.engine = engine
        self.wants = wants

    def __repr__(self) -> str:
        wants = "".join(f", {name}={value!r}" for name, value in self.wants.items())
        return f"<target for jobs: {self.engine.name}{wants}>"


def target(engine: Any, known: Mapping[str, Any], wants: Mapping[str, Any] | None = None) -> Target:
    """The target that an engine, its name in `known` or a target means; `TypeError` or `LookupError` if it is none."""
    if isinstance(engine, Target):
        return Target(engine.engine, {**engine.wants, **wants}) if wants else engine
    if isinstance(engine, str):
        if engine not in known:
            names = f"there are {', '.join(map(repr, known))}" if known else "there are none yet"
            raise LookupError(f"no engine is called {engine!r}; {names}: jobs.engines[{engine!r}] = client names one")
        engine = known[engine]
    wants = dict(wants or {})
    if isinstance(engine, Engine):
        return Target(engine, wants)
    make = _kind(engine)
    if make is None:
        raise TypeError(f"{engine!r} is no engine: on= takes {_WANTED}, or the name of one in jobs.engines")
    folder = wants.pop("folder", None) if make.channel == "folder" else None
    return Target(_of(engine, make, folder), wants)


def _of(engine: Any, make: Any, folder: str | os.PathLike[str] | None) -> Engine:
    """The engine that an object is, the same each time."""
    with _lock:
        found = _known.get((id(engine), folder))
        if found is None:
            found = _known[id(engine), folder] = make(engine) if folder is None else make(engine, folder)
            found.given = engine
        return found


def _kind(engine: Any) -> Any:
    def is_a(module: str, name: str) -> bool:
        cls = getattr(sys.modules.get(module), name, None)
        return isinstance(cls, type) and isinstance(engine, cls)

    if is_a("distributed", "Client"):
        from .dask import DaskEngine

        return DaskEngine
    if is_a("ipyparallel", "Client") or any(is_a("ipyparallel.client.view", kind) for kind in ("View", "ViewExecutor")):
        from .ipyparallel import IPyParallelEngine

        return IPyParallelEngine
    if is_a("concurrent.futures", "Executor"):
        from .executor import ExecutorEngine

        return ExecutorEngine
    return None


def _forget() -> None:
    """In the child of a fork the engines are the parent's."""
    global _lock
    _lock = threading.Lock()
    _known.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
