"""A command whose process runs elsewhere, as the shell and as Python start and stop it."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

from hosts import binary, environment
from waits import LONG, until

from bgjobs import BackgroundJobManager

FAR = "echo $$ > {}; mv {} {}; echo begun; sleep 600; echo never"
"""Leaves its process id in a file, and goes on."""


def begun(command: str, folder: Path) -> tuple[str, Path]:
    """The line that runs this command there, which ends in the place for the far line, and the file of its process."""
    file = folder / "pid"
    return command + " " + shlex.quote(FAR.format(f"{file}-new", f"{file}-new", file)), file


def stop_by_python(command: str, folder: Path) -> None:
    """Starts it by `jobs.sh`, stops it, and sees that its process has ended."""
    line, file = begun(command, folder)
    job: Any = BackgroundJobManager().sh(line)
    until(file.exists)
    until(lambda: "begun" in job.log)
    assert job.stop(timeout=LONG).stopped
    until(lambda: not lives(int(file.read_text())))


def stop_by_shell(command: str, folder: Path) -> None:
    """Starts it by `!` in the shell, kills it, and sees that its process has ended."""
    line, file = begun(command, folder)
    words = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment()}
    with subprocess.Popen(binary(), **words) as shell:  # type: ignore[call-overload]
        print(f"!{line} &", file=shell.stdin, flush=True)
        until(file.exists)
        print("kill 0", file=shell.stdin, flush=True)
        until(lambda: not lives(int(file.read_text())))
        said, _ = shell.communicate(timeout=LONG)
    assert "Job #0 stopped after " in said


def lives(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


FACES = {"python": stop_by_python, "shell": stop_by_shell}
