"""The magics of groups, and of what jobs wait for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable

from IPython.core.error import UsageError
from IPython.core.magic import line_magic

from ..groups import Group
from ..jobs import BackgroundJobBase
from ..labels import label
from ..text import harmless
from .base import NONE_ALIVE, Base, is_alive
from .options import words_of


class Groups(Base):
    """%groups, %limit, %pause, %resume and %why."""

    @line_magic  # type: ignore[untyped-decorator]
    def groups(self, line: str) -> None:
        """Shows the groups: jobs that share a limit, and are paused and resumed together.

            %groups

        A job joins a group when it starts: %bg --group net f(x).
        """
        if line.strip():
            raise UsageError(f"%groups takes no arguments, not {line.strip()}; %limit net 2 sets a limit")
        groups = self.manager.groups
        if groups:
            _show(groups)
        else:
            print("No groups. %bg --group net f(x) makes one.")

    @line_magic  # type: ignore[untyped-decorator]
    def limit(self, line: str) -> None:
        """Sets how many jobs of a group may run at once; the others wait.

            %limit net 2
            %limit net none

        none removes the limit. Running jobs go on. A job that waits for another job lends its place
        meanwhile.
        """
        words = words_of(line)
        if len(words) != 2:
            raise UsageError("%limit takes a group and a number: %limit net 2; %limit net none removes the limit")
        name, number = words
        if number != "none" and not number.lstrip("-").isdecimal():
            raise UsageError(f"a limit is a number or none, as in %limit {name} 2, not {number}")
        try:
            group = self.manager.group(name, None if number == "none" else int(number))
        except ValueError as error:
            raise UsageError(str(error)) from None
        _show([group])

    @line_magic  # type: ignore[untyped-decorator]
    def pause(self, line: str) -> None:
        """Starts no more jobs of these groups until %resume; running jobs go on.

        %pause net
        """
        self._for_each(line, "pause", Group.pause)

    @line_magic  # type: ignore[untyped-decorator]
    def resume(self, line: str) -> None:
        """Lets the jobs of paused groups start again.

        %resume net
        """
        self._for_each(line, "resume", Group.resume)

    @line_magic  # type: ignore[untyped-decorator]
    def why(self, line: str) -> None:
        """Shows what jobs wait for: their turn in a group, a time, other jobs.

            %why 3

        Without a number: the newest job that has not ended.
        """
        jobs = [self._one(word, "why") for word in words_of(line)] or [self._newest(is_alive, NONE_ALIVE)]
        for job in jobs:
            print("\n  ".join([_first(job), *map(harmless, job.why())]))

    def _for_each(self, line: str, magic: str, act: Callable[[Group], None]) -> None:
        """Does something with all these groups, and shows them; all must exist, so that a typo makes no new one."""
        known = {group.name: group for group in self.manager.groups}
        there = f"there are {', '.join(map(harmless, known))}" if known else "there are none, %limit net 2 makes one"
        names = words_of(line)
        if not names:
            raise UsageError(f"%{magic} takes the names of groups: {there}")
        for name in names:
            if name not in known:
                raise UsageError(f"there is no group {name}: {there}")
        for name in names:
            act(known[name])
        _show(known[name] for name in names)


def _show(groups: Iterable[Group]) -> None:
    for group in groups:
        print(harmless(str(group)))


def _first(job: BackgroundJobBase) -> str:
    """What a job does now."""
    why = job.why()
    if job.done():
        return f"Job #{job.num} has ended, and waits for nothing: {label(job)}"
    if job._queued:
        state = "is queued"
    elif not job.running():
        state = "starts"
    else:
        state = "is stopping" if job._stopping else "runs"
    return f"Job #{job.num} {state}{'' if why else ', and waits for nothing'}: {label(job)}"
