"""The foreground: the wait of the prompt for a job, which shows what the job prints and answers what it asks for.

Ctrl-C ends the wait, and the job goes on. This module does not know magics, nor how jobs run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable
from weakref import WeakSet

from . import host, keyboard
from .jobs import BackgroundJobBase
from .live import LiveLines
from .log import Line
from .record import Record

_in_front: WeakSet[Record] = WeakSet()
"""The jobs that the prompt waits for, or has waited for to their end."""

_waits: list[Record] = []
"""Those that it waits for now, the newest last."""


def show_until_end(job: BackgroundJobBase, count: int | None = None) -> bool:
    """Shows the output of a job, or its newest `count` lines, until it ends, and lends it the keyboard.

    False if the user has let go of the job, which goes on.
    """
    return _wait(job, _shower(), count)


def run_until_end(job: BackgroundJobBase, start: Callable[[], object]) -> bool:
    """The same for a job that `start()` starts, which belongs to the calling cell.

    What such a job prints is there without our help in a notebook, under its cell, and in a program without a prompt.
    In such a program Ctrl-C raises `KeyboardInterrupt`, because nobody could wait again.
    """
    return _wait(job, _shower() if host.has_prompt() else lambda lines, pending: None, start=start)


def let_go(job: Record) -> bool:
    """Ends the wait for a job within 0.1 s, as Ctrl-C does, on any thread; False if the prompt doesn't wait for it."""
    if job not in _in_front or job.done():
        return False
    _in_front.discard(job)
    return True


def is_in_front(job: Record) -> bool:
    """Whether the prompt waits for a job, or has waited for it to its end."""
    return job in _in_front


def waited_for() -> list[Record]:
    """The jobs that the prompt waits for now, the newest last; it can be asked on any thread."""
    return list(_waits)


_Show = Callable[[Sequence[Line], Sequence[Line]], None]
"""What is called with the new lines of a job, and those that have not ended."""


def _shower() -> _Show:
    shown = LiveLines()

    def show(lines: Sequence[Line], pending: Sequence[Line]) -> None:
        for line in lines:
            shown.end(line.text, line.continues)
        shown.change([line.text for line in pending])

    return show


def _wait(
    job: BackgroundJobBase, show: _Show, count: int | None = None, start: Callable[[], object] = lambda: None
) -> bool:
    _in_front.add(job)
    _waits.append(job)
    try:
        with keyboard.lent(job) as lender:
            # Here, so that the job finds the keyboard from its first moment on, and an interrupt lets go of it.
            start()
            asked = False
            for lines, pending in job.log._turns(tail=count):
                show(lines, pending)
                # What the job printed before it asked has been shown by now.
                if asked:
                    lender.serve()
                asked = lender.is_asked()
                if job not in _in_front:
                    break
    except KeyboardInterrupt:
        _in_front.discard(job)
        if job.num is None or not (host.has_prompt() or host.is_kernel()):
            raise
    finally:
        _waits.remove(job)
    if job in _in_front:
        return True
    num = job.num
    print(f"Job #{num} goes on: %fg {num} waits again, %kill {num} stops it.")
    return False
