"""The card of a job: what a notebook shows of it where the job is displayed, made anew when the job ends.

A display has an identifier, by which the notebook finds it, whatever cell runs meanwhile: one for all under the cell
that has started the job, where the job prints too, and one for all others. This module does not know managers, nor what
is told of jobs that are not displayed.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from . import display, futures, host, kernel
from .record import Record
from .router import current


class Card:
    """What the displays of a job have in common."""

    def __init__(self) -> None:
        self.names: list[str] = []
        """Sentences about the names that the job has assigned."""
        self.displays: dict[bool, str] = {}
        """The identifiers of what is shown: true for that at home, under the cell that has started the job."""
        self.drawn = 0
        """How many times it was drawn, or is being drawn."""
        self.shown: tuple[int, dict[bool, dict[str, str]]] = (0, {})
        """The newest drawing that is done, with its number: what is shown at home, and elsewhere."""


_lock = threading.RLock()
"""Held while a card is sent, so that the newest comes last, and while it may be cleared; but not while it is drawn."""


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
    is_home = cell is not None and cell.request is shell.get_parent()
    _publish(job, shell.display_pub, is_home)
    if is_new:
        # If the job has ended since, this is called at once.
        futures.add_done_callback(job, update)


def update(job: Record) -> None:
    """Makes the card of a job anew wherever it is shown, if it is."""
    if job._card is None:
        return
    running = kernel.running_cell()
    if job._cell is not None and not running.is_run_by_a_program:
        _update(job, job._cell.publisher)
        return
    # A program that runs a notebook reads only what the running cell sends, and none may run now.
    _update(job, running.publisher)
    _updated.append(job)
    events = running.shell.events
    if _update_again not in events.callbacks["pre_run_cell"]:
        events.register("pre_run_cell", _update_again)


def _update_again(_: object) -> None:
    while _updated:
        _update(_updated.pop(), kernel.running_cell().publisher)


def _publish(job: Record, publisher: Any, is_home: bool) -> None:
    """Shows a card, at home or not."""
    with _drawn(job) as (card, drawing):
        display_id = card.displays.setdefault(is_home, uuid.uuid4().hex)
        publisher.publish(drawing[is_home], {}, transient={"display_id": display_id})


def _update(job: Record, publisher: Any) -> None:
    """Changes a card wherever it is shown."""
    with _drawn(job) as (card, drawing):
        for is_home, display_id in card.displays.items():
            publisher.publish(drawing[is_home], {}, transient={"display_id": display_id}, update=True)


@contextmanager
def _drawn(job: Record) -> Iterator[tuple[Card, dict[bool, dict[str, str]]]]:
    """Draws a card, and holds the lock while it is sent."""
    card = job._card
    with _lock:
        card.drawn += 1
        number = card.drawn
    # It calls the user's `repr`, which may display the job, start another or wait for one.
    text = display.job_text(job, card.names)
    # A program that runs a notebook drops what a job prints after the end of its cell.
    prints = job._cell is not None and not job._cell.is_run_by_a_program
    drawing = {
        is_home: {"text/plain": text, "text/html": display.job_html(job, card.names, has_log=not (is_home and prints))}
        for is_home in (True, False)
    }
    with _lock:
        # A newer drawing may have been done first.
        card.shown = max(card.shown, (number, drawing), key=lambda shown: shown[0])
        yield card, card.shown[1]


def _clear(publisher: Any, clear: Callable[[], object]) -> None:
    """Has a job that clears the output of its cell leave its card there."""
    job = current.get()
    with _lock:
        clear()
        if job is None or job._card is None:
            return
        card, (_, drawing) = job._card, job._card.shown
        if True in card.displays:
            publisher.publish(drawing[True], {}, transient={"display_id": card.displays[True]})


kernel.around_clear = _clear
