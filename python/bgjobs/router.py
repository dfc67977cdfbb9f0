"""Routes what jobs print into their logs.

A router stands in for ``sys.stdout`` or ``sys.stderr``. Text that a job writes goes to its log; all other text goes on
to the stream behind the router. In a Jupyter kernel a job's text also goes to the kernel's own stream, which shows it
under the cell that started the job; and in a program without a prompt it goes to that program's output, as a thread's
does.

This module knows which job is writing (`current`) and where its log is, and nothing else about jobs.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from contextvars import ContextVar, copy_context
from operator import attrgetter, methodcaller
from typing import Any, Callable

from . import host, redirects
from .record import Record
from .streams import Bytes, text_stream

current: ContextVar[Record | None] = ContextVar("bgjobs_current", default=None)
"""The job that runs this code, or None at the prompt; the worker sets it in the job's context."""

of_kernel: dict[bool, Any] = {}
"""A kernel's own streams, while cells capture too: standard error is under True."""


class Router:
    """Stands in front of an output stream: a job's text goes to its log, all other text goes on.

    All else (``encoding``, ``buffer``, ``set_parent``) is that of the stream; in a job, that of the job's own stream.
    """

    def __init__(self, stream: Any, err: bool) -> None:
        self._stream = stream
        self._err = err
        # Behind a tee that holds a router, that one logs what the tee writes.
        self._logs = is_proxy(stream) or not _leads_to_a_router(stream)
        # Looked up at each write, because IPython 9 replaces the stream's `write` while a cell runs.
        self._write = self._routed(lambda text: stream.write(text))
        if hasattr(stream, "pub_thread"):
            of_kernel[err] = stream

    def _shown_on(self) -> Any:
        """The stream that a job's text goes to too, if any; asked anew each time: a program may embed a prompt."""
        if host.is_kernel():
            # Its own stream knows which cell a text belongs to, and that is not the one that captures.
            return of_kernel.get(self._err) if isinstance(self._stream, io.StringIO) else self._stream
        # Without a prompt there is nothing to disturb.
        return None if host.has_prompt() else self._stream

    def _is_raw(self) -> bool:
        """Whether bytes of a job go to the stream as they are: a program's output need not be text."""
        return self._logs and hasattr(self._shown_on(), "buffer")

    def put(self, job: Record | None, text: str, data: bytes | None = None, at: float | None = None) -> None:
        """Takes what a job prints, or the prompt by a job's stream; `data` if it came as bytes, `at` if it is old."""
        stream = self._stream
        if job is not None and self._logs:
            job._core_log().write(self._err, text, at)
            stream = self._shown_on()
            if stream is None:
                return
        if data is None or not self._is_raw():
            stream.write(text)
        else:
            stream.flush()
            stream.buffer.write(data)

    def _routed(self, onward: Callable[[str], Any]) -> Callable[[str], Any]:
        get, put = current.get, self.put

        def write(text: str) -> Any:
            job = get()
            if job is None:
                return onward(text)
            if job._own_streams is None and _is_plain(text):
                put(job, text)
                return len(text)
            return self._call(methodcaller("write", text))

        write.routes = True  # type: ignore[attr-defined]
        return write

    def _set_write(self, write: Callable[[str], Any]) -> None:
        # IPython 9 sets a function here that copies each text into the cell's history, and later
        # restores ours. What jobs print does not belong to that cell and must not pass through it.
        self._write = write if hasattr(write, "routes") else self._routed(write)

    write = property(attrgetter("_write"), _set_write)

    def _call(self, function: Callable[[Any], Any]) -> Any:
        """Calls a function with the stream that its caller sees."""
        job = current.get()
        if job is None:
            return function(self._stream)
        layer = redirects.find(job, self._err)
        return function(self._of(job)) if layer is None else layer.call(function)

    def _of(self, job: Record) -> Any:
        """The job's own stream, which it gets when it asks for more than to write text."""
        # One for all routers, which come and go with the prompt, but for one that has another behind it.
        streams, key = _streams_of(job), self._err if self._logs else self
        if key not in streams:
            encoding = (self._is_raw() and self._stream.encoding) or "utf-8"
            # As everywhere, a text that can't be encoded is an error on standard output alone.
            errors = None if self._err else getattr(self._stream, "errors", None)
            buffer = Bytes(self._stream, encoding, lambda text, data: self.put(current.get(), text, data), self._flush)
            streams.setdefault(key, text_stream(buffer, encoding, errors or "backslashreplace"))
        return streams[key]

    def writelines(self, lines: Iterable[str]) -> None:
        job = current.get()
        if job is not None and job._own_streams is not None:
            self._call(methodcaller("writelines", lines))
            return
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        job = current.get()
        if job is None or job._own_streams is None:
            self._flush()
        else:
            self._call(methodcaller("flush"))

    def _flush(self) -> None:
        of_job = self._logs and current.get() is not None
        stream = self._shown_on() if of_job else self._stream
        if stream is not None:
            stream.flush()

    def isatty(self) -> bool:
        # A log is not a terminal: progress bars and colours should take the form that suits a file.
        job = current.get()
        return (job is None or job._own_streams is not None) and self._call(methodcaller("isatty"))

    def __enter__(self) -> Router:
        self._call(methodcaller("__enter__"))
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        job = current.get()
        try:
            found = self._call(attrgetter(name))
        except AttributeError:
            if job is None or redirects.find(job, self._err) is not None:
                raise
            # What only a kernel's stream has.
            return getattr(self._stream, name)
        if job is not None and name in ("close", "fileno"):
            # The target of a redirection may call its former stream, which is this one.
            return lambda: self._call(methodcaller(name))
        return found

    def __repr__(self) -> str:
        return f"<bgjobs router in front of {self._stream!r}>"


io.TextIOBase.register(Router)


def _is_plain(text: Any) -> bool:
    """Whether this is text that every stream takes."""
    if not isinstance(text, str):
        return False
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return False
    return True


def _streams_of(job: Record) -> dict[Any, Any]:
    """The job's own streams."""
    streams: dict[Any, Any] = job.__dict__.setdefault("_own_streams", {})
    return streams


def end_streams(job: Record) -> None:
    """Lets go what the job's own streams still hold, as the end of a program does."""
    for stream in list((job._own_streams or {}).values()):
        try:
            stream.flush()
            stream.buffer.end()
        except (OSError, ValueError):
            # The job has closed or detached it, or what is behind it is gone.
            pass


def begin_redirection() -> Record | None:
    """The job that begins a redirection, if any; its streams are no longer those that take plain text."""
    job = current.get()
    if job is not None:
        _streams_of(job)
    return job


class _Probe:
    """A job that only notes whether a text arrives."""

    _own_streams = None
    arrived = False

    def _core_log(self) -> _Probe:
        return self

    def write(self, err: bool, text: str, at: float | None) -> None:
        self.arrived = True


def _leads_to_a_router(stream: Any) -> bool:
    """Whether what is written to a stream arrives at a router; seen by writing an empty text."""
    probe: Any = _Probe()

    def write() -> None:
        current.set(probe)
        stream.write("")

    try:
        copy_context().run(write)
    except Exception:
        # It is closed, for example.
        pass
    return bool(probe.arrived)


def is_proxy(stream: Any) -> bool:
    """Whether prompt_toolkit has put this in the place of both streams while its prompt waits."""
    module = sys.modules.get("prompt_toolkit.patch_stdout")
    return module is not None and isinstance(stream, module.StdoutProxy)
