"""The live panel of a manager, in a notebook: `jobs.panel()`.

All displays of a panel have one model, so whatever cell shows it, it is the same panel. While nothing runs it is plain
HTML, which is what a saved notebook has. This module knows Jupyter; `exchange` does not.
"""

from __future__ import annotations

import atexit
import uuid
from collections.abc import Mapping
from typing import Any

from .. import host, kernel
from ..jobs import BackgroundJobBase
from . import frozen, widget
from .exchange import Exchange

_LIVE = "application/vnd.jupyter.widget-view+json"


class Panel:
    """The panel of a manager's jobs; it shows itself at the end of a cell, or by `display(panel)`."""

    def __init__(self, jobs: Mapping[int, BackgroundJobBase]) -> None:
        widget.load()
        self._jobs = jobs
        self._display_id = uuid.uuid4().hex
        self._exchange: Exchange | None = None
        self._model: Any = None
        self._cell: Any = None

    def __repr__(self) -> str:
        count = len(self._jobs)
        return f"<panel of {count} job{'s' * (count != 1)}, for a notebook>"

    def _repr_html_(self) -> str:
        return frozen.html_of(dict(self._jobs), self._open)

    @property
    def _open(self) -> list[int]:
        return [] if self._exchange is None else self._exchange.feed.open

    def _ipython_display_(self) -> None:
        if not host.is_kernel() or not hasattr(host.ipython().display_pub, "pub_socket"):
            raise NotImplementedError("only a notebook shows a panel")
        self._cell = kernel.running_cell()
        if self._cell.is_run_by_a_program:
            # Nobody looks, and only what is in the notebook at its end will be seen.
            self._follow_program()
            return
        if self._exchange is None:
            self._model = widget.make(self._receive)
            self._exchange = Exchange(lambda: dict(self._jobs), self._model.send, self._rest)
            # After that the kernel can't send.
            atexit.register(self._exchange.end)
        self._publish(self._live(), update=False)
        self._exchange.start()

    def wake(self) -> None:
        """Has the panel look: a job was started."""
        if self._exchange is not None:
            self._exchange.wake()

    def _receive(self, request: Any) -> None:
        assert self._exchange is not None, "it was made before its first page"
        self._exchange.receive(request)

    def _rest(self, rests: bool) -> None:
        self._publish(self._frozen() if rests else self._live(), update=True)

    def _live(self) -> Mapping[str, Any]:
        data, *_ = self._model._repr_mimebundle_()
        # A page without widgets shows the last one that it knows.
        return {**self._frozen(), _LIVE: data[_LIVE]}

    def _frozen(self) -> Mapping[str, Any]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _publish(self, data: Mapping[str, Any], update: bool) -> None:
        self._cell.publisher.publish(data, {}, transient={"display_id": self._display_id}, update=update)

    def _follow_program(self) -> None:
        """Has the panel be of the last moment when a program that runs the notebook saves it."""
        self._publish(self._frozen(), update=False)
        events = self._cell.shell.events
        if self._update not in events.callbacks["post_run_cell"]:
            events.register("post_run_cell", self._update)

    def _update(self, _: object) -> None:
        # The program reads only what the running cell sends.
        self._cell = kernel.running_cell()
        self._publish(self._frozen(), update=True)
