"""The prompt: its names, and which managers hold its jobs.

It does not know the magics.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from typing import Any

from ..jobs import BackgroundJobBase
from ..manager import BackgroundJobManager

MAX_LISTED = 10
"""How many jobs a sentence names."""


class Prompt:
    """What the magics know of one shell; it stays when they are loaded again."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._own: BackgroundJobManager | None = None
        # Whether the user knows that `jobs` is another name.
        self._told = False

    @property
    def names(self) -> ChainMap[str, Any]:
        """The prompt's names; where IPython is embedded in a function, those of the module too."""
        return ChainMap(self.shell.user_ns, self.shell.user_global_ns)

    @property
    def manager(self) -> BackgroundJobManager:
        """The prompt's `jobs` if it is a manager, otherwise our own, under that name if it is free."""
        names = self.shell.user_ns
        named = names.get("jobs")
        if isinstance(named, BackgroundJobManager):
            return named
        if self._own is None:
            self._own = BackgroundJobManager()
        if names.setdefault("jobs", self._own) is not self._own and not self._told:
            self._told = True
            print("`jobs` is already a name of yours; %jobs shows what %bg starts.")
        return self._own

    def name_manager(self) -> None:
        """Calls a manager of ours `jobs`, unless that is a name of the user's."""
        if "jobs" not in self.shell.user_ns:
            self.shell.user_ns["jobs"] = self.manager

    def managers(self) -> Iterator[BackgroundJobManager]:
        """The existing managers; looking for notices creates none."""
        named = self.shell.user_ns.get("jobs")
        if isinstance(named, BackgroundJobManager):
            yield named
        if self._own is not None and self._own is not named:
            yield self._own

    def jobs(self) -> list[BackgroundJobBase]:
        """All jobs of these managers."""
        return [job for manager in self.managers() for job in manager.all.values()]


def listed(numbers: Any, most: int = MAX_LISTED) -> str:
    """Numbers for a sentence; if there are many, the newest."""
    texts = [str(number) for number in sorted(numbers)]
    return ", ".join(["..."] * (len(texts) > most) + texts[-most:])
