"""Keeps apart what IPython captures, by ``%%capture`` or `capture_output`, and what jobs print and display meanwhile.

It sets ``sys.stdout`` and the shell's publisher for the whole process. What the prompt captures gets routers in front;
a job's own capture takes only what the job prints and displays. This module does not know what a job is.
"""

from __future__ import annotations

import io
import sys
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from typing import Any, Callable

_hooked = False


def hook(begin: Callable[[], Any], route: Callable[[], None]) -> None:
    """Changes IPython, if it is there, once; `begin` says which job captures, `route` puts the routers in place."""
    global _hooked
    module: Any = sys.modules.get("IPython.utils.capture")
    if module is None or _hooked:
        return
    _hooked = True
    cls = module.capture_output
    original_enter, original_exit = cls.__enter__, cls.__exit__

    def enter(self: Any) -> Any:
        if begin() is None:
            captured = original_enter(self)
            route()
            return captured
        self._of_job = stack = ExitStack()
        out, err = (
            stack.enter_context(redirect(io.StringIO())) if wanted else None
            for redirect, wanted in ((redirect_stdout, self.stdout), (redirect_stderr, self.stderr))
        )
        return module.CapturedIO(out, err, _capture_displays(stack) if self.display else None)

    def exit(self: Any, *error: Any) -> None:
        if hasattr(self, "_of_job"):
            self._of_job.close()
        else:
            original_exit(self, *error)

    cls.__enter__, cls.__exit__ = enter, exit


def _capture_displays(stack: ExitStack) -> list[Any] | None:
    """Has a job's displays captured, until the stack is closed, where a job has a publisher of its own: in a kernel."""
    shell = sys.modules["IPython"].get_ipython()
    if not isinstance(getattr(type(shell), "display_pub", None), property):
        return None
    from IPython.core.displaypub import CapturingDisplayPublisher

    before, shell.display_pub = shell.display_pub, CapturingDisplayPublisher()
    stack.callback(setattr, shell, "display_pub", before)
    outputs: list[Any] = shell.display_pub.outputs
    return outputs
