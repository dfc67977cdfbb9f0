"""What the panel of a notebook costs: bytes on the wire, messages, and the kernel's processor time.

Prints a table. A real kernel runs the jobs; the page is a client that has the first 40 rows in view, as a browser has.
Needs the package with its extra `live`, and jupyter_client.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Any

SECONDS = 10.0

SETUP = """
%load_ext bgjobs
import bgjobs, threading, time

def fit(pause):
    for step in range(10_000_000):
        bgjobs.progress(step, 10_000_000, "epoch")
        bgjobs.sleep(pause)

def spent():
    return time.process_time()
"""

# What runs, the goal in bytes a second, and the cell that starts it.
CASES = [
    ("10 moving bars", 7000, "for _ in range(10): jobs.new(fit, 0.05)"),
    ("1 moving bar", 7000, "jobs.new(fit, 0.05)"),
    ("40 moving bars", 7000, "for _ in range(40): jobs.new(fit, 0.05)"),
    ("5,000 running", 300, "for _ in range(5000): jobs.new(bgjobs.sleep, 3600)"),
    ("5,000 running, and as many have ended", 300, "for _ in range(5000): jobs.new('1'); jobs.new(bgjobs.sleep, 3600)"),
]


class Page:
    """A client that plays the page, and counts what it is sent for the panel."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.comm = ""

    def run(self, cell: str) -> str:
        """Runs a cell; returns the text that it ends with."""
        name = self.client.execute(cell)
        shown = ""
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            content = message["content"]
            if message["msg_type"] == "comm_open" and "_esm" in content["data"]["state"]:
                self.comm = content["comm_id"]
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
                if self.comm.encode() in b"".join(frames):
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
    """Bytes and messages a second, the bytes of the first message, and the share of a core that the panel takes."""
    with page() as it:
        it.run(SETUP)
        it.run(cell)
        it.count(3.0)
        before = float(it.run("spent()"))
        it.count(SECONDS)
        without = float(it.run("spent()")) - before
        it.run("jobs.panel()")
        it.ask(kind="hello")
        it.ask(kind="look", seen=sorted(eval(it.run("sorted(jobs.all)[-40:]"))), open=[])
        _, _, first = it.count(3.0)
        before = float(it.run("spent()"))
        size, messages, _ = it.count(SECONDS)
        spent = float(it.run("spent()")) - before
        return size / SECONDS, messages / SECONDS, first, (spent - without) / SECONDS


def main() -> None:
    print("| | bytes a second | goal | messages a second | the first message | of a core |")
    print("|---|---|---|---|---|---|")
    for name, goal, cell in CASES:
        size, messages, first, share = measure(cell)
        print(
            f"| {name} | {size:,.0f} | {goal:,} | {messages:.1f} | {first / 1000:,.0f} kB | {share:.1%} |", flush=True
        )


if __name__ == "__main__":
    main()
