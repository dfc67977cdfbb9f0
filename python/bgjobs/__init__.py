"""Background jobs for an interactive prompt: start something, go on typing, read its result or its traceback.

The classes of `IPython.lib.backgroundjobs`, on the engine of bgjobs; the README lists the differences.

>>> from bgjobs import BackgroundJobManager
>>> jobs = BackgroundJobManager()
>>> job = jobs.new("6 * n", {"n": 7})
>>> job.join()
>>> jobs.status()
Completed jobs:
0 : 6 * n
<BLANKLINE>
>>> jobs[0].result
42
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .futures import as_completed, wait_all, wait_any
    from .groups import Group
    from .jobs import BackgroundJobBase, BackgroundJobExpr, BackgroundJobFunc
    from .manager import BackgroundJobManager
    from .record import Stopped
    from .reporting import Progress, progress
    from .schedule import AfterError
    from .stopping import Verdict, cancelled, sleep

__all__ = [
    "AfterError",
    "BackgroundJobBase",
    "BackgroundJobExpr",
    "BackgroundJobFunc",
    "BackgroundJobManager",
    "Group",
    "Progress",
    "Stopped",
    "Verdict",
    "as_completed",
    "cancelled",
    "install",
    "progress",
    "sleep",
    "wait_all",
    "wait_any",
]


def __getattr__(name: str) -> Any:
    """Imports what is asked for: `python -m bgjobs` asks for nothing, and starts in a third of the time."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import futures, groups, jobs, manager, record, reporting, schedule, stopping

    for home in (futures, groups, jobs, manager, record, reporting, schedule, stopping):
        globals().update({found: value for found, value in vars(home).items() if found in __all__})
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def install() -> None:
    """Replaces `IPython.lib.backgroundjobs`, for code that imports it by that name.

    A module that has imported it before still has the original.

    >>> import bgjobs
    >>> bgjobs.install()
    >>> from IPython.lib import backgroundjobs
    >>> backgroundjobs.BackgroundJobManager is bgjobs.BackgroundJobManager
    True
    """
    import sys

    here = sys.modules[__name__]
    sys.modules["IPython.lib.backgroundjobs"] = here
    try:
        import IPython.lib
    except ImportError:
        return
    setattr(IPython.lib, "backgroundjobs", here)  # noqa: B010 (mypy knows the original's module)


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext bgjobs`: adds the magics, their completion, and the notices."""
    from .magics import load_ipython_extension

    load_ipython_extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Called by `%unload_ext bgjobs`: removes them again; jobs go on."""
    from .magics import unload_ipython_extension

    unload_ipython_extension(shell)
