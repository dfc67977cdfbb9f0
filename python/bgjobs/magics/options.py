"""The words of a magic's line, and the options in front of what it starts: `%bg --group net --retry 3 f(x)`.

It does not know what they mean.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, Callable

from IPython.core.error import UsageError

_WORD = re.compile(r"""\s*("[^"]*"|'[^']*'|\S+)""")


def _text(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def words_of(line: str) -> list[str]:
    """The words of a line; quotes hold one with spaces together.

    >>> words_of("3 'my job' it's")
    ['3', 'my job', "it's"]
    """
    return [_text(word) for word in _WORD.findall(line)]


def _numbers(value: str) -> list[int]:
    return [int(number) for number in value.split(",")]


_KINDS: dict[str, tuple[Callable[[str], Any], str]] = {
    "--name": (_text, "fit"),
    "--on": (_text, "farm"),
    "--group": (_text, "net"),
    "--priority": (int, "1"),
    "--delay": (float, "5"),
    "--after": (_numbers, "1,2"),
    "--after-ended": (_numbers, "1,2"),
    "--time-limit": (float, "60"),
    "--retry": (int, "3"),
    "--backoff": (float, "0.5"),
    "--log-bytes": (int, "100000"),
    "--log-file": (_text, "fit.log"),
}
"""The options with a value, and an example of it."""

COMMON = ("--daemon", "--keep", *(option for option in _KINDS if option != "--on"))
"""The options of all that is started."""

ALL = ("--daemon", "--process", "--keep", *_KINDS)
"""The options of code."""


def parse(line: str, magic: str, known: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    """The options at the beginning of a line, as `jobs.options` takes them, and the rest of the line."""
    options: dict[str, Any] = {}
    rest = line.strip()
    while rest.startswith("--"):
        found = re.match(r"(--[^\s=]*)(=?)", rest)
        assert found is not None, "the line begins with --"
        word, rest = found[1], rest[found.end() :]
        if word not in known:
            raise UsageError(f"{magic} has no option {word}{_instead(word, magic, known)}")
        kind = _KINDS.get(word)
        value: Any = True
        if kind is not None:
            read, example = kind
            given = _WORD.match(rest)
            wanted = f"{word} takes a value, as in {word} {example}"
            if given is None:
                raise UsageError(wanted)
            try:
                value = read(given[1])
            except ValueError:
                raise UsageError(f"{wanted}, not {given[1]}") from None
            rest = rest[given.end() :]
        elif found[2]:
            raise UsageError(f"{word} takes no value: write {magic} {word} f(x)")
        options[word[2:].replace("-", "_")] = value
        rest = rest.strip()
    return options, rest


def _instead(word: str, magic: str, known: tuple[str, ...]) -> str:
    """What else may be meant by an unknown option."""
    near = get_close_matches(word, known, 1, 0.7)
    if near:
        return f": did you mean {near[0]}?"
    code = "" if magic.startswith("%%") else "; put an expression that begins with -- in parentheses"
    return f", {magic}? shows those it has{code}"
