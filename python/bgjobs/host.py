"""Where this process runs: at a prompt, in a Jupyter kernel, or as a program that nobody types into.

That may change while it runs, because programs embed prompts; so each question is answered anew. This module does not
know jobs.
"""

from __future__ import annotations

import sys
from typing import Any

_PS1_OF_IPYTHON = "In : "
"""What IPython sets `sys.ps1` to, whether it shows a prompt or not; it may stay when IPython has ended."""


def ipython() -> Any:
    """The live IPython; None if there is none."""
    module = sys.modules.get("IPython")
    # While it is imported the function may be missing.
    get_ipython = None if module is None else getattr(module, "get_ipython", None)
    return None if get_ipython is None else get_ipython()


def is_kernel() -> bool:
    """Whether this is a Jupyter kernel."""
    return "ipykernel" in sys.modules and hasattr(ipython(), "kernel")


def has_prompt() -> bool:
    """Whether a user types at a prompt of this process; not in a kernel, whose user types elsewhere."""
    shell = ipython()
    return (shell is not None and _shows_prompt(shell)) or _is_at_pythons_prompt()


def _shows_prompt(shell: Any) -> bool:
    if hasattr(shell, "kernel"):
        return False
    # `ipython -c` and `ipython scr.py` are programs.
    interact: bool | None = getattr(shell.parent, "interact", None)
    if interact is not None:
        return interact
    # An embedded one stays when its prompt has been left.
    return bool(getattr(shell, "keep_running", True))


def _is_at_pythons_prompt() -> bool:
    # Each print of a job asks, and a dictionary answers faster than `getattr` when there is no such name.
    if sys.flags.interactive or vars(sys).get("ps1", _PS1_OF_IPYTHON) != _PS1_OF_IPYTHON:
        return True
    # From Python 3.13 on this prompt sets no `sys.ps1`.
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name == "asyncio.__main__"
