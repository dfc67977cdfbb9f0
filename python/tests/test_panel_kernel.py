"""The panel in a real kernel, whose page is a client: it sends as JupyterLab does, by a subshell where there is one.

The tests share a kernel, because its start takes a second.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hosts import DEADLINE, Kernel, environment, kernel
from lab import notebook_of

pytest.importorskip("anywidget")
pytest.importorskip("ipykernel")

LIVE = "application/vnd.jupyter.widget-view+json"

SETUP = """
    %load_ext bgjobs
    import os, threading, time, bgjobs
    from bgjobs.panel import exchange
    exchange.KEPT = 0.1
    started = threading.Event()

    def fit():
        for step in range(10_000_000):
            bgjobs.progress(step, 10_000_000)
            print("step", step)
            started.set()
            bgjobs.sleep(0.01)
"""


class Page:
    """A page with the panel that a cell shows."""

    def __init__(self, it: Kernel) -> None:
        self.it = it
        self.messages: list[dict] = []
        self.displays: list[dict] = []
        self.comm = ""
        self.subshell: str | None = None

    def show(self) -> None:
        cell = self.it.begin("jobs.panel()")
        while not (self.comm and self.displays):
            self.read()
        self.it.end(cell)
        if self.has_subshells():
            reply = self.control("create_subshell_request")
            self.subshell = reply["subshell_id"]

    def has_subshells(self) -> bool:
        self.it.client.kernel_info()
        while (reply := self.it.client.get_shell_msg(timeout=DEADLINE))["msg_type"] != "kernel_info_reply":
            pass
        return "kernel subshells" in reply["content"].get("supported_features", [])

    def control(self, kind: str) -> dict:
        client = self.it.client
        client.control_channel.send(client.session.msg(kind))
        return client.get_control_msg(timeout=DEADLINE)["content"]

    def ask(self, kind: str, **rest) -> None:
        content = {"kind": kind, "page": "page", **rest}
        data = {"method": "custom", "content": content}
        message = self.it.client.session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        if self.subshell is not None:
            message["header"]["subshell_id"] = self.subshell
        self.it.client.shell_channel.send(message)

    def read(self) -> None:
        """Reads one message, and keeps what is for this page."""
        message = self.it.client.get_iopub_msg(timeout=DEADLINE)
        kind, content = message["msg_type"], message["content"]
        if kind == "comm_open" and "_esm" in content["data"]["state"]:
            self.comm = content["comm_id"]
        elif kind == "comm_msg" and content["comm_id"] == self.comm:
            self.messages.append(content["data"]["content"])
        elif kind in ("display_data", "update_display_data"):
            self.displays.append(content)
        elif kind == "status" and content["execution_state"] == "idle":
            self.it._idle.add(message["parent_header"]["msg_id"])

    def wait(self, wanted):
        """Waits for a message, and returns it."""
        while True:
            while self.messages:
                message = self.messages.pop(0)
                if wanted(message):
                    return message
            self.read()

    def wait_display(self, wanted) -> dict:
        while True:
            while self.displays:
                content = self.displays.pop(0)
                if wanted(content["data"]):
                    return content
            self.read()


@pytest.fixture(scope="module")
def page():
    with kernel() as it:
        it.run(SETUP)
        page = Page(it)
        page.show()
        yield page


def is_verdict(message: dict) -> bool:
    return message["kind"] == "verdict"


def test_a_page_gets_the_rows_and_what_changes(page):
    page.it.run("job = jobs.new(fit); started.wait()")
    page.ask("hello")
    whole = page.wait(lambda message: message.get("is_whole"))
    number = whole["jobs"][-1]["id"]
    page.ask("look", seen=[number], open=[number])
    moved = page.wait(lambda message: message["kind"] == "jobs" and "done" in (message["jobs"] or [{}])[0])
    assert set(moved["jobs"][0]) <= {"id", "done", "left", "line", "total", "text"}
    page.wait(lambda message: str(number) in message.get("details", {}))
    page.ask("stop", ids=[number])
    assert page.wait(is_verdict)["text"].startswith("stopped after")


def test_a_stop_is_heard_while_a_cell_runs_if_the_kernel_has_subshells_and_otherwise_when_it_ends(page, tmp_path):
    page.it.run("started.clear(); job = jobs.new(fit); started.wait()")
    page.ask("hello")
    number = page.wait(lambda message: message.get("is_whole"))["jobs"][-1]["id"]
    page.ask("look", seen=[number], open=[])
    gate = tmp_path / "gate"
    cell = page.it.begin(f"started.clear(); started.wait()\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)")
    # The cell runs, and the panel's thread has sent something in its context.
    for _ in range(3):
        page.wait(lambda message: message["kind"] == "jobs" and message["jobs"])
    page.ask("stop", ids=[number])
    if page.subshell is None:
        gate.touch()
    verdict = page.wait(is_verdict)
    assert (verdict["id"], verdict["text"].split(" after")[0]) == (number, "stopped")
    gate.touch()
    page.it.end(cell)


def test_below_the_panel_is_a_still_picture_that_follows_and_pages_that_can_write_get_it_themselves(page):
    page.it.run("jobs.stop('running'); started.clear(); job = jobs.new(fit); started.wait()")
    shown = page.wait_display(lambda data: "As of" in data["text/html"])
    assert LIVE not in shown["data"]
    assert shown["transient"]["display_id"] in shown["data"]["text/html"]
    page.ask("hello", keeps=True)
    page.wait(lambda message: message["kind"] == "still" and "As of" in message["html"])
    page.it.run("job.stop('not needed')")
    last = page.wait(lambda message: message["kind"] == "still" and "As of" not in message["html"])
    assert "not needed" in last["html"]
    page.ask("hello", keeps=False)
    page.wait_display(lambda data: "not needed" in data["text/html"])


def test_a_program_that_runs_a_notebook_saves_the_panel_as_it_is_at_the_end(tmp_path):
    pytest.importorskip("nbconvert")
    cells = ["%load_ext bgjobs", "jobs.panel()", "jobs.new('6 * 7').join(); jobs.new('1 / 0').exception()"]
    notebook = notebook_of(*cells)
    for cell in notebook["cells"]:
        cell.update(outputs=[], execution_count=None)
    notebook["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python", "language": "python"}
    (tmp_path / "in.ipynb").write_text(json.dumps(notebook))
    for command in (["--execute", "--to=notebook", "--output=out.ipynb", "in.ipynb"], ["--to=html", "out.ipynb"]):
        subprocess.run([sys.executable, "-m", "nbconvert", *command], cwd=tmp_path, env=environment(), check=True)
    (output,) = json.loads((tmp_path / "out.ipynb").read_text())["cells"][1]["outputs"]
    assert set(output["data"]) == {"text/html", "text/plain"}
    shown = "".join(output["data"]["text/html"])
    assert "6 * 7" in shown
    assert "ZeroDivisionError: division by zero" in shown
    page = (tmp_path / "out.html").read_text()
    assert "<b>Failed</b>" in page
    assert "Loading widget" not in page
