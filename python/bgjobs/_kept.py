"""The far side of a kept job: runs its body, and leaves the result in the job's folder; `kept.py` is the near side.

`_child.py` loads this file alone. The job's keeper, which is the engine's, supervises this process, and sends it
SIGTERM at a stop: the body gets a KeyboardInterrupt, as by Ctrl-C.

`docs/src/kept-format.md` says what is in the folder.
"""

from __future__ import annotations

import io
import os
import pickle
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_ROOM = 4096
"""How long a result may be that fits in the room that the starter has reserved, in bytes."""

_TEXT = 600
"""How many characters of a value or of a failure the first line of a result has at most."""

_SHORT = 150
"""The same, and that of the place, where there is no room for more."""


def run(child: Any, folder: str) -> None:
    """Runs the body in the folder's payload, which goes before; `child` is the module `_child`."""
    path = os.path.join(folder, "payload")
    payload = os.open(path, os.O_RDONLY)
    os.unlink(path)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    child.reports = _reports(folder)
    # Nobody is there who could show what the body displays.
    nobody = os.open(os.devnull, os.O_RDWR)
    child.work(payload, lambda value, failure: give(child, folder, value, failure), nobody)


def _reports(folder: str) -> int | None:
    """The file for reports, with room for one, so that the body can report on a full disk."""
    try:
        fd = os.open(os.path.join(folder, "progress"), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.pwrite(fd, bytes(_ROOM), 0)
    except OSError:
        return None
    return fd


def give(child: Any, folder: str, value: Any, failure: BaseException | None) -> None:
    """Leaves the value of the body, or its failure; on a full disk, what there is room for."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    file = io.BytesIO()
    name = child.type_name(value if failure is None else failure)
    if failure is not None:
        child.send_failure(file, failure)
        state, text = "failed", _told(failure)
    else:
        why = child.send_result(file, value)
        state, text = "done", text_of(getattr(value, "result_of_cell", value) if name == "bgjobs.cells.Ran" else value)
        if why is not None:
            state, text = "failed", f"the job's result, a {name}, cannot be sent back from its process ({why})"
    try:
        _write(folder, state, text, file.getvalue())
        return
    except OSError as error:
        why = f"could not be written: {error.strerror}"
    if failure is None:
        text = f"the job's result, a {name}, cannot be sent back from its process ({why})"
        short = pickle.dumps(("unsendable", name, why))
    else:
        import traceback

        text = text[:_SHORT]
        place = "".join(traceback.format_tb(failure.__traceback__)[-1:])[-_SHORT:]
        short = pickle.dumps(("failure", name, f"{place}\n{text}")) + pickle.dumps(None)
    _write(folder, "failed", text, short)


def _write(folder: str, state: str, text: str, given: bytes) -> None:
    import json

    head = json.dumps({"state": state, "text": text[:_TEXT]}, ensure_ascii=False)
    data = head.encode("utf-8", "replace") + b"\n" + given
    room = os.path.join(folder, "room")
    is_short = len(data) <= _ROOM
    path = room if is_short else os.path.join(folder, f".file-{os.getpid()}")
    try:
        flags = os.O_WRONLY | (0 if is_short else os.O_CREAT | os.O_EXCL)
        with open(os.open(path, flags, 0o600), "wb") as file:
            file.write(data)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        os.rename(path, os.path.join(folder, "result"))
    except OSError:
        if not is_short and os.path.exists(path):
            os.unlink(path)
        raise


def _told(error: BaseException) -> str:
    """`ValueError: no rows`."""
    import traceback

    return "".join(traceback.format_exception_only(type(error), error)).strip()


def text_of(value: Any) -> str:
    """A value as text; a `repr` of the user's may be long, or fail."""
    import reprlib

    short = reprlib.Repr()
    short.maxlist = short.maxtuple = short.maxset = short.maxfrozenset = short.maxdeque = short.maxdict = 30
    short.maxstring = short.maxother = short.maxlong = _TEXT
    try:
        return short.repr(value)
    except Exception:
        return f"<{type(value).__qualname__} object>"
