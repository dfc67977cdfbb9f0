"""A real JupyterLab in a real browser: opens notebooks, runs cells, looks at what the page shows.

It takes JupyterLab and Playwright, which pip brings, and Debian's Chromium (`apt install chromium`). The server listens
on the loopback only, the browser is driven by a pipe and finds no other host, and both live in a folder of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hosts import DEADLINE, environment

# As many processes begin on a machine that may be busy: seconds that only a broken one takes.
PATIENCE = 4 * DEADLINE

# Chromium as Debian and others name it.
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

# What an expression for the page can name.
NAMES = "const app = window.jupyterapp, panel = app.shell.currentWidget, cells = panel.content.model.cells;"


def notebook_of(*sources: str) -> dict:
    """A notebook of cells of code."""
    cells = [
        {"id": f"c{number}", "cell_type": "code", "metadata": {}, "source": source}
        for number, source in enumerate(sources, 1)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class Lab:
    """A JupyterLab and a browser beside it."""

    def __init__(self, browser: Any, url: str, token: str, folder: Path) -> None:
        self.browser = browser
        # Where the server looks for notebooks.
        self.folder = folder
        self._url = url
        self._token = token
        self._opened = 0

    def open(self, notebook: dict, **options: Any) -> Notebook:
        """Opens a notebook, without its outputs and with a new kernel, in a window of its own.

        The options are those of Playwright's ``new_context``, such as ``color_scheme="dark"``.
        """
        cells = [
            {**cell, "outputs": [], "execution_count": None} if cell["cell_type"] == "code" else cell
            for cell in notebook["cells"]
        ]
        # A kernel belongs to a name.
        self._opened += 1
        name = f"notebook-{self._opened}.ipynb"
        python = {"name": "python3", "display_name": "Python 3", "language": "python"}
        metadata = {**notebook["metadata"], "kernelspec": python}
        (self.folder / name).write_text(json.dumps({**notebook, "metadata": metadata, "cells": cells}))
        return self.window(name, **options)

    def window(self, name: str, has_kernel: bool = True, **options: Any) -> Notebook:
        """A new window with a notebook that is in the folder, as it was saved; a kernel that it has goes on."""
        context = self.browser.new_context(**{"viewport": {"width": 1000, "height": 900}, **options})
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        if has_kernel:
            page.goto(f"{self._url}lab/tree/{name}?reset&token={self._token}")
            return Notebook(page, self.folder / name)
        page.goto(f"{self._url}lab?reset&token={self._token}")
        page.wait_for_function("() => window.jupyterapp !== undefined")
        # Until then it knows no notebooks.
        page.evaluate("jupyterapp.restored.then(() => undefined)")
        page.evaluate(
            "(path) => void jupyterapp.commands.execute("
            "'docmanager:open', { path, kernelPreference: { shouldStart: false, autoStartDefault: false } })",
            name,
        )
        return Notebook(page, self.folder / name, has_kernel=False)


class Notebook:
    """A notebook in a window; `page` is Playwright's, with its locators, keyboard and mouse."""

    def __init__(self, page: Any, path: Path, has_kernel: bool = True) -> None:
        self.page = page
        self.path = path
        if has_kernel:
            self.wait_ready()
        else:
            self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context?.isReady")

    def wait_ready(self) -> None:
        """Waits until the notebook is there and its kernel is idle, as after a reload of the page."""
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext !== undefined")
        self.wait_for("panel.context.isReady && panel.sessionContext.session?.kernel?.status === 'idle'")

    def evaluate(self, expression: str, argument: Any = None) -> Any:
        """The value of a JavaScript expression, a promise's included; it can name NAMES, and ``argument``."""
        return self.page.evaluate(f"(argument) => {{ {NAMES} return {expression}; }}", argument)

    def wait_for(self, expression: str, argument: Any = None) -> None:
        """Waits until an expression is true."""
        self.page.wait_for_function(f"(argument) => {{ {NAMES} return {expression}; }}", arg=argument)

    def until(self, condition: Callable[[], bool]) -> bool:
        """Waits until a condition holds; returns whether it came to."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def begin(self, index: int) -> None:
        """Starts the cell, the first being 0."""
        self.evaluate("panel.content.activeCellIndex = argument", index)
        self.command("notebook:run-cell")

    def run(self, index: int) -> None:
        """Runs the cell to its end."""
        before = self.evaluate("cells.get(argument).executionCount", index)
        self.begin(index)
        self.wait_for(
            "![null, argument.before].includes(cells.get(argument.index).executionCount)"
            " && cells.get(argument.index).executionState === 'idle'",
            {"index": index, "before": before},
        )

    def begin_all(self) -> None:
        """Starts all cells."""
        self.command("notebook:run-all-cells")

    def command(self, name: str) -> None:
        """Starts a command of JupyterLab, and does not wait: some that run cells never say that they have ended."""
        self.evaluate("void app.commands.execute(argument)", name)

    def outputs(self, index: int) -> list[dict]:
        """What the cell shows, as a notebook stores it."""
        return self.evaluate("cells.get(argument).outputs.toJSON()", index)

    def save(self) -> dict:
        """Saves the notebook; returns what is in its file."""
        self.evaluate("panel.context.save()")
        return json.loads(self.path.read_text())

    def screenshot(self, path: Path) -> None:
        self.page.screenshot(path=path)

    def close(self) -> None:
        """Closes the window; the kernel goes on."""
        self.page.context.close()


def chromium() -> str:
    """The browser's program; without it the test is skipped, and fails under CI."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up("Chromium is missing; on Debian run `apt install chromium`")
    return found


@contextmanager
def lab(folder: Path) -> Iterator[Lab]:
    """A JupyterLab in this folder; the test is skipped where what it takes is missing."""
    pytest.importorskip("jupyterlab")
    playwright = pytest.importorskip("playwright.sync_api")
    program = chromium()
    home, notebooks = folder / "home", folder / "notebooks"
    settings = home / ".jupyter/lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    notebooks.mkdir()
    # Whatever the user has set up for Jupyter is left alone.
    kept = {name: value for name, value in environment().items() if not name.startswith(("JUPYTER", "XDG_"))}
    env = {**kept, "HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
    with server(notebooks, env) as (url, token), playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program,
            env=env,
            args=["--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        with browser:
            yield Lab(browser, url, token, notebooks)


@contextmanager
def server(notebooks: Path, env: dict[str, str]) -> Iterator[tuple[str, str]]:
    """A JupyterLab without a browser; yields its address and the token that opens it."""
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        "--port=0",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
        f"--ServerApp.root_dir={notebooks}",
    ]
    told = notebooks.with_name("server.log")
    with told.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=notebooks,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        info = _said(Path(env["JUPYTER_RUNTIME_DIR"]), process, told)
        yield info["url"], info["token"]
    finally:
        # It ends its kernels first.
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _said(folder: Path, process: subprocess.Popen, told: Path) -> dict[str, str]:
    """What a server that has begun to listen writes about itself."""
    deadline = time.monotonic() + PATIENCE
    while True:
        for path in folder.glob("jpserver-*.json"):
            text = path.read_text()
            # It may be half written.
            if text.endswith("}"):
                return json.loads(text)
        assert process.poll() is None and time.monotonic() < deadline, told.read_text()
        time.sleep(0.05)
