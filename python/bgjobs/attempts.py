"""Attempts: a body that is called again when it fails.

It does not know how a body is called, and which thread calls it.
"""

from __future__ import annotations

from typing import Any, Callable

from . import _core, failures, futures, lending, stopping
from .options import Retry
from .record import Record


def run(job: Record, retry: Retry, body: Callable[[], Any], begun: bool = False) -> Any:
    """Calls a body until it returns or was called as often as `retry` allows; returns or raises what the last call did.

    The first attempt may have `begun` before. Between two calls the job lends its slot. Only an `Exception` is retried:
    not a stop, and not `SystemExit`.
    """
    number = 1
    while True:
        if not begun:
            _core.begin_attempt(job, number)
        begun = False
        try:
            result = body()
        except BaseException as error:
            _core.end_attempt(job, failures.message(error))
            if not isinstance(error, Exception) or number >= retry.attempts or job._stopping:
                raise
            pause = retry.pause_after(number)
        else:
            _core.end_attempt(job, None)
            return result
        number += 1
        carry_out = _core.begin_pause(job, pause, number, retry.attempts)
        if carry_out is not None:
            carry_out(job)
        try:
            futures.sleep_in(job, pause)
            if job._stopping:
                raise stopping.stop_type(job)(job._reason)
        finally:
            lending.take_back(job, at_once=job._stopping)
