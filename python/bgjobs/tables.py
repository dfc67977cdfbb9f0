"""The table by which a value shows itself in HTML, reduced to what cannot act: its cells and their texts.

Scripts, styles, links and pictures are left out, and no tag of the value's closes one around it. This module does not
know jobs.
"""

from __future__ import annotations

import html
from html.parser import HTMLParser
from typing import Any

from .text import harmless

_LONGEST = 100_000
"""How many characters of HTML are read."""

_INSIDE = {"caption", "col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"}
_ANYWHERE = {"b", "br", "code", "div", "em", "i", "p", "small", "strong", "sub", "sup", "table"}
_ENDLESS = {"br", "col"}
_SILENT = {"head", "iframe", "math", "noscript", "object", "script", "select", "style", "svg", "template", "textarea"}
"""The tags that are left out with all that is in them."""

_MOST_SPANNED = 1000


def of(value: Any) -> str | None:
    """The table of a value as HTML; None if it has none, or if it is too long.

    >>> class Rows:
    ...     def _repr_html_(self):
    ...         return "<table onclick='act()'><tr><td>1<script>act()</script>"
    >>> of(Rows())
    '<table><tr><td>1</td></tr></table>'
    """
    show = getattr(type(value), "_repr_html_", None)
    if show is None:
        return None
    try:
        text = show(value)
    except Exception:
        return None
    if not isinstance(text, str) or len(text) > _LONGEST or "<table" not in text.lower():
        return None
    parser = _Tables()
    parser.feed(text)
    parser.close()
    return parser.end()


def size(value: Any) -> str | None:
    """What a value is that shows itself as a table with a shape, such as `DataFrame, 3 x 2`; None if it is none."""
    if not hasattr(type(value), "_repr_html_"):
        return None
    try:
        shape = value.shape
        if type(shape) is tuple and shape and all(type(count) is int for count in shape):
            return f"{type(value).__name__}, {' x '.join(map(str, shape))}"
    except Exception:
        pass
    return None


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._open: list[str] = []
        # The tags that are left out, of those that are open.
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        # Outside a table of the value's own, a row would be one of the table around it.
        if self._silent or not (tag in _ANYWHERE or (tag in _INSIDE and "table" in self._open)):
            return
        spans = "".join(f' {name}="{value}"' for name, value in attrs if _spans(name, value))
        self._parts.append(f"<{tag}{spans}>")
        if tag not in _ENDLESS:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass
        elif tag in self._open and not self._silent:
            self._close_to(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(html.escape("\n".join(map(harmless, data.split("\n")))))

    def _close_to(self, tag: str) -> None:
        while True:
            inner = self._open.pop()
            self._parts.append(f"</{inner}>")
            if inner == tag:
                return

    def end(self) -> str:
        """All of it, with what is still open closed."""
        while self._open:
            self._close_to(self._open[-1])
        return "".join(self._parts).strip()


def _spans(name: str, value: str | None) -> bool:
    return name in ("colspan", "rowspan") and value is not None and value.isdecimal() and int(value) <= _MOST_SPANNED
