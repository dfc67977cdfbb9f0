"""Progress bars of tqdm, rich and joblib: who made each, and how far it is.

A bar belongs to its owner, as `watch` says. It is read when somebody looks, and behaves as ever, but that tqdm no
longer sees bars of other owners, below all of which it would draw a new one. This module does not know jobs: an owner
is any object whose class has a `_bars` of None.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator
from typing import Any, Callable, Optional

from .imports import when_imported

State = tuple[int, Optional[int], str, float]
"""How much is done, of how much, what is being done, and for how many seconds."""

MODULES = ("tqdm.std", "rich.progress", "joblib.parallel")
"""What is watched."""

_owner: Callable[[], Any]


def watch(owner: Callable[[], Any]) -> None:
    """Notes from now on, once, who makes a bar: what `owner` returns, if that is not None."""
    global _owner
    _owner = owner
    for name, hook in zip(MODULES, (_hook_tqdm, _hook_rich, _hook_joblib)):
        when_imported(name, hook)


def read(owner: Any) -> State | None:
    """How far the oldest open bar of an owner is, otherwise the last one; None without bars.

    Of nested bars the oldest is the outermost.
    """
    bars: _Bars | None = owner._bars
    return None if bars is None else bars.read()


class _Bars:
    """The bars of one owner.

    A bar may end while garbage is collected, in the middle of any of these methods, so no lock guards them; each step
    on the dictionary is one call.
    """

    def __init__(self) -> None:
        # Oldest first.
        self._open: dict[int, Callable[[], State | None]] = {}
        self._last: State | None = None

    def add(self, key: int, state: Callable[[], State | None]) -> None:
        """Notes a bar, of which `state` says how far it is; None if it is gone."""
        for old, of in list(self._open.items()):
            reached = of()
            if reached is None or reached[0] == reached[1]:
                # Not all bars say that they end.
                self.close(old)
        self._open[key] = state

    def close(self, key: int) -> None:
        """A bar has ended."""
        state = self._open.pop(key, _gone)()
        if state is not None and not self._open:
            self._last = state

    def read(self) -> State | None:
        states = (of() for of in list(self._open.values()))
        return next((state for state in states if state is not None), self._last)


def _gone() -> None:
    """The state of a bar that nobody knows."""


def _bars_of_owner() -> _Bars | None:
    owner = _owner()
    if owner is None:
        return None
    # Two threads of an owner may be here.
    bars: _Bars = owner._bars or vars(owner).setdefault("_bars", _Bars())
    return bars


def _referred(bar: Any, state: Callable[[Any], State | None]) -> Callable[[], State | None]:
    """Reads a bar without keeping it alive."""
    refer = weakref.ref(bar)

    def read() -> State | None:
        found = refer()
        try:
            return None if found is None else state(found)
        except (AttributeError, TypeError, ValueError):
            # Its class has changed it, or it is only half made.
            return None

    return read


# tqdm


class _Instances(weakref.WeakSet):  # type: ignore[type-arg]
    """All bars of tqdm; to iterate shows only those of the caller's owner."""

    def __init__(self, bars: Any) -> None:
        super().__init__()
        # By their identity, because a bar may have an `__eq__`.
        self._owners: dict[int, _Bars] = {}
        for bar in bars:
            super().add(bar)

    def add(self, bar: Any) -> None:
        super().add(bar)
        bars = _bars_of_owner()
        if bars is None:
            # That of a bar that has died.
            self._owners.pop(id(bar), None)
        else:
            self._owners[id(bar)] = bars
            bars.add(id(bar), _referred(bar, _tqdm_state))

    def remove(self, bar: Any) -> None:
        bars = self._owners.pop(id(bar), None)
        if bars is not None:
            bars.close(id(bar))
        super().remove(bar)

    def __iter__(self) -> Iterator[Any]:
        bars = _bars_of_owner()
        return (bar for bar in super().__iter__() if self._owners.get(id(bar)) is bars)

    def copy(self) -> Any:
        """All bars, for the thread of tqdm's that keeps slow ones moving."""
        return weakref.WeakSet(super().__iter__())


def _tqdm_state(bar: Any) -> State | None:
    if "start_t" not in vars(bar):
        # It is being made, or was disabled when it was.
        return (0, None, "", 0.0) if not vars(bar).get("disable") else None
    total = None if bar.total is None else int(bar.total)
    return int(bar.n), total, (bar.desc or "").rstrip(": "), bar._time() - bar.start_t


def _hook_tqdm(module: Any) -> None:
    module.tqdm._instances = _Instances(module.tqdm._instances)


# rich


def _hook_rich(module: Any) -> None:
    add_task = module.Progress.add_task

    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        number = add_task(self, *args, **kwargs)
        bars = _bars_of_owner()
        if bars is not None:
            task = self._tasks[number]
            bars.add(id(task), lambda: _rich_state(task))
        return number

    noting.__wrapped__ = add_task  # type: ignore[attr-defined]
    module.Progress.add_task = noting


def _rich_state(task: Any) -> State | None:
    total = None if task.total is None else int(task.total)
    return int(task.completed), total, str(task.description).rstrip(". "), task.elapsed or 0.0


# joblib


def _hook_joblib(module: Any) -> None:
    call = module.Parallel.__call__

    def noting(self: Any, iterable: Any) -> Any:
        bars = _bars_of_owner()
        if bars is not None:
            began = time.monotonic()
            count = len(iterable) if hasattr(iterable, "__len__") else None

            def state(parallel: Any) -> State | None:
                # Once the last task is dispatched, that is how many there are.
                total = parallel.n_dispatched_tasks if parallel._original_iterator is None else count
                return parallel.n_completed_tasks, total, "", time.monotonic() - began

            bars.add(id(self), _referred(self, state))
        try:
            return call(self, iterable)
        finally:
            if bars is not None:
                bars.close(id(self))

    noting.__wrapped__ = call  # type: ignore[attr-defined]
    module.Parallel.__call__ = noting
