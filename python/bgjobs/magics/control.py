"""The magics that wait for jobs and stop them."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import line_magic

from .base import Base
from .look import show_until_end


class Control(Base):
    """%fg and %kill."""

    @line_magic  # type: ignore[untyped-decorator]
    def fg(self, line: str) -> Any:
        """Waits for a job, and shows its output, past and new.

            %fg N

        Returns the job's result, or shows the traceback if the job is dead. Ctrl-C ends the wait,
        and the job goes on.
        """
        job = self._job(line, "fg")
        if not show_until_end(job):
            return None
        self.notices.told(job)
        print(self.notices.bring_back(), end="")
        if job.outcome == "done":
            return job.result
        if job.outcome == "stopped":
            print(f"Job #{job.num} was stopped.")
        else:
            job.traceback()
        return None

    @line_magic  # type: ignore[untyped-decorator]
    def kill(self, line: str) -> None:
        """Stops jobs, and says for each whether it has stopped.

            %kill N [N ...]

        A job stops when it next runs Python code. If it is in C code, it stops when that returns;
        the answer comes within a second in any case. A job in a process of its own always ends.
        """
        for job in self._jobs(line.split(), "kill"):
            verdict = job.stop()
            if verdict.stopped:
                self.notices.told(job)
            print(f"Job #{job.num} {verdict}.")
