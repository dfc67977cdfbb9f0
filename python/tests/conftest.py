"""What several files of tests use."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import lab as jupyterlab
import pytest
from homes import gate as gate
from homes import home as home
from hosts import kernel

from bgjobs import BackgroundJobManager, keyboard, leaving, output


def pytest_configure() -> None:
    """Kept jobs of tests are not those of the user."""
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="bgjobs-state-")


def pytest_unconfigure() -> None:
    """Tests let jobs die on purpose; the end of pytest need not tell of them."""
    leaving.forget()
    shutil.rmtree(os.environ["XDG_STATE_HOME"], ignore_errors=True)


@pytest.fixture
def jobs() -> Iterator[BackgroundJobManager]:
    """A manager, whose jobs the end of the test stops."""
    jobs = BackgroundJobManager()
    yield jobs
    jobs.stop("all")


@pytest.fixture(scope="module")
def notebook() -> Iterator[Any]:
    """A kernel, which a file's tests share, because its start takes a second."""
    pytest.importorskip("ipykernel")
    with kernel() as it:
        it.run(
            "%load_ext bgjobs\nimport bgjobs, threading, hosts, pathlib\nfrom IPython.display import HTML, clear_output"
        )
        yield it


@pytest.fixture
def it(notebook: Any) -> Iterator[Any]:
    """That kernel, with a manager and gates for one test."""
    notebook.run("jobs = bgjobs.BackgroundJobManager(); gate = threading.Event(); begun = threading.Event()")
    yield notebook
    notebook.run("gate.set(); jobs.wait()")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A JupyterLab in Chromium, which a file's tests share; they are skipped where either is missing."""
    with jupyterlab.lab(tmp_path_factory.mktemp("lab")) as it:
        yield it


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """A live IPython without a terminal; `shell.see(cell)` runs a cell and returns what it shows."""
    IPython = pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("colors", "nocolor" if IPython.version_info[0] >= 9 else "NoColor")
    hook = sys.displayhook

    def see(cell: str) -> str:
        capsys.readouterr()
        shell.run_cell(cell, store_history=True)
        shown = capsys.readouterr()
        return shown.out + shown.err

    shell.see = see
    see("%load_ext bgjobs")
    see("import threading; gate = threading.Event()")
    yield shell
    shell.user_ns["gate"].set()
    see("%unload_ext bgjobs")
    InteractiveShell.clear_instance()
    # At the end of pytest each of many shells would collect all garbage.
    atexit.unregister(shell.atexit_operations)
    sys.displayhook = hook
    output.remove_router()
    keyboard.remove()
