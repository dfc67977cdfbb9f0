"""The streams of a job: text that is passed on at once, without a file behind it, as under ``python -u``.

It does not know jobs, nor where the text goes.
"""

from __future__ import annotations

import codecs
import io
from typing import Any, Callable


class Bytes(io.RawIOBase):
    """The ``buffer`` of a job's stream: passes on each write as `put(text, data)`, characters whole."""

    def __init__(self, behind: Any, encoding: str, put: Callable[[str, bytes], object], flush: Callable[[], object]):
        self._behind = behind
        self._decode = codecs.getincrementaldecoder(encoding)("replace").decode
        self._put = put
        self._flush = flush

    @property
    def name(self) -> Any:
        return getattr(self._behind, "name", None)

    def readable(self) -> bool:
        self._check()
        return False

    def seekable(self) -> bool:
        self._check()
        return False

    def writable(self) -> bool:
        self._check()
        return True

    def write(self, data: Any) -> int:
        with memoryview(data) as view:
            data = view.tobytes()
        self._check()
        self._put(self._decode(data), data)
        return len(data)

    def readinto(self, _: Any) -> int:
        self._check()
        raise io.UnsupportedOperation("not readable")

    def flush(self) -> None:
        self._check()
        self._flush()

    def fileno(self) -> int:
        """The descriptor behind the job's stream; what is written to it, by a subprocess say, misses the log."""
        self._check()
        number: int = self._behind.fileno()
        return number

    def end(self) -> None:
        """Passes on what is there of a character that never became whole."""
        text = self._decode(b"", True)
        if text:
            self._put(text, b"")

    def close(self) -> None:
        if not self.closed:
            self.end()
        super().close()

    def _check(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file.")


def text_stream(buffer: Bytes, encoding: str, errors: str) -> io.TextIOWrapper:
    """The stream of text in front of these bytes."""
    return io.TextIOWrapper(buffer, encoding, errors, newline="\n", write_through=True)
