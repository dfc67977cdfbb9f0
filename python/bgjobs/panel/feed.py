"""What pages know of the jobs, and what is new: the near end of the panel's protocol.

A page says which rows it has in view and which are open; it gets these in full, and of all others that they are there
and how they ended. Nothing is told twice, and nothing while nothing changes. This module does not know how messages
travel; one thread calls it.

A message to the page is a dict with a `kind`:

- `jobs`: `number`, one more than that of the message before; `is_whole`, whether it has all that is known;
  `now`, the time here; `front`, the jobs that a cell waits for; `jobs`, the rows that are new, or what has changed of
  them; `behind`, of how many the next message has more; `counts`, if it has changed, how many jobs there are in each
  state, with those; `gone`, the numbers of forgotten jobs; `details`, by number.
- `asked`: the requests to stop the jobs `ids` have been heard.
- `gone_on`: no cell waits for the jobs `ids`, or not any more.
- `verdict`: `text`, what came of a request to stop the job `id`.
- `still`: `html`, the panel as a still picture, for the notebook.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Callable

from ..foreground import waited_for
from ..jobs import BackgroundJobBase
from . import details, rows

Message = dict[str, Any]

_FIRST_VIEW = 40
"""How many rows count as in view until a page has said: the newest that have not ended, then the newest others."""

_MOST = 100
"""How many rows at most are in view, and up to how many jobs a message is whole while no page has said anything."""

BATCH = 5000
"""How many rows a message has at most that a page asked for: a server passes on no more than a megabyte at once."""

ROOM = 24_000
"""How many bytes a message has at most, but for what a page asked for and what it has in view."""

_LOGS = 12_000
"""How many characters of logs a message has at most, of all open rows."""

_PAGES = 8
"""How many pages are remembered: the newest. One that has gone says so only if it was closed in order."""


class _Page:
    """What a page shows."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.open: list[int] = []
        self.keeps = False


