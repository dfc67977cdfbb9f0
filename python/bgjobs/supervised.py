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
from collections.abc import Callable, Sequence
from typing import Any

from ._core import HostedCommand
from .displays import Displays
from .supervisor import python, starter

_LINGER = 0.5
"""How many seconds what a body leaves running has to end: some of it does so by itself then, and cleans up."""

_NOTHING = (subprocess.DEVNULL, subprocess.DEVNULL)


def flags() -> list[str]:
    """The options of this interpreter, for one like it."""
    found: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    return found


def start(command: HostedCommand, socket: int, words: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Starts the supervisor of a command of these words, and closes its socket here; the options are `Popen`'s."""
    return _start(command, lambda: [*starter(), *words], (socket, *_NOTHING), options)


def start_fork(
    command: HostedCommand, streams: Sequence[int], words: Sequence[str], **options: Any
) -> subprocess.Popen[bytes]:
    """Starts a Python like this one with these words, which forks the command and attends to it."""
    return _start(command, lambda: [python(), *flags(), *words], streams, options)


def _start(
    command: HostedCommand, words: Callable[[], list[str]], streams: Sequence[int], options: dict[str, Any]
) -> subprocess.Popen[bytes]:
    stdin, stdout, stderr = streams
    try:
        supervisor = subprocess.Popen(
            words(), stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True, **options
        )
    except BaseException:
        # Otherwise its descriptors would stay open as long as the traceback.
        command.close()
        raise
    finally:
        for stream in streams:
            if stream != subprocess.DEVNULL:
                os.close(stream)
    command.supervised_by(supervisor.pid)
    made: subprocess.Popen[bytes] = supervisor
    return made


def attend(
    command: HostedCommand,
    supervisor: subprocess.Popen[bytes],
    write: Callable[[bool, str], object],
    keeps: bool = True,
    displays: Displays | None = None,
) -> None:
    """Calls `write(err, text)` with what the command prints, until it and all its descendants have ended.

    What it displays is taken after what it has printed before, because it waits for that.
    If `write` raises, the command is ended first. Unless it `keeps` what it leaves running, that is ended.
    """
    try:
        if displays is not None:
            displays.begin()
        while awaited := _pass_on(command, write):
            if displays is not None:
                if displays.take(lambda: _pass_on(command, write)):
                    continue
                awaited += [(fd, False) for fd in displays.fds()]
            if not keeps and command.has_ended():
                command.end(_LINGER)
            _wait(awaited)
    finally:
        command.end(0.0)
        while awaited := _pass_on(command, lambda err, text: None):
            _wait(awaited)
        supervisor.wait()


def _pass_on(command: HostedCommand, write: Callable[[bool, str], object]) -> list[tuple[int, bool]]:
    """Does what there is to do; returns what to wait for, which is nothing at the end."""
    pieces, awaited = command.advance()
    for err, text in pieces:
        write(err, text)
    return awaited


def _wait(awaited: list[tuple[int, bool]]) -> None:
    events = select.poll()
    for fd, writable in awaited:
        events.register(fd, select.POLLOUT if writable else select.POLLIN)
    events.poll()
