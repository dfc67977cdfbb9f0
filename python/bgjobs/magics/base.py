"""The base of the classes of magics: the jobs that a line of theirs means.

A magic is a method of a class in this folder, with IPython's decorator; `completion` has a row for it. It raises
`UsageError`, which IPython shows as one line, for wrong use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from IPython.core.error import UsageError
from IPython.core.magic import Magics

from .. import selection
from ..cells import BackgroundJobCell
from ..jobs import BackgroundJobBase
from ..labels import label
from ..manager import BackgroundJobManager
from ..starter import Starter
from ..text import harmless
from .notices import Notices
from .options import words_of
from .prompt import Prompt, listed

if TYPE_CHECKING:
    from ..engines import Target

REFUSED = (NotImplementedError, OSError, ValueError)
"""Why a job can't be kept, or a kept one not be found."""

NONE_ALIVE = "no job runs or is queued"


def is_alive(job: BackgroundJobBase) -> bool:
    """Whether a job has not ended."""
    return not job.done()


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

    def _starter(self, options: dict[str, Any]) -> Starter:
        """What starts jobs with the options of a line."""
        try:
            return self.manager.options(**options)
        except (TypeError, ValueError) as error:
            raise UsageError(str(error)) from None

    def _tell_kept(self, job: BackgroundJobBase) -> None:
        """Says of a job that was started to outlive this process how to find it, and what it survives."""
        kept = getattr(job, "kept", None)
        if kept is not None:
            from ..kept import SURVIVES

            print(f"Kept as {kept}: {SURVIVES}.")

    def _expect_names(self, job: Any) -> None:
        """Has the names of a job come back, if it is a cell."""
        if isinstance(job, BackgroundJobCell):
            job._expect = self.notices.expect
            job._expect(job)

    def _target(self, name: str) -> Target:
        """The engine that a name means: in `jobs.engines`, or else at the prompt."""
        # Few prompts use one, and their imports take a while.
        from ..engines import target

        known = self.manager.engines
        try:
            return target(name if name in known else self.shell.user_ns.get(name, name), known)
        except (TypeError, LookupError) as error:
            raise UsageError(str(error.args[0])) from None

    def _one(self, word: str, magic: str) -> BackgroundJobBase:
        """The job with this number, or the newest with this name; a `UsageError` of one line if there is none."""
        if not self.manager.all:
            raise UsageError("there are no jobs: %bg f(x) starts one")
        try:
            found, missing = selection.find(self.manager.all, [word])
        except ValueError as error:
            raise UsageError(str(error)) from None
        if not found:
            raise UsageError(missing[0].none)
        if len(found) > 1 and word[0].isdecimal():
            raise UsageError(f"%{magic} takes one job, not {len(found)}: %{magic} {found[-1].num}")
        return found[-1]

    def _selected(self, line: str) -> tuple[list[BackgroundJobBase], str]:
        """The jobs that the words of a line select, and what is wrong with the numbers and names that select none.

        Says so at once of other words that select none.
        """
        try:
            found, missing = selection.find(self.manager.all, words_of(line))
        except ValueError as error:
            raise UsageError(str(error)) from None
        for part in missing:
            if not part.is_needed:
                print(f"{part.none[:1].upper()}{part.none[1:]}.")
        return found, "; ".join(part.none for part in missing if part.is_needed)

    def _selected_or_newest(
        self, line: str, fits: Callable[[BackgroundJobBase], bool], none: str
    ) -> tuple[list[BackgroundJobBase], str]:
        """What `_selected` returns; for a line without words the newest job that fits."""
        return self._selected(line) if line.strip() else ([self._newest(fits, none)], "")

    def _newest(self, fits: Callable[[BackgroundJobBase], bool], none: str) -> BackgroundJobBase:
        """The newest job that fits; if none does, a `UsageError` that says so."""
        for _, job in sorted(self.manager.all.items(), reverse=True):
            if fits(job):
                return job
        raise UsageError(f"{none}: {self._there()}")

    def _there(self) -> str:
        """Which jobs there are, for a sentence."""
        known = self.manager.all
        if not known:
            return "there are none, %bg f(x) starts one"
        return f"there {'is job' if len(known) == 1 else 'are jobs'} {listed(known)}"

    def _job(self, words: list[str], magic: str) -> BackgroundJobBase:
        """The job that the words of a line mean; a `UsageError` of one line if they mean none, or several."""
        if not words:
            raise UsageError(f"%{magic} takes the number or the name of a job: {self._there()}")
        if len(words) > 1:
            raise UsageError(f"%{magic} takes one job, not {len(words)}: %{magic} {words[0]}")
        return self._one(words[0], magic)

    def _job_or_newest(
        self, words: list[str], magic: str, fits: Callable[[BackgroundJobBase], bool], none: str
    ) -> BackgroundJobBase:
        """The job that the words mean, or without words the newest that fits; a line says which, if no number did."""
        job = self._job(words, magic) if words else self._newest(fits, none)
        if words != [str(job.num)]:
            print(f"Job #{job.num}: {harmless(label(job))}")
        return job
