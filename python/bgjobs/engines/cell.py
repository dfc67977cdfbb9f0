"""A cell whose statements run on an engine, with copies of the names that they refer to.

It does not know IPython, nor how an engine is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import fingerprints
from ..cells import PYTHONS, BackgroundJobCell, to_send
from ..jobs import BackgroundJobBase
from ..payload import pack
from .job import BackgroundJobEngine
from .recognize import Target


class BackgroundJobEngineCell(BackgroundJobEngine, BackgroundJobCell):
    """A cell that runs on an engine; what it assigns comes back as from a cell in a process of its own."""

    _describe = BackgroundJobCell._describe

    def __init__(self, job: BackgroundJobCell, target: Target, process: bool = False) -> None:
        BackgroundJobEngine.__init__(self, job, target, process)

    def _packed(self) -> bytes:
        code = self._code
        sent, parts = to_send(code, self._before)
        sent.pop("get_ipython", None)  # the worker has its own, or none
        text = Path(fingerprints.__file__).read_text("utf-8")
        return pack(("cell", code.body, code.last, sent, code.assigns(), code.passing, PYTHONS, text), parts, "on=")

    def _copy(self, names: Mapping[str, Any]) -> BackgroundJobBase:
        job = BackgroundJobEngineCell(BackgroundJobCell(self.source, *self._code, names), self._target, self._process)
        if self._expect is not None:
            job._expect = self._expect
            job._expect(job)
        return job

    def call(self) -> Any:
        result, found, self.changed = super().call()
        self._settle(found)
        return result
