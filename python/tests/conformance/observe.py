"""Runs cases against one module, each in its own process, and records what they show.

A transcript has a line for each line that the case printed; those that begin with ``! `` went to stderr, those with
``# `` are records of ``logging`` (level, logger, message).

This file does not know what the other module shows. By hand: ``python observe.py ours removing.a_removed_job_is_gone``.
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

# The folder of the tests, from which the package of the cases is imported, however this file is run.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from conformance import cases

MODULES = {"original": "IPython.lib.backgroundjobs", "ours": "bgjobs"}

#: How many seconds a case may take; only one that hangs takes that long.
DEADLINE = 30.0

Case = Callable[[Any], None]


def every_case() -> Iterator[tuple[str, Case]]:
    """The cases by name; they are found by listing their folder, so that none is forgotten."""
    for found in sorted(pkgutil.iter_modules(cases.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{cases.__name__}.{found.name}")
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and takes_a_module(value):
                yield f"{found.name}.{name}", value


def takes_a_module(function: Case) -> bool:
    """Whether a function is a case: it takes the module under test, as `bg`, and nothing else."""
    return list(inspect.signature(function).parameters) == ["bg"] and not function.__name__.startswith("_")


def observe(which: str, names: list[str]) -> dict[str, str]:
    """The transcripts of the named cases, or of all cases."""
    if importlib.util.find_spec(MODULES[which]) is None:
        raise SystemExit(f"the module {MODULES[which]} is not installed")
    known = dict(every_case())
    chosen = {name: known[name] for name in names} if names else known
    start_a_shell()
    return {name: in_a_process(case, MODULES[which]) for name, case in chosen.items()}


def start_a_shell() -> None:
    """Creates a live `InteractiveShell`, without colours, and without a history thread because cases are forked."""
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
    """What the child writes until it ends; one that hangs is killed, and the text says so."""
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
    """Runs a case in this process and returns its transcript."""
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
        """All lines, including a last line of a stream that has no line break."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, Stream):
                stream.end()
        return "".join(f"{line}\n" for line in self._lines)


class Stream(io.TextIOBase):
    """A `sys.stdout` that writes to a transcript, with a mark before each line."""

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
        """Ends a line that has no line break yet."""
        if self._open:
            self.write("\n")


def normal(text: str) -> str:
    """A transcript without the parts that differ between runs or depend on the location of a source file.

    These are addresses, the folder of the tests, the line of a warning, and in a traceback the path and the line
    numbers of the only frame that belongs to the module under test: ``call``. And the line of an expression, in place
    of which IPython 9 says that it could not get it.
    """
    text = re.sub(r"0x[0-9a-fA-F]+", "0x…", text).replace(TESTS, "tests")
    text = re.sub(CALL_FRAME, lambda frame: without_place(frame.group()), text, flags=re.MULTILINE)
    text = re.sub(r"(\.py):\d+(: \w+Warning: )", r"\1:LINE\2", text)
    text = re.sub(r"^(File <BackgroundJob compilation>:1.*\n)[ >-]*1 .*\n\n?", r"\1 …\n", text, flags=re.MULTILINE)
    return re.sub(r"^  File \S+:\d+ in call$", "  File … in call", text, flags=re.MULTILINE)


TESTS = str(Path(__file__).resolve().parent.parent)

#: The sequences that colour a line.
COLOUR = r"(?:\x1b\[[\d;]*m)*"

#: The frame of `call` as IPython shows it: a line with the file and the function, and the numbered lines below it.
CALL_FRAME = (
    rf"^File {COLOUR}\S+:\d+{COLOUR}, in {COLOUR}(?:BackgroundJobFunc|BackgroundJobExpr)\.call{COLOUR}\(.*\).*\n"
    rf"(?:{COLOUR}[ -]*>? *\d+{COLOUR} .*\n)*"
)


def without_place(frame: str) -> str:
    """The text of a frame, with neither path nor line numbers."""
    frame = re.sub(rf"^File ({COLOUR})\S+:\d+", r"File \1…", frame)
    return re.sub(rf"^({COLOUR})[ -]*(>?) *\d+({COLOUR}) ", r"\1\2 …\3 ", frame, flags=re.MULTILINE)


def main(which: str, *names: str) -> None:
    """Prints transcripts: as text at a terminal, otherwise as JSON."""
    transcripts = observe(which, list(names))
    if sys.stdout.isatty():
        for name, text in transcripts.items():
            print(f"== {name}\n{text}")
    else:
        json.dump(transcripts, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
