"""The keyboard, which belongs to the prompt: with two readers a terminal is unusable.

A job that reads from it gets an error. Only while the prompt waits for that job (``%fg``) is the keyboard `lent`: the
prompt's thread reads then, and hands the line to the job. All that a job calls ends in `ask`: `input`,
``getpass.getpass`` and IPython's debugger by guards in front of them, other debuggers because they call `input`, and
``sys.stdin`` by a stand-in. A program without a prompt keeps none of this from its jobs.

In a thread, some readers can't be caught, and take what is typed at the prompt: code that reads descriptor 0 itself,
programs that a job starts, and the threads that it starts. This module does not know prompts, and not how jobs run.
"""

from __future__ import annotations

import _thread
import builtins
import functools
import getpass
import io
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Callable
from weakref import ReferenceType, WeakKeyDictionary, ref

from . import futures, host, output
from .record import Record, Stopped

command: str | None = None
"""The command of the prompt that lends the keyboard to a job, before the job's number; None if it has none."""


def ask(job: Record | None, prompt: str, hidden: bool = False) -> str:
    """The line that the user types for a job; `hidden` if it is a password.

    Raises `EOFError` if there is none, and `OSError` if the keyboard is not lent to the job.
    """
    lender = None if job is None else _lenders.get(job)
    try:
        answer = None if lender is None else lender._ask(_Question(prompt, hidden))
        if answer is None:
            raise OSError(_refusal(job))
    except (OSError, Stopped):
        _revive_debugger()
        raise
    return answer


def _revive_debugger() -> None:
    """Lets Python's debugger, if it asks here, be called again.

    From Python 3.14 on all calls share one. Once an exception has left it, it does nothing any more, at the prompt too.
    """
    shared = getattr(getattr(sys.modules.get("pdb"), "Pdb", None), "_last_pdb_instance", None)
    if shared is not None and any(frame.f_locals.get("self") is shared for frame, _ in traceback.walk_stack(None)):
        shared.enterframe = None


def _refusal(job: Record | None) -> str:
    if job is None:
        return "a job has no keyboard: pass what it would ask for as an argument"
    lends = (
        ""
        if command is None
        else f"the prompt lends its own only while it waits ({command} {job.num}, %{command}); or "
    )
    return f"job #{job.num} has no keyboard: {lends}pass what it would ask for as an argument"


def _asking() -> Record | None:
    """The job that runs this code, if there is a prompt that the keyboard belongs to."""
    job = output.current.get()
    return job if job is not None and (host.has_prompt() or host.is_kernel()) else None


# The prompt's side.


class _Question:
    """What a job asks for, and what the user has answered."""

    def __init__(self, prompt: str, hidden: bool) -> None:
        self.prompt = prompt
        self.hidden = hidden
        self.answer: str | None = None
        self.error: Exception | None = None
        # Released with the answer.
        self.asks = _thread.allocate_lock()
        self.asks.acquire()


class Lender:
    """Reads for one job, on the thread of the prompt."""

    def __init__(self) -> None:
        self._asked: deque[_Question] = deque()
        self._closed = False

    def is_asked(self) -> bool:
        """Whether the job waits for an answer."""
        return bool(self._asked)

    def serve(self) -> None:
        """Reads what the job has asked for; Ctrl-C, which ends that, raises `KeyboardInterrupt` here."""
        while self._asked:
            question = self._asked[0]
            try:
                question.answer = _read(question)
            except Exception as error:
                question.error = error
            self._settle(question)

    def _ask(self, question: _Question) -> str | None:
        """The answer to a question of the job, which waits for it; None if the keyboard is not lent any more."""
        self._asked.append(question)
        try:
            # From here on `close` sees the question.
            if not self._closed:
                with futures.woken_by(question.asks.release):
                    question.asks.acquire()
        finally:
            with suppress(ValueError):
                self._asked.remove(question)
        if question.error is not None:
            raise question.error
        return question.answer

    def _settle(self, question: _Question) -> None:
        # The job may have been stopped meanwhile.
        with suppress(ValueError):
            self._asked.remove(question)
        with suppress(RuntimeError):
            question.asks.release()

    def _close(self) -> None:
        self._closed = True
        for question in list(self._asked):
            self._settle(question)


def _read(question: _Question) -> str:
    return getpass.getpass(question.prompt) if question.hidden else input(question.prompt)


_lenders: dict[Record, Lender] = {}


