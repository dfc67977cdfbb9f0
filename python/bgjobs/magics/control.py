"""The magic that stops jobs."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import line_magic

from .base import NONE_ALIVE, Base, is_alive
from .prompt import MAX_LISTED, listed


class Control(Base):
    """%kill."""

    @line_magic  # type: ignore[untyped-decorator]
    def kill(self, line: str) -> None:
        """Stops jobs, and says for each whether it has stopped.

            %kill 3 5-7 running fit*

        stops the jobs with these numbers, all that run, and all whose names begin with fit. Other
        words are queued, all, and the name of a group; jobs.select? has the rest. Without any: the
        newest job that has not ended.

        A job stops when it next runs Python code. If it is in C code, it stops when that returns;
        the answer comes within a second in any case. A job in a process of its own always ends.
        """
        found, unknown = self._selected_or_newest(line, is_alive, NONE_ALIVE)
        verdicts = self.manager.stop(found)
        stopped = [num for num, verdict in verdicts.items() if verdict.stopped]
        for job in found:
            if job.num in stopped:
                self.notices.told(job)
        in_short = stopped if len(stopped) > MAX_LISTED else []
        if in_short:
            print(f"{len(stopped)} jobs stopped: {listed(stopped)}.")
        for num, verdict in verdicts.items():
            if num not in in_short:
                print(f"Job #{num} {verdict}.")
        if any((verdict.place or "").startswith("in a C call") for verdict in verdicts.values()):
            print("bgjobs.sleep hears a stop, as time.sleep does not; %bg --process starts a job that always ends.")
        if unknown:
            raise UsageError(unknown)
