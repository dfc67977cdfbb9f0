"""Runs cases against one module, each in a process of its own, and writes down what is seen.

A transcript has a line for each line that the case printed; those that begin with ``! `` went to stderr, those with
``# `` are records of ``logging`` (level, logger, message).

It does not know what the other module shows. By hand: ``python observe.py ours removing.a_removed_job_is_gone``.
"""

from __future__ import annotations

import atexit
import importlib
import importlib.util
import inspect
import io
import json
import logging
import os
import pkgutil
import re
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# The folder of the tests: the package of the cases is imported from there, whoever runs this file.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from conformance import cases

MODULES = {"original": "IPython.lib.backgroundjobs", "ours": "bgjobs"}

#: How long a case may take. It is reached only by one that hangs.
DEADLINE = 30.0

Case = Callable[[Any], None]


def every_case() -> Iterator[tuple[str, Case]]:
    """The cases by name, found by listing their folder, so that none is forgotten."""
    for found in sorted(pkgutil.iter_modules(cases.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{cases.__name__}.{found.name}")
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and takes_a_module(value):
                yield f"{found.name}.{name}", value


def takes_a_module(function: Case) -> bool:
    """Whether a function is a case: it takes the module under test, as `bg`, and nothing else."""
    return list(inspect.signature(function).parameters) == ["bg"] and not function.__name__.startswith("_")


def observe(which: str, names: list[str]) -> dict[str, str]:
    """The transcripts of cases by name; of all cases if no names are given."""
    if importlib.util.find_spec(MODULES[which]) is None:
        raise SystemExit(f"the module {MODULES[which]} is not installed")
    known = dict(every_case())
    chosen = {name: known[name] for name in names} if names else known
    start_a_shell()
    return {name: in_a_process(case, MODULES[which]) for name, case in chosen.items()}


def start_a_shell() -> None:
    """A live `InteractiveShell`, without colours and the thread that saves its history: cases are forked from here."""
    import IPython
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    folder = os.environ["IPYTHONDIR"] = tempfile.mkdtemp(prefix="conformance-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor" if IPython.version_info[0] < 9 else "nocolor"
    InteractiveShell.instance(config=config)


def in_a_process(case: Case, module_name: str) -> str:
    """The transcript of a case, run in a child of this process."""
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as spilled:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            os.close(reader)
            os.dup2(spilled.fileno(), 1)
            os.dup2(spilled.fileno(), 2)
            with os.fdopen(writer, "w", encoding="utf-8") as pipe:
                pipe.write(transcript(case, module_name))
            os._exit(0)
        os.close(writer)
        written = read_to_the_end(reader, child)
        spilled.seek(0)
        past_python = spilled.read().decode("utf-8", "backslashreplace")
    return normal(written + "".join(f"fd! {line}\n" for line in past_python.splitlines()))


def read_to_the_end(reader: int, child: int) -> str:
    """What the child writes until it ends. One that hangs is killed, and says so."""
    chunks = []
    end = time.monotonic() + DEADLINE
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while True:
            ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                os.kill(child, signal.SIGKILL)
                chunks.append(f"the case did not end within {DEADLINE:g} s\n".encode())
                break
            chunk = pipe.read(65536)
            if not chunk:
                break
            chunks.append(chunk)
    status = os.waitpid(child, 0)[1]
    if status != 0:
        chunks.append(f"the process ended with status {status}\n".encode())
    return b"".join(chunks).decode("utf-8")


def transcript(case: Case, module_name: str) -> str:
    """Runs a case here and returns what is seen."""
    seen = Transcript()
    sys.stdout, sys.stderr = Stream(seen, ""), Stream(seen, "! ")
    make_record = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = make_record(*args, **kwargs)
        seen.line(f"# {made.levelname} {made.name}: {made.getMessage()}")
        return made

    logging.setLogRecordFactory(record)
    if getattr(case, "needs_no_shell", False):
        from IPython.core.interactiveshell import InteractiveShell

        InteractiveShell.clear_instance()
    try:
        case(importlib.import_module(module_name))
    except BaseException:
        seen.line("the case failed:\n" + traceback.format_exc())
    return seen.text()


class Transcript:
    """The lines of a case, from all its streams, in the order of their ends."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def line(self, line: str) -> None:
        """Adds a line."""
        self._lines.append(line)

    def text(self) -> str:
        """All lines. A stream's last line shows although it has no end."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, Stream):
                stream.end()
        return "".join(f"{line}\n" for line in self._lines)


class Stream(io.TextIOBase):
    """A `sys.stdout` that writes into a transcript, each line behind a mark."""

    def __init__(self, seen: Transcript, mark: str) -> None:
        self._seen = seen
        self._mark = mark
        self._open = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._open = (self._open + text).split("\n")
        for line in lines:
            self._seen.line(self._mark + line)
        return len(text)

    def end(self) -> None:
        """Writes a line that has no end yet."""
        if self._open:
            self.write("\n")


def normal(text: str) -> str:
    """A transcript without what differs from one run to the next, or with the place of a source file.

    That is addresses, the folder of the tests, the line of a warning, and in a traceback the path and the line numbers
    of the one frame that belongs to the module under test: ``call``.
    """
    text = re.sub(r"0x[0-9a-fA-F]+", "0x…", text).replace(TESTS, "tests")
    text = re.sub(CALL_FRAME, lambda frame: without_place(frame.group()), text, flags=re.MULTILINE)
    text = re.sub(r"(\.py):\d+(: \w+Warning: )", r"\1:LINE\2", text)
    return re.sub(r"^  File \S+:\d+ in call$", "  File … in call", text, flags=re.MULTILINE)


TESTS = str(Path(__file__).resolve().parent.parent)

#: What may stand in a line to colour it.
COLOUR = r"(?:\x1b\[[\d;]*m)*"

#: The frame of `call` as IPython shows it: a line that names file and function, and the numbered lines below it.
CALL_FRAME = (
    rf"^File {COLOUR}\S+:\d+{COLOUR}, in {COLOUR}(?:BackgroundJobFunc|BackgroundJobExpr)\.call{COLOUR}\(.*\).*\n"
    rf"(?:{COLOUR}[ -]*>? *\d+{COLOUR} .*\n)*"
)


def without_place(frame: str) -> str:
    """The text of a frame, with neither path nor line numbers."""
    frame = re.sub(rf"^File ({COLOUR})\S+:\d+", r"File \1…", frame)
    return re.sub(rf"^({COLOUR})[ -]*(>?) *\d+({COLOUR}) ", r"\1\2 …\3 ", frame, flags=re.MULTILINE)


def main(which: str, *names: str) -> None:
    """Prints transcripts: as JSON if standard output is a pipe, else to be read."""
    transcripts = observe(which, list(names))
    if sys.stdout.isatty():
        for name, text in transcripts.items():
            print(f"== {name}\n{text}")
    else:
        json.dump(transcripts, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