@contextmanager
def lent(job: Record) -> Iterator[Lender]:
    """Lends the keyboard to a job; the calling thread calls `serve` meanwhile."""
    lender = _lenders[job] = Lender()
    try:
        yield lender
    finally:
        _lenders.pop(job, None)
        lender._close()


# The job's side.


class _Lines(io.RawIOBase):
    """What a job reads from ``sys.stdin``: a line at a time, each when it is asked for."""

    def __init__(self, job: Record) -> None:
        self._job: ReferenceType[Record] = ref(job)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            try:
                self._rest = (ask(self._job(), "") + "\n").encode("utf-8", "surrogateescape")
            except EOFError:
                return 0
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


class Stdin:
    """Stands in for ``sys.stdin``: a job reads by `ask`, all other code from the stream behind it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._of_jobs: WeakKeyDictionary[Record, io.TextIOWrapper] = WeakKeyDictionary()

    def _own(self) -> Any:
        job = _asking()
        if job is None:
            return self._stream
        stream = self._of_jobs.get(job)
        if stream is None:
            lines = io.BufferedReader(_Lines(job))
            stream = self._of_jobs[job] = io.TextIOWrapper(lines, "utf-8", "surrogateescape")
        return stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own(), name)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return str(next(self._own()))

    def __repr__(self) -> str:
        return f"<bgjobs stands in for {self._stream!r}>"


def _guard(function: Callable[..., str], hidden: bool = False, prompt: str = "", at: int = 0) -> Callable[..., str]:
    """Stands in for a function that asks, with its text as the argument number `at`, by default `prompt`."""

    @functools.wraps(function)
    def guard(*args: Any, **kwargs: Any) -> str:
        job = _asking()
        if job is None:
            return function(*args, **kwargs)
        return ask(job, str(args[at] if len(args) > at else kwargs.get("prompt", prompt)), hidden)

    guard.guards = True  # type: ignore[attr-defined]
    return guard


def _guarded_debugger(cmdloop: Callable[..., None]) -> Callable[..., None]:
    """IPython's debugger of the terminal reads on another thread, by prompt_toolkit; in a job it uses `input`."""
    import cmd

    @functools.wraps(cmdloop)
    def guard(self: Any, intro: Any = None) -> None:
        (cmdloop if _asking() is None else cmd.Cmd.cmdloop)(self, intro)

    guard.guards = True  # type: ignore[attr-defined]
    return guard


_installed = False
_undo: list[Callable[[], None]] = []


def install() -> None:
    """Guards the keyboard, where it is not guarded yet; each start of a job calls it, as `output.install_router`."""
    global _installed
    if type(sys.stdin) is Stdin and hasattr(builtins.input, "guards"):
        return
    if _installed and threading.current_thread() is not threading.main_thread():
        return
    _installed = True
    if sys.stdin is not None and type(sys.stdin) is not Stdin:
        sys.stdin = Stdin(sys.stdin)
    _replace(builtins, "input", _guard)
    _replace(getpass, "getpass", lambda function: _guard(function, hidden=True, prompt="Password: "))
    _guard_hosts()


def _guard_hosts() -> None:
    """Guards the functions by which Python's prompt, IPython and a kernel replace `input`, now or later."""
    if sys.version_info >= (3, 13) and sys.flags.interactive:
        # The program runs before its prompt, which then reads by another module than `readline`.
        with suppress(ImportError, AttributeError):
            from _pyrepl import readline

            _replace(readline._ReadlineWrapper, "input", lambda method: _guard(method, at=1))
    if "IPython.terminal.interactiveshell" in sys.modules:
        from IPython.terminal.debugger import TerminalPdb

        _replace(TerminalPdb, "cmdloop", _guarded_debugger)
    kernel = getattr(_shell(), "kernel", None)
    if kernel is not None:
        _replace(kernel, "raw_input", _guard)
        _replace(kernel, "getpass", lambda function: _guard(function, hidden=True))


def _shell() -> Any:
    """The live IPython, if there is one."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def _replace(owner: Any, name: str, made: Callable[[Any], Any]) -> None:
    old = getattr(owner, name)
    if hasattr(old, "guards"):
        return
    new = made(old)
    setattr(owner, name, new)

    def undo() -> None:
        if getattr(owner, name, None) is new:
            setattr(owner, name, old)

    _undo.append(undo)


def remove() -> None:
    """Undoes `install`."""
    global _installed
    _installed = False
    while _undo:
        _undo.pop()()
    if type(sys.stdin) is Stdin:
        sys.stdin = sys.stdin._stream
