"""The live panel of a manager, in a notebook: `jobs.panel()`.

All displays of a panel have one model, so whatever cell shows it, it is the same panel. Below each is a still picture
of it, which pages hide while the panel lives, and show without a kernel. This module knows Jupyter, as `exchange` does
not.
"""

from __future__ import annotations

import atexit
import uuid
from collections.abc import Mapping
from typing import Any

from .. import host, kernel
from ..jobs import BackgroundJobBase
from . import still, widget
from .exchange import Exchange

_LIVE = "application/vnd.jupyter.widget-view+json"


class Panel:
    """The panel of a manager's jobs; it shows itself at the end of a cell, or by `display(panel)`."""

    def __init__(self, jobs: Mapping[int, BackgroundJobBase]) -> None:
        widget.load()
        self._jobs = jobs
        self._name = uuid.uuid4().hex
        self._exchange: Exchange | None = None
        self._model: Any = None
        self._cell: Any = None
        # The still picture that notebooks have.
        self._kept = ""

    def __repr__(self) -> str:
        count = len(self._jobs)
        return f"<panel of {count} job{'s' * (count != 1)}, for a notebook>"

    def _repr_html_(self) -> str:
        jobs = dict(self._jobs)
        return still.page_of(self._body(jobs), "", jobs.values())

    def _body(self, jobs: Mapping[int, BackgroundJobBase]) -> str:
        return still.html_of(jobs, [] if self._exchange is None else self._exchange.feed.open)

    def _ipython_display_(self) -> None:
        if not host.is_kernel() or not hasattr(host.ipython().display_pub, "pub_socket"):
            raise NotImplementedError("only a notebook shows a panel")
        self._cell = kernel.running_cell()
        if self._cell.is_run_by_a_program:
            # Nobody looks, and only what is in the notebook at its end will be seen.
            self._follow_program()
            return
        if self._exchange is None:
            self._model = widget.make(self._name, self._receive)
            self._exchange = Exchange(lambda: dict(self._jobs), self._model.send, self._keep)
            # After that the kernel can't send.
            atexit.register(self._exchange.end)
        data, *_ = self._model._repr_mimebundle_()
        # A page without widgets shows the still picture alone.
        self._cell.publisher.publish({_LIVE: data[_LIVE], "text/html": "", "text/plain": ""}, {})
        self._publish(self._picture(), update=False)
        self._exchange.start()

    def wake(self) -> None:
        """Has the panel look: a job was started."""
        if self._exchange is not None:
            self._exchange.wake()

    def _receive(self, request: Any) -> None:
        assert self._exchange is not None, "it was made before its first page"
        self._exchange.receive(request)

    def _keep(self, is_lost: bool) -> int:
        before, picture = self._kept, self._picture()
        if self._kept == before and not is_lost:
            return 0
        assert self._exchange is not None, "it asks for this"
        if self._exchange.feed.is_kept_by_pages:
            # A page that was loaded again does not know the displays of before.
            self._model.send({"kind": "still", "html": picture})
        else:
            self._publish(picture, update=True)
        return len(picture)

    def _picture(self) -> str:
        """The still picture below the live panel."""
        jobs = dict(self._jobs)
        self._kept = self._body(jobs)
        return still.page_of(self._kept, self._name, jobs.values()) + still.INSTEAD

    def _publish(self, picture: str, update: bool) -> None:
        data = {"text/plain": repr(self), "text/html": picture}
        self._cell.publisher.publish(data, {}, transient={"display_id": self._name}, update=update)

    def _follow_program(self) -> None:
        """Has the panel be of the last moment when a program that runs the notebook saves it."""
        self._publish(self._repr_html_(), update=False)
        events = self._cell.shell.events
        if self._update not in events.callbacks["post_run_cell"]:
            events.register("post_run_cell", self._update)

    def _update(self, _: object) -> None:
        # The program reads only what the running cell sends.
        self._cell = kernel.running_cell()
        self._publish(self._repr_html_(), update=True)
