"""Jobs that outlive this program: started here, listed, or attached when another program has started them.

It does not know managers.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from typing import Any

from . import _child, _core
from .cells import BackgroundJobCell
from .command import BackgroundJobCommand
from .jobs import BackgroundJobBase, BackgroundJobExpr, BackgroundJobFunc
from .kept import VERSION, BackgroundJobKept, other_python
from .kept_cells import BackgroundJobKeptCell


def _check() -> None:
    if not hasattr(_core, "KeptStart"):
        raise NotImplementedError("kept jobs need Linux")


def keep(job: BackgroundJobBase) -> BackgroundJobKept:
    """A kept job with the body of one that has not started.

    Raises `TypeError` for a job of a class of the user's own, and `pickle.PicklingError` for what can't be sent.
    """
    _check()
    if isinstance(job, BackgroundJobCell):
        return BackgroundJobKeptCell(job.source, *job._code, job._before)
    if isinstance(job, (BackgroundJobFunc, BackgroundJobExpr, BackgroundJobCommand)):
        return BackgroundJobKept(job)
    raise TypeError(
        f"keep=True takes a function, an expression, a cell or a command, and a {type(job).__name__} is none of these"
    )


class KeptList(list[dict[str, Any]]):
    """Kept jobs, each as the values that JSON has; what it shows is a list of them, a line each."""

    def __init__(self, text: str, jobs: Iterable[dict[str, Any]]) -> None:
        super().__init__(jobs)
        self._text = text

    def __repr__(self) -> str:
        return self._text


def listed(all: bool) -> KeptList:
    """The kept jobs that run and the newest 20, or all."""
    _check()
    text, found = _core.kept_list(all)
    return KeptList(text, map(json.loads, found))


def attached(id: str) -> BackgroundJobKept:
    """A job that follows the kept job with this number, from the beginning of its log.

    Raises `LookupError` if there is no such job.
    """
    _check()
    kept = _core.kept_job(id)
    name, words, language = kept.record()
    other = None if language is None else other_python(language)
    if other is not None:
        warnings.warn(f"{kept.id} was started by Python {other}, and this is Python {VERSION[7:]}", stacklevel=3)
    is_cell = language is not None and words[-2:] == [_child.KEPT, "cell"]
    kind = BackgroundJobKeptCell if is_cell else BackgroundJobKept
    job: Any = kind.__new__(kind)
    job.strform = job._label = name
    job._kept = kept
    if is_cell:
        job._forget_prompt()
    job._init()
    job._daemon = True
    found: BackgroundJobKept = job
    return found
