"""A command with its supervisor: starts both, passes on what the command prints, and waits until nothing is left.

    the user's process  --starts-->  supervisor  --starts-->  command  --starts-->  any other process

The supervisor is the engine's, in an interpreter that imports nothing but the engine. It ends the command, with all
processes below it, when the job is stopped and when the user's process is gone.

The waiting is done here, because CPython can end a thread that waits in its own code, and no other. This module does
not know what a job is to its users.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from . import _core
from ._core import HostedCommand, JobCore

_SUPERVISOR = """\
import _imp, _signal, sys
from _frozen_importlib import ModuleSpec
_signal.signal(_signal.SIGXFSZ, _signal.SIG_DFL)
engine = _imp.create_dynamic(ModuleSpec("_supervisor", None, origin={engine!r}))
_imp.exec_dynamic(engine)
engine.supervise(sys.argv[1:])
"""
"""The code of the supervisor: its command has the signals that it would have without an interpreter in between."""


def start(
    job: JobCore,
    words: Sequence[str],
    input: bytes,
    grace: float,
    cwd: str | os.PathLike[str] | None,
    env: Mapping[str, str] | None,
) -> tuple[HostedCommand, subprocess.Popen[bytes]]:
    """Starts a command as the body of a job, which runs on the calling thread; `env` is its whole environment."""
    if not sys.executable:
        raise RuntimeError("a command needs to know which Python to start, and sys.executable is empty; set it")
    command, socket = HostedCommand.open(job, words[0], input, grace)
    try:
        supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _SUPERVISOR.format(engine=_core.__file__), *words],
            stdin=socket,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=cwd,
            env=env,
            start_new_session=True,
        )
    except BaseException:
        # The traceback holds this frame, and the command its descriptors.
        del command
        raise
    finally:
        os.close(socket)
    command.supervised_by(supervisor.pid)
    return command, supervisor


def attend(command: HostedCommand, supervisor: subprocess.Popen[bytes], write: Callable[[bool, str], object]) -> None:
    """Calls `write(err, text)` with what the command prints, until it and all its descendants have ended.

    If `write` raises, the command is ended first.
    """
    try:
        while _goes_on(command, write):
            pass
    finally:
        command.end()
        while _goes_on(command, lambda err, text: None):
            pass
        supervisor.wait()


def _goes_on(command: HostedCommand, write: Callable[[bool, str], object]) -> bool:
    """Passes on what is there, and waits for more; false at the end."""
    pieces, awaited = command.advance()
    for err, text in pieces:
        write(err, text)
    if not awaited:
        return False
    events = select.poll()
    for fd, writable in awaited:
        events.register(fd, select.POLLOUT if writable else select.POLLIN)
    events.poll()
    return True
