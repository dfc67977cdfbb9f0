"""Carries out what the engine's schedule decides about jobs with options: which may begin, and whose time is up.

The thread that ends a job carries out what is due then. Only while a job with a delay or a time limit exists does a
thread of this module sleep until the next of them is over. It does not know who is next; the engine does.
"""

from __future__ import annotations

import _thread
import os
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import _core, attempts, coroutines, futures, leaving, workers
from .record import Record

if TYPE_CHECKING:
    from .options import Options

_IDLE_TIMEOUT = 10.0
"""How many seconds the clock goes on without a job that needs it."""

_COURTESY = 0.02
"""How many seconds a body that can hear the stop has before it is interrupted; see `stopping`."""


class AfterError(Exception):
    """A job did not start, because a job that it follows failed; that one's exception is the cause.

    `num` is the number of that job.
    """

    def __init__(self, num: int) -> None:
        super().__init__(f"job #{num} failed, so this one did not start")
        self.num = num

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.num,)


def enter(job: Record, options: Options) -> None:
    """Hands a job that has its number to the schedule, or to the workers if nothing keeps it."""
    if not options.is_scheduled:
        workers.push(job)
        return
    carry_out(job)
    if options.is_timed:
        _clock.wake()


def _call_body(job: Record, options: Options) -> Any:
    """Calls the body of a job with options, on the job's thread."""
    if options.time_limit is not None:
        _clock.wake()
    if options.retry is None:
        return coroutines.run_body(job)
    return attempts.run(job, options.retry, lambda: coroutines.run_body(job), job._attempt_begun)


def begun_elsewhere(job: Record) -> None:
    """Notes that a body has begun which no thread of this process runs; a worker goes on with it at its end."""
    options = job._options
    if options.time_limit is not None:
        _clock.wake()
    if options.retry is not None:
        _core.begin_attempt(job, 1)
        job._attempt_begun = True


def carry_out(job: Record) -> None:
    """Does what is due in the manager of a job, whose end or stop may have let others begin."""
    _do(_core.take_due(job))


def carry_out_all() -> None:
    """Does what is due in all managers."""
    _do(_core.take_all_due())


def _look_at_exit() -> None:
    """Does what is due, and resumes paused groups, because nobody else can."""
    _core.resume_all()
    carry_out_all()


def _do(due: Iterable[tuple[str, Any]]) -> None:
    out_of_time = []
    for what, job in due:
        if what == "begin":
            workers.push(job)
        elif what == "ended":
            _end(job)
        elif what == "resume":
            job._resume()
        else:
            out_of_time.append(job)
    if out_of_time:
        _interrupt(out_of_time)


def _end(job: Record) -> None:
    """Completes the end of a job that never began."""
    error = None
    num = job._failed_after
    if num is not None:
        error = AfterError(num)
        followed = [other for other, _ in job._options.after if other.num == num] if job._options else []
        error.__cause__ = followed[0]._exception if followed else None
    leaving.dying[job] = None
    callbacks = job._end_unbegun(error)
    leaving.add(job)
    if callbacks is not None:
        futures.call(callbacks, job)


def _interrupt(jobs: list[Any]) -> None:
    """Interrupts jobs that have used up their time: first those that can't hear of it themselves."""
    bodies = {}
    for job in jobs:
        job._expect_stop()
        job._hear_stop()
        bodies[job] = job._ladder(timeout=1.0)
    slow = []
    for job, body in bodies.items():
        if body.ask() > 0:
            slow.append(job)
        else:
            body.interrupt()
    for job in slow:
        futures.join(job, _COURTESY)
        if not job.done():
            bodies[job].interrupt()


class _Clock:
    """A thread that sleeps until a delay or a time limit is over, while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Released to wake the thread, which holds it otherwise.
        self._woken = _thread.allocate_lock()
        self._woken.acquire()
        self._runs = False

    def wake(self) -> None:
        """Makes it look again for what is due next, on a new thread if it has none."""
        with self._lock:
            if not self._runs:
                try:
                    _thread.start_new_thread(self._run, ())
                except RuntimeError:
                    # The exit looks at what is due itself; otherwise the next job tries again.
                    return
                self._runs = True
            elif self._woken.locked():
                self._woken.release()

    def _run(self) -> None:
        while True:
            due = _core.next_due()
            idle = due is None and not _core.held_jobs()
            woken = self._woken.acquire(True, _IDLE_TIMEOUT if due is None else due)
            if idle and not woken:
                with self._lock:
                    if not _core.held_jobs():
                        self._runs = False
                        return
            try:
                carry_out_all()
            except RuntimeError:
                # The interpreter is shutting down, and begins no jobs any more.
                return


def _renew() -> None:
    """Starts afresh in the child of a fork: the jobs with options are the parent's."""
    global _clock
    _core.forget_held()
    _clock = _Clock()


_clock = _Clock()
_core.call_on_due(carry_out)
workers.call_by_options, workers.on_exit_look = _call_body, _look_at_exit
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
