"""What the panel of a notebook costs: bytes on the wire, messages, and the processor time of both ends.

Prints two tables. In the first a real kernel runs the jobs, and the page is a client that has 40 rows in view. In the
second Chromium shows the panel, and gets two messages a second, as from that kernel. Needs the package with its extra
`live`, ipykernel, and for the second table Playwright and Chromium.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

SECONDS = 10.0

SETUP = """
%load_ext bgjobs
import bgjobs, threading, time

def fit(pause):
    for step in range(10_000_000):
        bgjobs.progress(step, 10_000_000, "epoch")
        bgjobs.sleep(pause)

def flood():
    while True:
        jobs.new(pow, 2, 10)
        bgjobs.sleep(0.005)

def spent():
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "bgjobs panel"]
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
"""

# What runs, the goal in bytes a second, and the cell that starts it.
CASES = [
    ("10 moving bars", 7000, "for _ in range(10): jobs.new(fit, 0.05)"),
    ("1 moving bar", 7000, "jobs.new(fit, 0.05)"),
    ("40 moving bars", 7000, "for _ in range(40): jobs.new(fit, 0.05)"),
    ("5,000 running", 300, "for _ in range(5000): jobs.new(bgjobs.sleep, 3600)"),
    ("5,000 running, and as many have ended", 300, "for _ in range(5000): jobs.new('1'); jobs.new(bgjobs.sleep, 3600)"),
    ("200 starts and ends a second", 7000, "jobs.new(flood);"),
]


class Page:
    """A client that plays the page, and counts what it is sent for the panel."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.comm = ""
        # The display of the still picture.
        self.display = ""

    def run(self, cell: str) -> str:
        """Runs a cell; returns the text that it ends with."""
        name = self.client.execute(cell)
        shown = ""
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            content = message["content"]
            if message["msg_type"] == "comm_open" and "_esm" in content["data"]["state"]:
                self.comm = content["comm_id"]
            if message["msg_type"] == "display_data" and "bgjobs-still" in content["data"].get("text/html", ""):
                self.display = content["transient"]["display_id"]
            if message["parent_header"].get("msg_id") == name:
                shown += (
                    content.get("data", {}).get("text/plain", "") if message["msg_type"] == "execute_result" else ""
                )
                if content.get("execution_state") == "idle":
                    return shown

    def ask(self, **request: Any) -> None:
        data = {"method": "custom", "content": {"page": "page", **request}}
        message = self.client.session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        self.client.shell_channel.send(message)

    def count(self, seconds: float) -> tuple[int, int, int]:
        """For so long: the bytes of the panel's messages, how many there were, and the bytes of the largest."""
        socket = self.client.iopub_channel.socket
        sizes = []
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if socket.poll(left * 1000):
                frames = socket.recv_multipart()
                if any(name.encode() in b"".join(frames) for name in (self.comm, self.display)):
                    sizes.append(sum(map(len, frames)))
        return sum(sizes), len(sizes), max(sizes, default=0)


@contextmanager
def page() -> Any:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        yield Page(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def measure(cell: str) -> tuple[float, float, int, float]:
    """Bytes and messages a second, the bytes of the first message, and the share of a core that its thread takes."""
    with page() as it:
        it.run(SETUP)
        it.run(cell)
        it.run("jobs.panel()")
        it.ask(kind="hello")
        it.ask(kind="look", seen=sorted(eval(it.run("sorted(jobs.all)[-40:]"))), open=[])
        first = 0
        # Until all jobs are told, in portions.
        while largest := it.count(8.0)[2]:
            first = max(first, largest)
            if largest < 20_000 or "flood" in cell:
                break
        before = float(it.run("spent()"))
        size, messages, _ = it.count(SECONDS)
        spent = float(it.run("spent()")) - before
        return size / SECONDS, messages / SECONDS, first, spent / SECONDS


def load(jobs: int, moving: int) -> tuple[float, float]:
    """The share of a core that the page takes, and how many milliseconds it takes to filter, by a word in the field."""
    from lab import chromium
    from playwright.sync_api import sync_playwright
    from test_panel_page import Page as Browsed
    from test_panel_page import job

    with sync_playwright() as driver, driver.chromium.launch(executable_path=chromium()) as browser:
        page = Browsed(browser)
        page.tell(*[job(number, done=0, total=1000, line="a line") for number in range(jobs)])
        page.wait("document.querySelectorAll('.bgjobs-row').length > 0")
        metrics = page.page.context.new_cdp_session(page.page)
        metrics.send("Performance.enable")

        def spent() -> float:
            found = metrics.send("Performance.getMetrics")["metrics"]
            return next(metric["value"] for metric in found if metric["name"] == "TaskDuration")

        before, steps = spent(), int(SECONDS * 2)
        for step in range(steps):
            page.page.wait_for_timeout(500)
            page.tell(*[{"id": jobs - 1 - number, "done": step, "left": 1.0} for number in range(moving)])
        share = (spent() - before) / SECONDS
        before = spent()
        for word in ("f", "fi", "fit", "fit(1", "fit(12"):
            page.page.get_by_role("searchbox").fill(word)
        return share, (spent() - before) / 5 * 1000


def main() -> None:
    print("| | bytes a second | goal | messages a second | the first message | of a core |")
    print("|---|---|---|---|---|---|")
    for name, goal, cell in CASES:
        size, messages, first, share = measure(cell)
        print(
            f"| {name} | {size:,.0f} | {goal:,} | {messages:.1f} | {first / 1000:,.0f} kB | {share:.1%} |", flush=True
        )
    print("\n| | of a core, in the page | a letter in the field |")
    print("|---|---|---|")
    for jobs, moving in ((10, 10), (5000, 10), (12000, 40)):
        share, letter = load(jobs, moving)
        print(f"| {moving} of {jobs:,} moving | {share:.1%} | {letter:.0f} ms |", flush=True)


if __name__ == "__main__":
    main()
