"""Stalls of the prompt: which job kept the interpreter to itself, in which call, for how long.

Code in C that does not let go of the interpreter's lock stops all other threads, the prompt's too, and cannot be
interrupted; but it can be named. A watch looks at the clock while jobs run: if it wakes far too late, whoever used the
processor meanwhile was in the way. It knows no prompt.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Callable, NamedTuple

from . import stopping
from .output import shown

if TYPE_CHECKING:
    from .jobs import BackgroundJobBase

_TICK = 0.1
"""How many seconds the watch sleeps between two looks, at least."""

_SHARE = 20
"""How many times as long as a look took it sleeps, at least, for with thousands of threads one takes long."""

_LATE = 0.4
"""By how many seconds a look must be late to be a stall."""


class Stall(NamedTuple):
    """A time in which one job kept all others from running."""

    job: BackgroundJobBase
    seconds: float
    """How long it lasted, at least."""
    place: str | None
    """Where the job was as it let go, or a moment later: file, line and function; None if it has ended since."""

    def __str__(self) -> str:
        where = "which has ended since" if self.place is None else f"in a C call at {self.place}"
        return f"The prompt was stalled for {self.seconds:.1f} s by job #{self.job.num} ({shown(self.job)}), {where}"


class Watch:
    """Looks for stalls while jobs run, on a thread that ends when none does.

    `tell` is called with each `Stall`, on that thread.
    """

    def __init__(self, tell: Callable[[Stall], object]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._watches = False
        # Jobs that were started since the last look.
        self._started: list[BackgroundJobBase] = []

    def begin(self, job: BackgroundJobBase) -> None:
        """Watches a job; called before it starts, because it may keep the lock from its first moment on."""
        with self._lock:
            self._started.append(job)
            if self._watches or not hasattr(time, "pthread_getcpuclockid"):
                return
            self._watches = True
        looks = threading.Event()
        threading.Thread(target=self._watch, args=(looks,), name="bgjobs: stalls", daemon=True).start()
        looks.wait()

    def _watch(self, looks: threading.Event) -> None:
        jobs: list[BackgroundJobBase] = []
        used, took = _used(), 0.0
        while True:
            began = time.monotonic()
            looks.set()
            tick = max(_TICK, _SHARE * took)
            time.sleep(tick)
            woke = time.monotonic()
            late = woke - began - tick
            with self._lock:
                jobs += self._started
                self._started.clear()
                self._watches = any(job.is_alive() for job in jobs)
            now = _used()
            if late >= _LATE:
                stall = _blame(jobs, used, now, late)
                if stall is not None:
                    self._tell(stall)
            jobs = [job for job in jobs if job.is_alive()]
            used, took = now, time.monotonic() - woke
            if not self._watches:
                return


def _used() -> dict[int, float]:
    """The processor time that each thread has used, in seconds."""
    used: dict[int, float] = {}
    for ident in list(sys._current_frames()):
        try:
            used[ident] = time.clock_gettime(time.pthread_getcpuclockid(ident))
        except OSError:
            # It has ended meanwhile.
            pass
    return used


def _blame(jobs: list[BackgroundJobBase], before: dict[int, float], now: dict[int, float], late: float) -> Stall | None:
    """The job that used most of the processor in a time in which one thread must have kept the lock."""
    used = {ident: time - before.get(ident, 0.0) for ident, time in now.items()}
    ident = max(used, key=lambda ident: used[ident], default=0)
    # A quarter, because others want the processor too; if it is less, the machine was busy, and no job is to blame.
    if ident not in {job._thread_ident for job in jobs} or used[ident] < late / 4:
        return None
    # Of the jobs that its thread ran meanwhile, the longest.
    job = max((job for job in jobs if job._thread_ident == ident), key=lambda job: job._ran or 0.0)
    frame = sys._current_frames().get(ident) if job.is_alive() else None
    if frame is None:
        return Stall(job, late, None)
    return Stall(job, late, stopping.line_of(frame))
