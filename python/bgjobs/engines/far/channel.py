"""A channel: what a body tells the near side, and how it hears from it.

It does not know how a body runs, nor where it leads: each kind of channel has a file of its own.
"""

from __future__ import annotations

from typing import Any

POLL = 0.02
"""How many seconds pass between two looks at what is to be told or heard."""

PROGRESS = 0.2
"""How many seconds pass between two looks at how far a body is."""

PIECE = 1 << 16
"""How many characters of output are sent at once."""

bodies: dict[str, Any] = {}
"""The bodies that run in this process, by their tasks."""


class Channel:
    """What a body tells the near side, and hears from it; this one does neither."""

    takes_text = False
    """Whether `write` leads anywhere."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.task: str = settings["task"]
        self._body: Any = None
        self._how: Any = None

    def claim(self, host: dict[str, Any]) -> str | None:
        """Takes the sole right to run the task, and tells where it runs; why not, if it is taken."""
        return None

    def files(self) -> tuple[int, int] | None:
        """Descriptors of new files for what the body prints, if it prints to files."""
        return None

    def write(self, err: bool, text: str) -> None:
        """Sends what the body prints."""

    def attend(self, body: Any) -> None:
        """Begins to hear of stops, and to tell how far the body is."""

    def end(self) -> None:
        """The body is over."""

    def tell_how(self, how: Any) -> None:
        """Sends how far the body is."""

    def look_how(self, body: Any) -> None:
        """Tells how far the body is, if that is new."""
        how = body.how()
        if how != self._how:
            self._how = how
            self.tell_how(how)
