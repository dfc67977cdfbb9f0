"""`!command` in a job: what it prints goes to the job's log, and a stop ends it.

At the prompt it is IPython's own, and in a job that the prompt waits for too, because it may need the terminal.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Callable

from ..foreground import is_in_front
from ..router import current


def install(shell: Any) -> None:
    """Has `!` ask who calls it."""
    owner = type(shell)
    if not isinstance(owner.system, property) and hasattr(os, "fork"):
        # Not a function in front of IPython's, which looks for variables in the frame that calls it.
        owner.system = property(partial(_system, owner.system))


def remove(shell: Any) -> None:
    """Undoes `install`."""
    owner = type(shell)
    installed: Any = owner.system
    if isinstance(installed, property):
        owner.system = installed.fget.args[0]  # type: ignore[union-attr]


def _system(own: Any, shell: Any) -> Callable[[str], None]:
    """What runs a command for the caller."""
    job = current.get()
    if job is None or is_in_front(job):
        ipythons: Callable[[str], None] = own.__get__(shell)
        return ipythons

    def system(command: str) -> None:
        from ..command import run_within

        shell.user_ns["_exit_code"] = run_within(job, shell.var_expand(command, depth=1))

    return system
