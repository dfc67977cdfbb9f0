"""The base of the classes of magics: the jobs that a line of theirs means.

A magic is a method of a class in this folder, with IPython's decorator; `completion` has a row for it. It raises
`UsageError`, which IPython shows as one line, for wrong use.
"""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import Magics

from ..jobs import BackgroundJobBase
from ..manager import BackgroundJobManager
from .notices import Notices
from .prompt import Prompt, listed


class Base(Magics):  # type: ignore[misc]
    """What all magics of one shell share; they work on the manager that the prompt calls `jobs`."""

    def __init__(self, prompt: Prompt, notices: Notices) -> None:
        super().__init__(prompt.shell)
        self.prompt = prompt
        self.notices = notices

    @property
    def manager(self) -> BackgroundJobManager:
        """The manager of the prompt."""
        return self.prompt.manager

    def _jobs(self, words: list[str], magic: str) -> list[BackgroundJobBase]:
        """The jobs with these numbers; a `UsageError` of one line if there is no such job."""
        known = self.manager.all
        there = f"there are {listed(known)}" if known else "there are none, %bg f(x) starts one"
        if not words:
            raise UsageError(f"%{magic} takes the number of a job: {there}")
        found = []
        for word in words:
            try:
                found.append(known[int(word)])
            except ValueError:
                wanted = f"%{magic} takes the number of a job, not {word}"
                raise UsageError(f"{wanted}: {there}") from None
            except KeyError:
                raise UsageError(f"Job #{word} not found: {there}") from None
        return found

    def _job(self, line: str, magic: str) -> BackgroundJobBase:
        words = line.split()
        if len(words) > 1:
            raise UsageError(f"%{magic} takes one number, not {len(words)}: %{magic} {words[0]}")
        return self._jobs(words, magic)[0]
