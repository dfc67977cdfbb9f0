"""What Tab offers in a line of a magic: one row for each."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, Callable

from .. import alerts
from ..jobs import BackgroundJobBase
from ..selection import WORDS
from . import kept, options
from .prompt import Prompt

_Offer = Callable[[Prompt, str], Iterable[str]]
"""The words that may complete the given one."""


def _numbers(wanted: Callable[[BackgroundJobBase], bool]) -> _Offer:
    return lambda prompt, word: [str(job.num) for job in prompt.jobs() if wanted(job)]


def _selection(of: _Offer, *words: str) -> _Offer:
    # Words and groups only when one is begun, so that Tab alone shows the numbers.
    return lambda prompt, word: [*of(prompt, word), *((*words, *_groups(prompt, word)) if word else ())]


def _names(prompt: Prompt, word: str) -> Iterable[str]:
    # Jedi completes the rest of an expression, but can't tell where this one begins.
    return sorted({*prompt.shell.user_global_ns, *vars(builtins)}) if word.isidentifier() else ()


def _groups(prompt: Prompt, word: str) -> Iterable[str]:
    return [group.name for manager in prompt.managers() for group in manager.groups]


def _nothing(prompt: Prompt, word: str) -> Iterable[str]:
    return ()


_of_any = _numbers(lambda job: True)
_of_running = _numbers(lambda job: not job.done())
_of_dead = _numbers(lambda job: job.outcome in ("failed", "stopped"))

_ROWS: dict[str, tuple[tuple[str, ...], _Offer]] = {
    "attach": ((), lambda prompt, word: kept.numbers()),
    "bg": (options.ALL, _names),
    "fg": ((), _of_any),
    "%%fg": (options.ALL, _nothing),
    "jobdebug": ((), _of_dead),
    "jobs": (("--live",), _selection(_of_any, *WORDS)),
    "groups": ((), _nothing),
    "kept": (("--all",), _nothing),
    "kill": ((), _selection(_of_running, "all", "running", "queued")),
    "limit": ((), _groups),
    "log": (("-f", "-n"), _of_any),
    "notify": ((), lambda prompt, word: alerts.METHODS),
    "pause": ((), _groups),
    "peek": ((), _of_running),
    "rerun": ((), _selection(_of_any, "all", "finished", "completed", "dead", "failed", "stopped")),
    "resume": ((), _groups),
    "sh": (options.COMMON, _nothing),
    "where": ((), _of_running),
    "why": ((), _of_running),
}
"""The options of a magic, and what its other words may be; by its mark where the mark makes a difference."""


class Completion:
    """The completion at one prompt."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt

    def matcher(self, context: Any) -> Any:
        """What IPython asks for the line that is being typed."""
        found = re.match(r"\s*(%{0,2})(\w+)\s", context.text_until_cursor)
        # Without % a name of the user's comes first: `jobs` is one.
        is_magic = found and (found[1] or found[2] not in self._prompt.shell.user_ns)
        row = _ROWS.get(found[0].strip()) or _ROWS.get(found[2]) if found and is_magic else None
        offered: Iterable[str] = ()
        if row is not None:
            known, offer = row
            offered = known if context.token.startswith("-") else offer(self._prompt, context.token)
        texts = [text for text in offered if text.startswith(context.token)]
        completions = [SimpleNamespace(text=text, type=None) for text in texts]
        return {"completions": completions, "suppress": True, "ordered": True}

    # By these IPython recognizes a matcher.
    matcher.matcher_api_version = 2  # type: ignore[attr-defined]
    matcher.matcher_identifier = "bgjobs"  # type: ignore[attr-defined]
