"""Makes ``contextlib.redirect_stdout`` and ``redirect_stderr`` in a job the job's own.

They set ``sys.stdout`` for the whole process, so a job's redirection would take the prompt's output too, and two that
overlap would leave the wrong stream behind. In a job they add a layer to its context instead, where the router looks.

This module does not know what a job is, nor what its streams are without a redirection.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import Any, Callable


class Layer:
    """A redirection in a job, by a `redirect_stdout` or `redirect_stderr`.

    `below` is what was redirected when this redirection began.
    """

    # A named tuple would take a millisecond of the import.
    __slots__ = ("below", "job", "maker")

    def __init__(self, job: Any, maker: Any, below: Layer | None) -> None:
        self.job, self.maker, self.below = job, maker, below

    def call(self, function: Callable[[Any], Any]) -> Any:
        """Calls a function with the stream that is written to instead.

        Meanwhile this layer is off, so that the streams are those that its maker saw: a tee, which holds the former
        one, reaches that and not itself.
        """
        layers = _top.get()
        _top.set(self.below)
        try:
            return function(self.maker._new_target)
        finally:
            _top.set(layers)


_top: ContextVar[Layer | None] = ContextVar("bgjobs_redirects", default=None)
"""The newest redirection in this context."""

_IN_A_JOB = object()
"""What a redirection in a job notes as the stream that it has replaced."""

_hooked = False


def find(job: Any, err: bool) -> Layer | None:
    """The redirection of standard output, or of standard error, that is in force in a job."""
    name, layer = "stderr" if err else "stdout", _top.get()
    # A kernel's jobs run in copies of the context that starts them, which may be another job's.
    while layer is not None and (layer.maker._stream != name or layer.job is not job):
        layer = layer.below
    return layer


def _without(layer: Layer | None, maker: Any) -> Layer | None:
    """The layers but for the newest of this maker."""
    if layer is None or layer.maker is maker:
        return layer and layer.below
    return Layer(layer.job, layer.maker, _without(layer.below, maker))


def hook(begin: Callable[[], Any]) -> None:
    """Changes `contextlib`, once in a process; `begin` says which job begins a redirection, if any."""
    global _hooked
    if _hooked:
        return
    _hooked = True
    cls: Any = contextlib._RedirectStream
    original_enter, original_exit = cls.__enter__, cls.__exit__

    def enter(self: Any) -> Any:
        job = begin() if self._stream in ("stdout", "stderr") else None
        if job is None:
            return original_enter(self)
        self._old_targets.append(_IN_A_JOB)
        _top.set(Layer(job, self, _top.get()))
        return self._new_target

    def exit(self: Any, *error: Any) -> None:
        if self._old_targets[-1] is _IN_A_JOB:
            self._old_targets.pop()
            _top.set(_without(_top.get(), self))
        else:
            original_exit(self, *error)

    cls.__enter__, cls.__exit__ = enter, exit
