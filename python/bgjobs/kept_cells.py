"""A cell whose statements outlive this program: `%%bg --keep`.

What it assigns comes back as that of a cell in a process of its own does. A program that attaches it later brings back
the names that are not taken there. This module does not know IPython.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import CodeType
from typing import Any

from .cells import BackgroundJobCell, Code, run_remotely, to_send
from .kept import BackgroundJobKept
from .payload import pack


class BackgroundJobKeptCell(BackgroundJobKept, BackgroundJobCell):
    """A cell that outlives this program, with copies of the names that it refers to.

    Raises `pickle.PicklingError`, which names the first value that cannot be sent.
    """

    def __init__(
        self, source: str, body: CodeType, last: CodeType | None, passing: frozenset[str], names: Mapping[str, Any]
    ) -> None:
        BackgroundJobCell.__init__(self, source, body, last, passing, names)
        sent, parts = to_send(self._code, names)
        self._order_body("cell", pack(("call", run_remotely, (self._code, sent), {}), parts, "keep=True"))

    def _describe(self) -> str:
        return BackgroundJobCell._describe(self)

    def _copy(self, names: Mapping[str, Any]) -> Any:
        if not self.source:
            raise TypeError(f"job #{self.num} was started by another program, and can't be started again")
        return BackgroundJobCell._copy(self, names)

    def _forget_prompt(self) -> None:
        """Makes a cell of another program's: no name of this prompt is its own."""
        nothing = compile("", "a cell", "exec")
        self.source, self._code = "", Code(nothing, None, frozenset())
        self._before, self._own = {}, {}
        self._final_names, self._brought_back = None, False

    def call(self) -> Any:
        try:
            result, found, self.changed = super().call()
        except BaseException:
            self._settle({})
            raise
        self._settle(found)
        return result
