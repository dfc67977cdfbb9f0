"""The home of the kept jobs of one test, which ends those that are left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hosts import DEADLINE

from bgjobs import _core, output


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Their folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    home = tmp_path / "state" / "bgjobs" / "kept"
    yield home
    for number in numbers(home):
        job = _core.kept_job(number)
        job.ask_stop("the test is over", 0.0)
        wait_until(lambda job=job: is_removed(job))
    output.remove_router()


def numbers(home: Path) -> list[str]:
    """The numbers of the jobs there."""
    return sorted(entry.name for entry in home.iterdir() if entry.name.isdigit()) if home.exists() else []


def is_removed(job: _core.KeptJob) -> bool:
    """Removes it, if it has ended."""
    try:
        job.remove()
    except RuntimeError:
        return False
    return True


def wait_until(is_so) -> None:
    """Waits for a condition, until a deadline that only a broken program reaches."""
    deadline = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Gate:
    """A file that opens when it is made, for bodies in any process."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def open(self) -> None:
        """Lets all pass."""
        Path(self.path).touch()

    def wait(self) -> None:
        """Waits until it is open."""
        while not Path(self.path).exists():
            time.sleep(0.005)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate that opens at the end of the test."""
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.open()
