"""Draws docs/src/panel.png, the panel in the book, from a session in a real JupyterLab; needs what its tests need."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "python/tests"))

from lab import lab, notebook_of  # noqa: E402 (found by the line above)

SETUP = """
%load_ext bgjobs
import bgjobs
from tqdm.auto import tqdm

def train(epochs, rate=0.1):
    for epoch in tqdm(range(epochs), desc="epoch"):
        print(f"loss {1 / (epoch + 1):.3f}")
        bgjobs.sleep(0.12)
    return {"loss": 0.01}

def load(name):
    print("reading", name)
    prices = {}
    return prices["price"]

def ask():
    print("Found 3 files")
    print("Delete them? [y/N] ", end="", flush=True)
    bgjobs.sleep(600)

def poll():
    for count in range(1, 10_000):
        bgjobs.progress(count)
        bgjobs.sleep(0.2)

jobs.new(pow, 2, 10)
jobs.new(train, 3)
jobs.group("net", limit=1)
jobs.new(bgjobs.sleep, 600, group="net")
jobs.new(bgjobs.sleep, 600, group="net")
jobs.new(bgjobs.sleep, 600).stop("not needed")
jobs.new(poll)
jobs.new(ask)
jobs.new(train, 300, process=True)
jobs.new(train, 100, kw={"rate": 0.01})
jobs.new(load, "prices.csv");
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, lab(Path(folder)) as it:
        window = it.open(notebook_of(SETUP, "%jobs --live"), viewport={"width": 1100, "height": 900})
        window.command("application:toggle-left-area")
        window.run(0)
        window.run(1)
        panel = window.page.locator(".bgjobs")
        panel.scroll_into_view_if_needed()
        window.page.locator("[data-id='9'] .bgjobs-head").click()
        window.page.mouse.move(5, 5)
        # So that the bars have moved.
        window.page.wait_for_timeout(5000)
        panel.screenshot(path=ROOT / "docs/src/panel.png")
        window.evaluate("panel.sessionContext.shutdown()")


if __name__ == "__main__":
    main()
