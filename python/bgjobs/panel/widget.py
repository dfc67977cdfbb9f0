"""The panel's model in Jupyter: an anywidget, which carries messages between a kernel and its pages.

anywidget is imported when the first panel is made, because few programs have one. This module does not know what is in
the messages.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Any, Callable

PARTS = (
    "store.mjs",
    "format.mjs",
    "row.mjs",
    "details.mjs",
    "still.mjs",
    "link.mjs",
    "notify.mjs",
    "head.mjs",
    "view.mjs",
)
"""The parts of the page's script, each after those that it imports."""

_MISSING = "jobs.panel() needs anywidget, for Python 3.10 or newer: pip install 'bgjobs[live]'"


def load() -> Any:
    """The module `anywidget`; an `ImportError` says how it is installed."""
    try:
        import anywidget
    except ImportError as error:
        raise ImportError(_MISSING) from error
    return anywidget


def make(name: str, receive: Callable[[Any], object]) -> Any:
    """A model; `receive` is called with each message of a page, and the model's `send` sends one to all pages.

    `name` is the panel's, by which a page finds its still pictures.
    """
    import traitlets

    class JobPanel(load().AnyWidget):  # type: ignore[misc]
        _esm = script()
        _css = part("colours.css") + part("panel.css")
        still = traitlets.Unicode(name).tag(sync=True)

    model = JobPanel()
    model.on_msg(lambda _, content, buffers: receive(content))
    # ipykernel 7.4 hands a message of a page to the thread that ran what this side has sent last: the cell's, as the
    # panel's thread sends in its context. So a page would not be heard until the cell ends.
    if hasattr(model.comm, "_reply_subshell_for"):
        model.comm._reply_subshell_for = lambda data, default: default
    return model


def script() -> str:
    """The page's script: its parts as one module, because a model has only one."""
    whole = "".join(part(name) for name in PARTS)
    # The last part exports what anywidget calls.
    head, tail = re.sub(r"(?ms)^import .*?;\n", "", whole).split("export default")
    return re.sub(r"(?m)^export ", "", head) + "export default" + tail


def part(name: str) -> str:
    """A file of the page."""
    return (resources.files(__package__) / "page" / name).read_text("utf-8")
