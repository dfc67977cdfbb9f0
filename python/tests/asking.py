"""Ways to read from the keyboard, for jobs in the hosts of the tests."""

from __future__ import annotations

import getpass
import pdb
import sys
import time
from typing import Any, Callable

from bgjobs import keyboard, output


def by_pdb() -> str:
    x = 6 * 7
    pdb.set_trace()
    return f"{x} was looked at"


def by_breakpoint() -> str:
    breakpoint()
    return "went on"


def by_ipythons_debugger() -> str:
    from IPython.core.debugger import set_trace

    set_trace()
    return "went on"


def by_ipythons_debugger_of_the_terminal() -> str:
    from IPython.terminal.debugger import set_trace

    set_trace()
    return "went on"


DOORS: dict[str, Callable[[], Any]] = {
    "input": lambda: input("name? "),
    "getpass": lambda: getpass.getpass("word? "),
    "readline": lambda: sys.stdin.readline(),
    "read": lambda: sys.stdin.read(3),
    "lines": lambda: next(iter(sys.stdin)),
    "bytes": lambda: sys.stdin.buffer.readline(),
    "pdb": by_pdb,
    "breakpoint": by_breakpoint,
}
IPYTHONS: dict[str, Callable[[], Any]] = {
    "its debugger": by_ipythons_debugger,
    "its terminal's debugger": by_ipythons_debugger_of_the_terminal,
}


def refusals(jobs: Any, doors: dict[str, Callable[[], Any]]) -> None:
    """Prints how a job for each door has died; the prompt has the keyboard meanwhile."""
    for name, door in doors.items():
        print(f"{name}: {jobs.new(door).exception(60)!r}")


def when_lent(door: str) -> Any:
    """Reads as soon as the keyboard is lent."""
    while output.current.get() not in keyboard._lenders:
        time.sleep(0.001)
    print(f"by {door}:")
    return {**DOORS, **IPYTHONS}[door]()
