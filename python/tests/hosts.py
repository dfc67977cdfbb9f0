"""The prompts and kernels where people start jobs, driven as people drive them.

Each wait is for a text or a message, with a deadline that only a broken program reaches.
"""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import signal
import sys
import tempfile
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import bgjobs

DEADLINE = 60
HERE = Path(__file__).parent


def environment() -> dict[str, str]:
    """This process's environment, with the tests' import path and without a history."""
    path = os.pathsep.join([str(HERE), str(Path(bgjobs.__path__[0]).parent)])
    return {**os.environ, "PYTHONPATH": path, "TERM": "xterm", "IPYTHONDIR": _settings()}


@functools.lru_cache(None)
def _settings() -> str:
    folder = tempfile.mkdtemp(prefix="bgjobs-ipython-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def binary() -> list[str]:
    """The binary of this checkout, the one that was built last."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or Path(__file__).parents[2] / "target")
    built = [path for path in (target / "debug/bgjobs", target / "release/bgjobs") if path.exists()]
    if not built:
        why = f"there is no bgjobs in {target}: cargo build -p bgjobs-shell makes it"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    return [str(max(built, key=lambda path: path.stat().st_mtime))]


def wait_for_file(path: Path) -> None:
    """Waits until the file is there, by which a job in another process reports."""
    deadline = time.monotonic() + DEADLINE
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)


class Terminal:
    """An interactive Python in a terminal: types, and waits for texts on the screen."""

    def __init__(self, *command: str, prompt: str, is_basic: bool = True) -> None:
        pexpect = pytest.importorskip("pexpect")
        self.child = pexpect.spawn(
            sys.executable,
            list(command),
            # From 3.13 on Python's own prompt redraws a line at each key, unless it is the basic one.
            env={**environment(), "PROMPT_TOOLKIT_NO_CPR": "1", "PYTHON_BASIC_REPL": "1" if is_basic else ""},
            encoding="utf-8",
            dimensions=(50, 200),
            # As a terminal's shell does: if the tests run in the background, Ctrl-C may be ignored here.
            preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        self._ends = (pexpect.EOF, pexpect.TIMEOUT)
        self._sent = ""
        self._read = 0
        self._prompt = prompt
        self.number = 0
        self.wait_prompt()

    def see(self, text: str) -> str:
        """Waits for a text; returns what came before it, since the text of the last wait."""
        deadline = time.monotonic() + DEADLINE
        while True:
            shown = plain(self._sent)[self._read :]
            before, found, _ = shown.partition(text)
            if found:
                self._read += len(before) + len(text)
                return before
            assert time.monotonic() < deadline, f"no {text!r} came, but {shown!r}"
            try:
                self._sent += self.child.read_nonblocking(65536, timeout=1)
            except self._ends as end:
                assert self.child.isalive() or "EOF" not in repr(type(end)), f"ended: {shown!r}"

    def wait_prompt(self) -> str:
        """Waits for the next prompt; returns what came before it."""
        self.number += 1
        return self.see(self._prompt.format(self.number))

    def send(self, keys: str) -> None:
        """Presses keys; ``\\r`` is Enter, ``\\x03`` Ctrl-C, ``\\t`` Tab."""
        self.child.send(keys)

    def type(self, line: str) -> str:
        """Types a line and Enter; returns everything until the next prompt, including the line."""
        self.send(line + "\r")
        return self.wait_prompt()

    def close(self) -> None:
        self.child.close(force=True)


def plain(text: str) -> str:
    """The text sent to a terminal, without the sequences that move the cursor and colour it."""
    return re.sub(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>])", "", text).replace("\r", "")


@contextmanager
def terminal(*command: str, prompt: str = "In [{}]:", is_basic: bool = True):
    """A `Terminal` running this Python with these arguments."""
    it = Terminal(*command, prompt=prompt, is_basic=is_basic)
    try:
        yield it
    finally:
        it.close()


def ipython_prompt():
    """IPython with the prompt that people see, which prompt_toolkit draws."""
    pytest.importorskip("IPython")
    return terminal("-m", "IPython", "--no-banner", "--no-confirm-exit", "--colors=NoColor")


def simple_prompt():
    """IPython with the prompt for dumb terminals."""
    pytest.importorskip("IPython")
    return terminal("-m", "IPython", "--no-banner", "--no-confirm-exit", "--colors=NoColor", "--simple-prompt")


def plain_prompt():
    """Python's own prompt."""
    return terminal("-q", "-i", "-c", "import sys; sys.ps1 = '>>> '", prompt=">>> ")


class Kernel:
    """A Jupyter kernel: runs cells, and keeps the outputs of each as a notebook does, even after its end."""

    def __init__(self) -> None:
        manager = pytest.importorskip("jupyter_client.manager")
        pytest.importorskip("ipykernel")
        self.manager, self.client = manager.start_new_kernel(
            kernel_name="python3", env=environment(), startup_timeout=DEADLINE
        )
        self.outputs: dict[str, list[dict]] = {}
        self._displays: dict[str, list[dict]] = {}
        self._clears: set[str] = set()
        self._idle: set[str] = set()

    def begin(self, cell: str) -> str:
        """Starts a cell; returns its name for the other methods."""
        return self.client.execute(textwrap.dedent(cell))

    def end(self, cell_id: str) -> None:
        """Waits until the cell has ended."""
        while self.client.get_shell_msg(timeout=DEADLINE)["parent_header"]["msg_id"] != cell_id:
            pass
        while cell_id not in self._idle:
            self._next()

    def run(self, cell: str) -> str:
        """Runs a cell to its end; returns its name."""
        cell_id = self.begin(cell)
        self.end(cell_id)
        return cell_id

    def text(self, cell_id: str, kind: str = "stdout") -> str:
        """What a cell shows of this kind: a stream's name, `error`, or a MIME type."""
        found = ""
        for output in self.outputs.get(cell_id, []):
            if kind in (output.get("name"), output["output_type"]):
                found += output.get("text", "") + "\n".join(output.get("traceback", []))
            found += str(output.get("data", {}).get(kind, ""))
        return found

    def wait_text(self, cell_id: str, text: str, kind: str = "stdout") -> None:
        """Waits until the cell shows the text."""
        while text not in self.text(cell_id, kind):
            self._next()

    def _next(self) -> None:
        """Reads one message."""
        message = self.client.get_iopub_msg(timeout=DEADLINE)
        cell = message["parent_header"].get("msg_id", "")
        kind, content = message["msg_type"], message["content"]
        outputs = self.outputs.setdefault(cell, [])
        display_id = content.get("transient", {}).get("display_id", "")
        if kind == "update_display_data":
            for output in self._displays.get(display_id, []):
                output["data"], output["metadata"] = content["data"], content["metadata"]
        elif kind == "clear_output":
            if content["wait"]:
                self._clears.add(cell)
            else:
                outputs.clear()
        elif kind in ("stream", "error", "execute_result", "display_data"):
            if cell in self._clears:
                self._clears.discard(cell)
                outputs.clear()
            if kind == "stream" and outputs and outputs[-1].get("name") == content["name"]:
                outputs[-1]["text"] += content["text"]
                return
            output = {"output_type": kind, **content}
            output.pop("transient", None)
            outputs.append(output)
            if display_id:
                self._displays.setdefault(display_id, []).append(output)
        elif content.get("execution_state") == "idle":
            self._idle.add(cell)

    def complete(self, code: str) -> list[str]:
        """What Tab offers at the end of this code."""
        return self.client.complete(code, reply=True, timeout=DEADLINE)["content"]["matches"]

    def restart(self) -> None:
        """Restarts the kernel, as the button of a notebook does."""
        self.manager.restart_kernel()
        self.client.wait_for_ready(timeout=DEADLINE)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@contextmanager
def kernel():
    it = Kernel()
    try:
        yield it
    finally:
        it.close()
