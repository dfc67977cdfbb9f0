"""What the cases share: how they show a value or an exception, and the bodies that their jobs run.

It does not know which module is under test.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

#: How many seconds a case waits for a condition; only a failing case waits that long.
DEADLINE = 10.0


def show(*values: object) -> None:
    """Prints the values as a prompt would show them."""
    print(*map(repr, values))


def refused(call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Prints the `refusal` of a call."""
    print(refusal(call, *args, **kwargs))


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The exception that a call raises, by type and message, or what it returned."""
    try:
        result = call(*args, **kwargs)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return f"returned {result!r}"


def until(condition: Callable[[], object]) -> None:
    """Waits for a condition."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("the condition did not come true")
        time.sleep(0.001)


def without_a_shell(case: Callable[[Any], None]) -> Callable[[Any], None]:
    """Marks a case that runs without a live ``InteractiveShell``."""
    case.needs_no_shell = True  # type: ignore[attr-defined]
    return case


def add(a: object = 1, b: object = 2, c: object = 0) -> object:
    """A body that ends at once."""
    return a + b + c  # type: ignore[operator]


def fail(message: str = "on purpose") -> None:
    """A body that fails at once."""
    raise ValueError(message)


class Gate:
    """A body that waits until it is opened, and shows that it has been entered."""

    def __init__(self) -> None:
        self._opened = threading.Event()
        self._entered = threading.Event()

    def __repr__(self) -> str:
        return "a gate"

    def __call__(self, result: object = "passed") -> object:
        self._entered.set()
        if not self._opened.wait(DEADLINE):
            raise AssertionError("the gate was not opened")
        return result

    def fail(self, message: str = "on purpose") -> None:
        """Waits, then fails."""
        self()
        fail(message)

    def wait_for_entry(self) -> None:
        """Waits until a job is inside."""
        assert self._entered.wait(DEADLINE), "no job has reached the gate"

    def open(self) -> None:
        """Lets all jobs pass, now and later."""
        self._opened.set()


def finished(job: Any) -> Any:
    """Waits for the end of the job, and returns it."""
    job.join(DEADLINE)
    assert not job.is_alive(), "the job did not end"
    return job
