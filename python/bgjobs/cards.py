"""The card of a job: what a notebook shows of it where the job is displayed, made anew when the job ends.

All displays of a job have one identifier, by which the notebook finds them, whatever cell runs meanwhile. This module
does not know managers, nor what is told of jobs that are not displayed.
"""

from __future__ import annotations

import threading
import uuid
from typing import Any, Callable

from . import display, futures, host, kernel
from .record import Record
from .router import current


class Card:
    """What all displays of a job have in common."""

    def __init__(self) -> None:
        self.display_id = uuid.uuid4().hex
        self.names: list[str] = []
        """Sentences about the names that the job has assigned."""
        self.is_at_home = False
        """Whether it was shown under the cell that has started the job."""


_lock = threading.RLock()
"""Held while a card is made and sent, so that the newest comes last, and while one may be cleared."""


_updated: list[Record] = []
"""The jobs whose cards are sent again when the next cell begins."""


def show(job: Record) -> None:
    """Shows the card of a job under the cell that runs, and keeps it up to date.

    Raises `NotImplementedError` if this is no notebook, or if the output of the cell is captured: it would not change.
    """
    shell = host.ipython()
    if not host.is_kernel() or not hasattr(shell.display_pub, "pub_socket"):
        raise NotImplementedError("only a notebook has cards")
    cell = job._cell
    with _lock:
        is_new = job._card is None
        if is_new:
            job._card = Card()
        _publish(job, shell.display_pub)
        if cell is not None and cell.request is shell.get_parent():
            job._card.is_at_home = True
    if is_new:
        # If the job has ended since, this is called at once.
        futures.add_done_callback(job, update)


def update(job: Record) -> None:
    """Makes the card of a job anew wherever it is shown, if it is."""
    if job._card is None:
        return
    running = kernel.running_cell()
    if job._cell is not None and not running.is_run_by_a_program:
        _publish(job, job._cell.publisher, update=True)
        return
    # A program that runs a notebook reads only what the running cell sends, and none may run now.
    _publish(job, running.publisher, update=True)
    _updated.append(job)
    events = running.shell.events
    if _update_again not in events.callbacks["pre_run_cell"]:
        events.register("pre_run_cell", _update_again)


def _update_again(_: object) -> None:
    while _updated:
        _publish(_updated.pop(), kernel.running_cell().publisher, update=True)


def _publish(job: Record, publisher: Any, update: bool = False) -> None:
    with _lock:
        card = job._card
        data = {"text/plain": display.job_text(job, card.names), "text/html": display.job_html(job, card.names)}
        publisher.publish(data, {}, transient={"display_id": card.display_id}, update=update)


def _clear(publisher: Any, clear: Callable[[], object]) -> None:
    """Has a job that clears the output of its cell leave its card there."""
    job = current.get()
    with _lock:
        clear()
        if job is not None and job._card is not None and job._card.is_at_home:
            _publish(job, publisher)


kernel.around_clear = _clear
