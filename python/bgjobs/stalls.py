"""Stalls of the prompt: which job held the interpreter's lock, in which call, and for how long.

C code that does not release the interpreter's lock blocks all other threads, the prompt's too, and cannot be
interrupted; but it can be named. A monitor looks at the clock while jobs run: if it wakes far too late, the
thread that used the processor meanwhile was the cause. This module does not know prompts.
"""

from __future__ import annotations

import threading
import time
from typing import Callable, NamedTuple

from . import frames
from .labels import label
from .record import Record
from .stopping import call_at

_TICK = 0.1
"""How many seconds the monitor sleeps between two looks, at least."""

_SHARE = 20
"""It sleeps at least this many times as long as the last look took, because thousands of threads make a look slow."""

_LATE = 0.4
"""How many seconds late a look must be to count as a stall."""


class Stall(NamedTuple):
    """A time in which one job blocked all other threads."""

    job: Record
    seconds: float
    """How long it lasted, at least."""
    place: str | None
    """Where the job was when it released the lock, or a moment later: file, line and function; None if it has ended."""

    def __str__(self) -> str:
        where = "which has ended since" if self.place is None else f"in a C call at {self.place}"
        return f"The prompt was stalled for {self.seconds:.1f} s by job #{self.job.num} ({label(self.job)}), {where}"


class StallMonitor:
    """Looks for stalls while jobs run, on a thread that ends when none does.

    It calls `report` with each `Stall`, on that thread.
    """

    def __init__(self, report: Callable[[Stall], object]) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._running = False
        # The jobs that have started since the last look.
        self._started: list[Record] = []

    def add(self, job: Record) -> None:
        """Monitors a job; called before the job starts, because it may hold the lock from its first moment on."""
        with self._lock:
            self._started.append(job)
            if self._running or not hasattr(time, "pthread_getcpuclockid"):
                return
            self._running = True
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), name="bgjobs: stalls", daemon=True).start()
        ready.wait()

    def _run(self, ready: threading.Event) -> None:
        jobs: list[Record] = []
        looked, used, took = time.monotonic(), _used(), 0.0
        while True:
            ready.set()
            tick = max(_TICK, _SHARE * took)
            time.sleep(tick)
            woke, busy = time.monotonic(), time.thread_time()
            # A stall in the middle of the last look counts too: of that look, only the work is left out.
            late = woke - looked - tick - took
            with self._lock:
                jobs += self._started
                self._started.clear()
                self._running = any(job.is_alive() for job in jobs)
            now = _used()
            if late >= _LATE:
                stall = _blame(jobs, used, now, late)
                if stall is not None:
                    self._report(stall)
                    # That may have taken a while.
                    woke = time.monotonic()
            jobs = [job for job in jobs if job.is_alive()]
            looked, used, took = woke, now, time.thread_time() - busy
            if not self._running:
                return


def _used() -> dict[int, float]:
    """The processor time that each thread has used, in seconds."""
    used: dict[int, float] = {}
    for ident in list(frames.of_threads()):
        try:
            used[ident] = time.clock_gettime(time.pthread_getcpuclockid(ident))
        except OSError:
            # The thread has ended meanwhile.
            pass
    return used


def _blame(jobs: list[Record], before: dict[int, float], now: dict[int, float], late: float) -> Stall | None:
    """The job that used most of the processor while one thread must have held the lock."""
    used = {ident: time - before.get(ident, 0.0) for ident, time in now.items()}
    ident = max(used, key=lambda ident: used[ident], default=0)
    # A tenth, because other programs use the processor too; with less, the machine was busy, and no job is to blame.
    if ident not in {job._thread_ident for job in jobs} or used[ident] < late / 10:
        return None
    # If its thread has run several jobs meanwhile, the longest of them.
    job = max((job for job in jobs if job._thread_ident == ident), key=lambda job: job._ran or 0.0)
    frame = frames.of_threads().get(ident) if job.is_alive() else None
    if frame is None:
        return Stall(job, late, None)
    return Stall(job, late, call_at(job, frame))
