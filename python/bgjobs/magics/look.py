"""The magics that look at jobs, and change nothing."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, no_var_expand
from IPython.display import display

from .. import failures, host
from ..display import group
from ..foreground import show_until_end
from ..jobs import BackgroundJobBase
from ..peek import NoNames
from .base import NONE_ALIVE, Base, is_alive
from .options import words_of


class Look(Base):
    """%jobs, %log, %where, %peek and %jobdebug."""

    @line_magic  # type: ignore[untyped-decorator]
    def jobs(self, line: str) -> None:
        """Shows the jobs that are running, have completed, or are dead.

            %jobs

        It is a report, as jobs.status() is; calls of functions are shown with their arguments, and
        below each job how long it has run, how far it is, what it waits for or why it died.

            %jobs failed

        shows only those that have failed. The words are those of jobs.select: running, queued,
        stopping, finished, completed, dead, failed, stopped; numbers, 5-7, groups, and names such as fit*.

            %jobs --live

        shows the panel in a notebook, which follows the jobs and can stop them, as jobs.panel() does.
        """
        manager = self.manager
        if line.split() == ["--live"]:
            self._show_panel()
        elif line.lstrip().startswith("-"):
            raise UsageError(f"%jobs takes --live alone, or which jobs to list, not {line.strip()}: %jobs failed")
        elif line.strip():
            self._show_selected(line)
        elif manager.all:
            manager._print_groups(group)
        else:
            print("No jobs. %bg f(x) starts one.")

    def _show_panel(self) -> None:
        if not host.is_kernel():
            raise UsageError("%jobs --live needs a notebook; %jobs lists the jobs here")
        try:
            panel = self.manager.panel()
        except ImportError as error:
            raise UsageError(str(error).replace("jobs.panel()", "%jobs --live")) from None
        display(panel)

    def _show_selected(self, line: str) -> None:
        found, unknown = self._selected(line)
        groups = {None: "Running", "done": "Completed", "failed": "Dead", "stopped": "Dead"}
        shown: dict[str, list[BackgroundJobBase]] = {name: [] for name in groups.values()}
        for job in found:
            outcome = job.outcome
            shown[groups[outcome]].append(job)
            if outcome is not None:
                self.notices.told(job)
        print("".join(group(name, jobs, None) for name, jobs in shown.items()), end="")
        if unknown:
            raise UsageError(unknown)

    @line_magic  # type: ignore[untyped-decorator]
    def log(self, line: str) -> None:
        """Shows what a job has printed.

            %log N [-n K] [-f]

        -n K   only the newest K lines
        -f     follows the output until the job ends, or until Ctrl-C

        N is a number, or a name: the newest job of that name. Without it: the newest job that has
        printed something.
        """
        words = words_of(line)
        follow = "-f" in words
        words = [word for word in words if word != "-f"]
        count = _take_count(words)
        for word in words:
            if word.startswith("-") and not word[1:].isdecimal():
                raise UsageError(f"%log takes -n and -f, not {word}")
        job = self._job_or_newest(words, "log", _has_printed, "no job has printed anything")
        if follow:
            show_until_end(job, count)
        else:
            job.log.print(count)

    @line_magic  # type: ignore[untyped-decorator]
    def where(self, line: str) -> None:
        """Shows where a job is now: its call stack, with source lines.

            %where N

        N is a number or a name. Without it: the newest job that has not ended.
        """
        words = words_of(line)
        job = self._job(words, "where") if words else self._newest(is_alive, NONE_ALIVE)
        print(job.where())

    @no_var_expand  # type: ignore[untyped-decorator]
    @line_magic  # type: ignore[untyped-decorator]
    def peek(self, line: str) -> Any:
        """Evaluates an expression with the names that a running job works with right now.

            %peek N expression

        Returns the value: %peek 3 len(queue). The names are those of the innermost function of
        yours that the job is in; %where N shows it. The job goes on meanwhile.
        """
        number, _, expression = line.strip().partition(" ")
        job = self._job(words_of(number), "peek")
        if not expression.strip():
            raise UsageError(f"%peek takes an expression after the number: %peek {number} len(queue)")
        try:
            return job.peek(expression)
        except NoNames as error:
            raise UsageError(str(error)) from None
        except SyntaxError as error:
            raise UsageError(f"{expression.strip()} is not an expression ({error.msg})") from None
        except Exception as error:
            raise UsageError(failures.message(error)) from None

    @line_magic  # type: ignore[untyped-decorator]
    def jobdebug(self, line: str) -> None:
        """Opens the debugger at the line where a dead job failed.

            %jobdebug N

        N is a number or a name. Without it: the newest job that has failed.
        """
        job = self._job_or_newest(words_of(line), "jobdebug", lambda job: job.outcome == "failed", "no job has failed")
        try:
            failures.debug(job)
        except ValueError as error:
            raise UsageError(str(error)) from None


def _has_printed(job: BackgroundJobBase) -> bool:
    return bool(job.log.tail(1))


def _take_count(words: list[str]) -> int | None:
    """Removes ``-n K`` from the words of %log, and returns K."""
    if "-n" not in words:
        return None
    at = words.index("-n")
    count = "".join(words[at + 1 : at + 2])
    if not count.isdecimal():
        raise UsageError(f"-n takes a number of lines, not {count or 'nothing'}: %log 0 -n 10")
    del words[at : at + 2]
    return int(count)
