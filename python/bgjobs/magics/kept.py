"""The magics for jobs that outlive the kernel."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic

from .. import _core
from .base import REFUSED, Base


class Kept(Base):
    """%kept and %attach."""

    @line_magic  # type: ignore[untyped-decorator]
    def kept(self, line: str) -> None:
        """Lists the jobs that outlive their kernels and programs: those that run, and the newest 20.

            %kept [--all]

        jobs.kept() returns them as a list. %attach k12 goes on with one.
        """
        if line.strip() not in ("", "--all"):
            raise UsageError(f"%kept takes --all or nothing, not {line}")
        try:
            print(repr(self.manager.kept(all=bool(line.strip()))))
        except REFUSED as error:
            raise UsageError(str(error)) from None

    @line_magic  # type: ignore[untyped-decorator]
    def attach(self, line: str) -> Any:
        """Goes on with a job that was started by %bg --keep, or by `bgjobs start`, in any program.

            %attach k12

        It gets a number here, its log from the beginning, and its result or its traceback. %kill stops it, and the
        end of this kernel does not. The names that a cell has assigned come back, unless they are taken here. The magic
        returns the job.
        """
        words = line.split()
        if len(words) != 1:
            raise UsageError("%attach takes a kept job, as in %attach k12; %kept lists them")
        from ..keeping import attached

        try:
            job = attached(words[0])
        except (LookupError, *REFUSED) as error:
            raise UsageError(f"{error.args[0]}; %kept lists those that are there") from None
        self.manager.start(job)
        self._expect_names(job)
        return job


def news() -> str | None:
    """What there is to say of kept jobs at a new prompt, in a line."""
    return _core.kept_news("%kept") if hasattr(_core, "kept_news") else None


def numbers() -> list[str]:
    """The numbers of the jobs that may be attached."""
    try:
        return [job["id"] for job in _listed()]
    except REFUSED:
        return []


def _listed() -> list[dict[str, Any]]:
    from ..keeping import listed

    return listed(all=False)
