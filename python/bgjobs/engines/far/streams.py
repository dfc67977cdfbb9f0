"""What a body prints, on its way to its channel.

It does not know bodies.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any


class Stream(io.TextIOBase):
    """Stands in front of a stream of the worker: text of a thread with a body goes to its channel."""

    of_thread = threading.local()

    def __init__(self, stream: Any, err: bool) -> None:
        self._stream, self._err = stream, err

    def write(self, text: str) -> int:
        write = getattr(self.of_thread, "write", None)
        if write is None:
            return self._stream.write(text)  # type: ignore[no-any-return]
        write(self._err, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()  # type: ignore[no-any-return]


@contextlib.contextmanager
def descriptors(out: int, err: int) -> Iterator[None]:
    """Puts these files in the place of the standard streams and of descriptors 1 and 2, and closes them."""
    before = sys.stdout, sys.stderr
    for stream in before:
        with contextlib.suppress(Exception):
            stream.flush()
    kept = []
    for number, file in ((1, out), (2, err)):
        try:
            kept.append(os.dup(number))
        except OSError:
            kept.append(-1)
        os.dup2(file, number)
    streams = [
        io.TextIOWrapper(io.FileIO(file, "w"), "utf-8", "backslashreplace", line_buffering=True) for file in (out, err)
    ]
    sys.stdout, sys.stderr = streams
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        sys.stdout, sys.stderr = before
        for number, file in zip((1, 2), kept):
            if file >= 0:
                os.dup2(file, number)
                os.close(file)
            else:
                os.close(number)
        for stream in streams:
            with contextlib.suppress(Exception):
                stream.close()
