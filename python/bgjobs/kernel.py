"""A Jupyter kernel, as its jobs see it: each belongs to the cell that started it, and shows there what it shows.

A kernel sends what has no other address to the cell that runs at the moment. Here a job's thread gets its cell's
address, and `display` and `clear_output` in a job get a publisher of that cell, which no `%%capture` of another cell
replaces. This module does not know what is shown.
"""

from __future__ import annotations

import sys
from contextvars import Context, copy_context
from functools import cached_property, partial
from typing import Any, Callable

from . import figures, host
from .record import Record
from .router import current, of_kernel

on_end: Callable[[Record], object] | None = None
"""Called with each job at its end, on the thread that ends it."""

around_clear: Callable[[Any, Callable[[], object]], object] | None = None
"""Called in place of `clear()` when a job clears the output of its cell, with its publisher."""


class Cell:
    """A cell of a notebook, as an address; `request` is the message by which it was run."""

    def __init__(self, shell: Any, request: dict[str, Any]) -> None:
        self.shell = shell
        self.request = request

    @property
    def is_run_by_a_program(self) -> bool:
        """Whether nobody could type into it: a program runs the notebook."""
        return not self.request.get("content", {}).get("allow_stdin", True)

    @cached_property
    def publisher(self) -> Any:
        """What publishes displays under this cell, in the kernel's own way."""
        publisher = self.shell.display_pub_class(parent=self.shell)
        publisher.session, publisher.pub_socket = self.shell.kernel.session, self.shell.kernel.iopub_socket
        publisher.set_parent(self.request)
        clear = publisher.clear_output

        def clear_output(wait: bool = False) -> None:
            if around_clear is None:
                clear(wait)
            else:
                around_clear(publisher, partial(clear, wait))

        publisher.clear_output = clear_output
        return publisher

    def write(self, text: str) -> None:
        """Shows a text under this cell."""
        self._send("stream", {"name": "stdout", "text": text}, b"stream.stdout")

    def write_error(self, kind: Any, value: Any, lines: list[str]) -> None:
        """Shows a traceback under this cell."""
        self._send("error", {"traceback": lines, "ename": kind.__name__, "evalue": str(value)}, b"error")

    def _send(self, kind: str, content: dict[str, Any], topic: bytes) -> None:
        # After all that was printed before.
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        kernel = self.shell.kernel
        kernel.session.send(kernel.iopub_socket, kind, content, parent=self.request, ident=topic)


_newest: Cell | None = None
"""The cell that has started a job last: all jobs of a cell share one object."""


def running_cell() -> Cell:
    """The cell that runs now; between two cells, the one before."""
    shell = host.ipython()
    # A job knows its own instead.
    return Cell(shell, Context().run(shell.get_parent))


def enter(job: Record) -> None:
    """Has a job belong to the cell that starts it, or to that of the job that does; called before it starts."""
    global _newest
    starter = current.get()
    if starter is not None and starter._cell is not None:
        job._cell = starter._cell
    else:
        shell = host.ipython()
        request = shell.get_parent()
        if _newest is None or _newest.request is not request:
            _newest = Cell(shell, request)
        job._cell = _newest
        _divide_shell(shell)
        figures.install()
    job._context = copy_context()
    if on_end is not None:
        job._call_at_end(on_end)


def begin(job: Record) -> None:
    """Gives the calling thread, which is about to run the job, the address of the job's cell."""
    # Not by `shell.set_thread_parent`, which takes 30 times as long, and misses the streams while a cell captures.
    for stream in of_kernel.values():
        # Before ipykernel 7.4 the address is in the context alone, of which the job has a copy.
        set_parent = getattr(stream, "set_thread_parent", None)
        if set_parent is not None:
            set_parent(job._cell.request)


def _divide_shell(shell: Any) -> None:
    """Has the shell show what jobs display, and errors of that, under their cells, and tell jobs the same."""
    if "display_pub" in vars(type(shell)):
        return
    type(shell).display_pub = property(_publisher, _set_publisher)
    # On the object, because the kernel itself may have set one there.
    show, get_parent, set_parent = shell._showtraceback, shell.get_parent, shell.set_parent

    def show_traceback(kind: Any, value: Any, lines: list[str]) -> None:
        cell = _cell_of_job()
        if cell is None:
            show(kind, value, lines)
        else:
            cell.write_error(kind, value, lines)

    def get_request() -> Any:
        cell = _cell_of_job()
        return get_parent() if cell is None else cell.request

    def set_request(request: Any) -> None:
        job, cell = current.get(), _cell_of_job()
        if job is None or cell is None:
            set_parent(request)
        elif request is not cell.request:
            # The job wants to show things under another cell.
            job._cell = Cell(shell, request)
            for stream in of_kernel.values():
                getattr(stream, "set_thread_parent", stream.set_parent)(request)

    shell._showtraceback, shell.get_parent, shell.set_parent = show_traceback, get_request, set_request


def _cell_of_job() -> Cell | None:
    """The cell of the job that calls, if one does."""
    job = current.get()
    return None if job is None else job._cell


def _publisher(shell: Any) -> Any:
    job, cell = current.get(), _cell_of_job()
    if job is None or cell is None:
        return vars(shell)["display_pub"]
    return job._publisher or cell.publisher


def _set_publisher(shell: Any, publisher: Any) -> None:
    job = current.get()
    if job is None or job._cell is None:
        vars(shell)["display_pub"] = publisher
    else:
        job._publisher = publisher
