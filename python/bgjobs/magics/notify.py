"""The magic that sets how the terminal alerts its user when a long job ends."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import line_magic

from .. import alerts, host
from .base import Base


class Notify(Base):
    """%notify."""

    @line_magic  # type: ignore[untyped-decorator]
    def notify(self, line: str) -> None:
        """Shows or sets how the terminal alerts you when a long job ends.

            %notify [bell:30s]

        bell rings, osc9 and osc777 are desktop notifications, if the terminal supports them; each
        with the least time such a job runs, 10s by default. off is no alert. What %fg or %kill has
        shown you is none either. BGJOBS_NOTIFY=osc9:1m in the environment sets it for all prompts.
        """
        if host.is_kernel():
            raise UsageError(
                "%notify sets how a terminal alerts you, and a notebook has none: a job's card shows its end"
            )
        if not line.strip():
            print(self.notices.alert)
            return
        try:
            self.notices.alert = alerts.parse(line)
        except ValueError as error:
            raise UsageError(str(error)) from None
