"""The words that start a supervisor: an interpreter that imports nothing but the engine.

They also start the keeper of a kept job. This module imports as little as they do, for `python -m bgjobs`.
"""

from __future__ import annotations

import sys

from . import _core

_SUPERVISOR = """\
import _imp, _signal, sys
from _frozen_importlib import ModuleSpec
_signal.signal(_signal.SIGXFSZ, _signal.SIG_DFL)
engine = _imp.create_dynamic(ModuleSpec("_supervisor", None, origin={engine!r}))
_imp.exec_dynamic(engine)
engine.supervise(sys.argv[1:])
"""
"""The code of the supervisor: its command has the signals that it would have without an interpreter in between.

It is also that of the keeper of a kept job.
"""


def python() -> str:
    """The interpreter that starts another one like this. Raises `RuntimeError` if it is not known."""
    if not sys.executable:
        raise RuntimeError("a job with a process needs a Python to start, and sys.executable is empty; set it")
    return sys.executable


def starter() -> list[str]:
    """The words that start a supervisor; its command's words follow."""
    return [python(), "-I", "-S", "-c", _SUPERVISOR.format(engine=_core.__file__)]
