"""Waits for jobs elsewhere, each with a deadline that only a broken program reaches."""

from __future__ import annotations

import time
from typing import Any

LONG = 120
"""How many seconds only a broken test waits."""


def until(condition: Any) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.005)


def started(job: Any) -> Any:
    until(lambda: job.running() or job.done())
    return job


def where(job: Any, line: str) -> str:
    """What `where` says once the body is there."""
    until(lambda: line in job.where())
    return str(job.where())