class Feed:
    """What pages know of jobs; `jobs` returns them by number."""

    def __init__(self, jobs: Callable[[], Mapping[int, BackgroundJobBase]]) -> None:
        self._jobs = jobs
        self._number = 0
        self._pages: dict[str, _Page] = {}
        self._had_pages = False
        self._front: list[int] = []
        self._behind = 0
        # The newest job when a page asked for all.
        self._asked_up_to = -1
        self.begin()

    def begin(self) -> None:
        """Has the next look tell all that is known: a page knows nothing, or not all."""
        self._is_owed = True
        self._asked_up_to = max(self._jobs(), default=-1)
        self._forget()

    def _forget(self) -> None:
        """Makes the next message whole."""
        self._is_whole = True
        self._told: dict[int, rows.Row] = {}
        self._counts: dict[str, int] = {}
        self._live: set[int] = set()
        self._details: dict[int, details.Details] = {}
        self._cursors: dict[int, int] = {}

    def meet(self, page: str, keeps: bool) -> None:
        """A page knows nothing. What it shows may be known already, as requests overtake each other.

        `keeps` is whether it writes still pictures into its notebook.
        """
        self._had_pages = True
        self._pages.setdefault(page, _Page()).keeps = keeps
        self.begin()

    def show(self, page: str, seen: list[int], open: list[int]) -> None:
        """A page has these rows in view, and these open."""
        self._had_pages = True
        shown = self._pages.pop(page, None) or _Page()
        for number in open:
            if number not in shown.open:
                # It has none of the log yet.
                self._cursors.pop(number, None)
                self._details.pop(number, None)
        shown.seen, shown.open = seen[:_MOST], open[:_MOST]
        self._pages[page] = shown
        while len(self._pages) > _PAGES:
            del self._pages[next(iter(self._pages))]

    def hide(self, page: str) -> None:
        """A page has gone."""
        self._pages.pop(page, None)

    @property
    def open(self) -> list[int]:
        """The rows that a page has open."""
        return sorted({number for page in self._pages.values() for number in page.open})

    @property
    def is_left(self) -> bool:
        """Whether there were pages, and all have gone."""
        return self._had_pages and not self._pages

    @property
    def is_kept_by_pages(self) -> bool:
        """Whether all pages write still pictures into their notebooks."""
        return bool(self._pages) and all(page.keeps for page in self._pages.values())

    @property
    def is_live(self) -> bool:
        """Whether a job had not ended when this looked last, or was not told yet."""
        return bool(self._live) or self._behind > 0

    def look(self, now: float) -> Message | None:
        """What is new, to be sent; None if nothing is."""
        jobs = self._jobs()
        before = self._told
        if not self._had_pages and len(jobs) <= _MOST:
            # The first page may have come after the last message, and not be heard while a cell runs.
            self._asked_up_to = max(jobs, default=-1)
            self._forget()
        seen = self._seen(jobs)
        gone = [number for number in self._told if number not in jobs]
        for number in gone:
            del self._told[number]
            self._live.discard(number)
            self._details.pop(number, None)
        opened = self._opened(jobs)
        known = self._counts
        changed = self._all_changed(jobs, seen, ROOM - _size(opened))
        front = [job.num for job in waited_for() if job.num is not None and jobs.get(job.num) is job]
        is_new = bool(changed or gone or opened) if self._told is before else self._told != before
        is_new |= front != self._front or (self._counts != known and self._told is before)
        self._front = front
        if self.is_left or not (is_new or self._is_owed):
            return None
        self._number += 1
        message: Message = {"kind": "jobs", "number": self._number, "is_whole": self._is_whole, "now": round(now, 2)}
        message.update(behind=self._behind, front=front, jobs=changed, gone=gone, details=opened)
        if self._counts != known or self._is_whole:
            message["counts"] = self._counts
        self._is_whole = self._is_owed = False
        return message

    def _seen(self, jobs: Mapping[int, BackgroundJobBase]) -> set[int]:
        if self._pages:
            return {number for page in self._pages.values() for number in page.seen + page.open}
        live = [number for number, job in jobs.items() if job.outcome is None]
        return set((live[::-1] + list(jobs)[::-1])[:_FIRST_VIEW])

    def _all_changed(self, jobs: Mapping[int, BackgroundJobBase], seen: set[int], room: int) -> list[rows.Row]:
        """What pages do not know of all rows; of very many that are not in view only the newest. Counts all."""
        changed: list[rows.Row] = []
        self._behind = 0
        self._counts = {}
        for number, job in reversed(list(jobs.items())):
            told = self._told.get(number)
            state = rows.state(job) if told is None or number in self._live else told["state"]
            if number in seen or told is None or told["state"] != state:
                is_asked = told is None and number <= self._asked_up_to
                if number in seen or (len(changed) < BATCH if is_asked else room > 0):
                    row = self._changed(number, job, state, number in seen)
                    if row is not None:
                        changed.append(row)
                        room -= 0 if is_asked else _size(row)
                    state = self._told[number]["state"]
                else:
                    self._behind += 1
            self._counts[state] = self._counts.get(state, 0) + 1
        return changed[::-1]

    def _changed(self, number: int, job: BackgroundJobBase, state: str, is_seen: bool) -> rows.Row | None:
        """What of a row its pages do not know, with its `id`; None if they know all."""
        told = self._told.get(number)
        if told is None or state != told["state"]:
            row = rows.of(job)
            # What has ended since then is in the next message.
            (self._live.discard if row["state"] in ("done", "failed", "stopped") else self._live.add)(number)
        elif is_seen and number in self._live:
            row = {}
        else:
            return None
        if is_seen:
            row.update(rows.seen(job))
        told = self._told.setdefault(number, {})
        row = {key: value for key, value in row.items() if key not in told or told[key] != value}
        if not row:
            return None
        told.update(row)
        row["id"] = number
        if "done" in row or "total" in row:
            row["left"] = rows.left(job)
        return row

    def _opened(self, jobs: Mapping[int, BackgroundJobBase]) -> dict[int, details.Details]:
        """What is new of the open rows."""
        found = {}
        room = _LOGS // max(len(self.open), 1)
        for number in self.open:
            job = jobs.get(number)
            if job is None:
                continue
            told = self._details.setdefault(number, {})
            if told.get("is_final"):
                continue
            # Before the look, because it may end meanwhile.
            is_final = job.outcome is not None
            now = {**details.of(job), "is_final": is_final}
            new = {key: value for key, value in now.items() if told.get(key) != value}
            cursor = self._cursors.get(number)
            log = details.log(job, cursor, room)
            if log["to"] != cursor or log["pending"] != told.get("pending"):
                new["log"] = log
            if new:
                found[number] = new
            told.update(now, pending=log["pending"])
            self._cursors[number] = log["to"]
        return found


def _size(part: Any) -> int:
    return len(json.dumps(part))
