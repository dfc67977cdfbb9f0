"""A body in a process of its own, which a worker starts, and ends with all that it has started.

It does not know how the near side is reached.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from typing import Any, BinaryIO

from .body import SIGNAL, Body
from .channel import POLL, PROGRESS, Channel
from .letter import FILE

REPLY = b"reply\n"
"""The line before the reply; those before it say how far the body is."""


class Child(Body):
    """A body in a process of its own, which this one starts and ends with all that it has started."""

    _process: subprocess.Popen[bytes] | None = None
    _ends_at = 0.0

    def run(self, letter: bytes) -> bytes:
        read_fd, write_fd = os.pipe()
        names = {"source": sys.modules[__package__].SOURCE, "path": sys.path, "fd": write_fd}
        boot = "import pickle,sys; n=pickle.load(sys.stdin.buffer); sys.path[:]=n['path']; m={}; "
        boot += f"exec(compile(n['source'],{FILE!r},'exec'),m); m['load']('bgjobs_far',n['source']); "
        boot += "sys.modules['bgjobs_far.child'].child(n['fd'])"
        files = self.channel.files()
        with open(read_fd, "rb") as reply:
            self._process = process = subprocess.Popen(
                [sys.executable, "-c", boot],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if files is None else files[0],
                stderr=subprocess.PIPE if files is None else files[1],
                pass_fds=(write_fd,),
                start_new_session=True,
            )
            os.close(write_fd)
            for file in files or ():
                os.close(file)
            pumps = [_Pump(self.channel, err, pipe) for err, pipe in ((False, process.stdout), (True, process.stderr))]
            self.channel.attend(self)
            # It is busy with its start, or does not read at all.
            with contextlib.suppress(OSError):
                assert process.stdin is not None
                process.stdin.write(pickle.dumps(names) + letter)
                process.stdin.close()
            if self.cancelled():
                # There was no process yet.
                self._interrupt()
            threading.Thread(target=self._end, daemon=True).start()
            data = self._read(reply)
        status = process.wait()
        self._kill()
        for pump in pumps:
            pump.finish()
        if data:
            return data
        how = f"was ended by signal {-status}" if status < 0 else f"left with exit status {status}"
        return pickle.dumps(("died", "", f"process {process.pid} of the job {how}"), 2)

    def _read(self, reply: BinaryIO) -> bytes:
        """The reply, after lines that say how far the body is; nothing if the process has ended without one."""
        for line in reply:
            if line == REPLY:
                return reply.read()
            self._told = json.loads(line)
        return b""

    def stop(self, grace: float) -> None:
        self._ends_at = time.monotonic() + grace
        self._asked.set()
        self._interrupt()

    def _interrupt(self) -> None:
        if self._process is not None:
            with contextlib.suppress(OSError):
                os.kill(self._process.pid, SIGNAL)

    def where(self) -> str:
        return "" if self._process is None else f"  in process {self._process.pid}\n"

    def _end(self) -> None:
        """Ends the processes when the time of a stop is up, and what the body has left running when it is over."""
        assert self._process is not None
        while self._process.poll() is None:
            if self._ends_at and time.monotonic() >= self._ends_at:
                break
            time.sleep(POLL)
        self._kill()

    def _kill(self) -> None:
        assert self._process is not None
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)


class _Pump(threading.Thread):
    """Passes on what a child prints, if the channel has no file for it."""

    def __init__(self, channel: Channel, err: bool, pipe: Any) -> None:
        super().__init__(daemon=True)
        self._channel, self._err, self._pipe = channel, err, pipe
        if pipe is not None:
            self.start()

    def run(self) -> None:
        for line in io.TextIOWrapper(self._pipe, "utf-8", "backslashreplace"):
            self._channel.write(self._err, line)

    def finish(self) -> None:
        if self._pipe is not None:
            self.join(1.0)


def child(fd: int) -> None:
    """The life of such a process: its standard input has the letter, and `fd` takes the reply."""
    letter = sys.stdin.buffer.read()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.set_inheritable(fd, False)
    sys.modules["__main__"] = type(sys)("__main__")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    with open(fd, "wb") as file:
        channel = _Reports(file)
        reply = Body(channel).run(letter)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        channel.end()
        file.write(REPLY)
        file.write(reply)
    os._exit(0)


class _Reports(Channel):
    """Says how far the body is: a line each time."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__({"task": ""})
        self._file = file
        self._is_over = threading.Event()
        self._reporter: threading.Thread | None = None

    def attend(self, body: Any) -> None:
        self._body = body
        self._reporter = threading.Thread(target=self._report, name="bgjobs reports progress", daemon=True)
        self._reporter.start()

    def _report(self) -> None:
        while not self._is_over.wait(PROGRESS):
            self.look_how(self._body)

    def tell_how(self, how: Any) -> None:
        self._file.write(json.dumps(how).encode() + b"\n")
        self._file.flush()

    def end(self) -> None:
        self._is_over.set()
        if self._reporter is not None:
            self._reporter.join()
            self.look_how(self._body)
