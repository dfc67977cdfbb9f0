"""`!command` in a job: what it prints goes to the job's log, and a stop ends it.

At the prompt it is IPython's own, and in a job that the prompt waits for too, because it may need the terminal.
"""

from __future__ import annotations

import os
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from ..foreground import is_in_front
from ..router import current


def install(shell: Any) -> None:
    """Has `!` ask who calls it, in a shell whose `!` writes to the terminal itself."""
    owner = type(shell)
    if owner.system is InteractiveShell.system_raw and hasattr(os, "fork"):
        # Not a function in front of IPython's, which looks for variables in the frame that calls it.
        owner.system = property(_system)


def remove(shell: Any) -> None:
    """Undoes `install`."""
    owner = type(shell)
    if isinstance(owner.system, property):
        owner.system = InteractiveShell.system_raw


def _system(shell: Any) -> Any:
    """What runs a command for the caller."""
    job = current.get()
    if job is None or is_in_front(job):
        return shell.system_raw

    def system(command: str) -> None:
        from ..command import run_within

        shell.user_ns["_exit_code"] = run_within(job, shell.var_expand(command, depth=1))

    return system
