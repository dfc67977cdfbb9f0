"""The magic that starts a command of the system's shell."""

from __future__ import annotations

import re
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic

from .base import REFUSED, Base
from .options import COMMON, parse

_AMPERSAND = re.compile(r"(?<![&\\])&$")
"""The end of a line that a shell would run in the background, as each command here is."""


class Commands(Base):
    """%sh."""

    @line_magic  # type: ignore[untyped-decorator]
    def sh(self, line: str) -> Any:
        """Starts a command of the system's shell as a background job; the prompt returns at once.

            %sh [options] command

        What the command prints goes to the job's log: %log shows it, %fg waits for the end. %kill
        ends the command with all that it has started. An & at the end changes nothing. As with
        !command, {x} and $x stand for what Python calls x.

        The magic returns the job: job = %sh make -j2. jobs.sh("make -j2") does the same, and takes
        the folder, variables and input of the command. The options are those of %bg, apart from
        --process: %sh --group net --retry 3 curl -O $url.
        """
        options, rest = parse(line, "%sh", COMMON)
        command = _AMPERSAND.sub("", rest).strip()
        if not command:
            raise UsageError("%sh takes a command: %sh make -j2")
        try:
            job = self._starter(options).sh(command)
        except REFUSED as error:
            raise UsageError(str(error)) from None
        self._tell_kept(job)
        return job
