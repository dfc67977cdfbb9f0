"""The magic that waits for a job."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from IPython.core.magic import line_cell_magic

from .. import failures
from ..cells import BackgroundJobCell
from ..foreground import run_until_end, show_until_end
from ..jobs import BackgroundJobBase
from .base import NONE_ALIVE, is_alive
from .options import words_of
from .start import Start


class Foreground(Start):
    """%fg and %%fg."""

    @line_cell_magic  # type: ignore[untyped-decorator]
    def fg(self, line: str, cell: str | None = None) -> Any:
        """Waits for a job, and shows its output, past and new; what the job asks for, you can type.

            %fg N

        Returns the job's result, or shows the traceback if the job is dead. Ctrl-C ends the wait,
        and the job goes on. N is a number or a name. Without it: the newest job that has not ended.

            %%fg [options]
            statements

        runs a whole cell and waits, as if the magic were not there; but after Ctrl-C, or an
        interrupt in a notebook, the cell goes on as a job: %fg N waits again. It is a %%bg cell
        that you have waited for, and takes the options of %%bg.
        """
        if cell is not None:
            return self._run_cell(line, cell)
        job = self._job_or_newest(words_of(line), "fg", is_alive, NONE_ALIVE)
        if show_until_end(job):
            return self._end_of(job)
        return None

    def _run_cell(self, line: str, cell: str) -> Any:
        made = self._make_cell(line, cell, "%%fg")
        if made is None:
            return None
        job, start = made
        if not run_until_end(job, start):
            return job
        # Its user knows which names it assigns.
        job.bring_back(self.prompt.names)
        if job.outcome == "failed":
            self.notices.told(job)
            raise _shown_as_its_own(job)
        return self._end_of(job)

    def _end_of(self, job: BackgroundJobBase) -> Any:
        """What is shown of a job whose end the user has waited for."""
        self.notices.told(job)
        print(self.notices.bring_back(), end="")
        if job.outcome == "done":
            return job.result
        if job.outcome == "stopped":
            print(f"Job #{job.num} was stopped.")
        else:
            job.traceback()
        return None


def _shown_as_its_own(job: BackgroundJobCell) -> BaseException:
    """The error of a cell, to be raised here: as it is an error of this cell, a notebook stops.

    IPython shows it without the frames in between, once: if it is raised again, all is shown.
    """
    error = job.exception()
    assert error is not None, "it has failed"
    text = failures.text_of(job) or ""

    def render() -> list[str]:
        del error._render_traceback_  # type: ignore[attr-defined]
        return text.splitlines()

    with suppress(Exception):
        error._render_traceback_ = render  # type: ignore[attr-defined]
    return error.with_traceback(job._trace)
