"""The transcript of docs/src/notebook.md, typed into evcxr: into its REPL, and into its Jupyter kernel.

`cargo xtask prove` installs both programs and runs this. A cell must show what the page says, but for times.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[2]
EVCXR = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "evcxr"
PAGE = (ROOT / "docs/src/notebook.md").read_text("utf-8")

# The first cell compiles the library, and evcxr looks at all its sources.
PATIENCE = 900

PROMPT = r"(\x1b\[[0-9;]*m)?>> (\x1b\[[0-9;]*m)?"


def cells() -> list[tuple[str, str]]:
    """The cells of the page, each with what it shows."""
    story = "".join(re.findall(r"```text\n(>> .*?)```", PAGE, re.DOTALL))
    found = re.findall(r"^>> (.*)\n((?:(?!>> ).*\n)*)", story, re.MULTILINE)
    assert len(found) > 10
    return [(code.replace("CLONE", str(ROOT)), shown) for code, shown in found]


def without_times(text: str) -> str:
    """A text whose times are all the same, without colours."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r\n", "\n")
    return re.sub(r"\b(\d+ min )?\d+(\.\d+)?( ms|ms| s|s|µs)\b", "N s", plain).strip()


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """The variables that keep evcxr from the user's folders, and the cells' library apart from the workspace's."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for name in ("EVCXR_CONFIG_DIR", "EVCXR_TMPDIR", "JUPYTER_PATH"):
            (Path(folder) / name).mkdir()
            patch.setenv(name, str(Path(folder) / name))
        patch.delenv("CARGO_TARGET_DIR", raising=False)
        yield dict(os.environ)


def test_the_repl_shows_what_the_page_says_and_has_the_limits_it_tells(environment: dict[str, str]) -> None:
    program = str(EVCXR / "bin/evcxr")
    repl = pexpect.spawn(
        program, ["--disable-readline"], env=environment, encoding="utf-8", timeout=PATIENCE, echo=False
    )

    def shown_for(*lines: str) -> str:
        """What the REPL shows for these cells; what a thread prints may come with the next one."""
        shown = ""
        for line in lines:
            repl.sendline(line)
            repl.expect(PROMPT)
            shown += repl.before
        return without_times(shown)

    repl.expect(PROMPT)
    for code, expected in cells():
        shown = shown_for(code)
        # Cargo tells of its work on the library, and only there.
        if not code.startswith(":dep"):
            assert shown == without_times(expected), code

    assert "non-static lifetime" in shown_for("let sum = fit.join()?;")
    assert shown_for("let sum = *fit.join()?;", "sum") == "500500"
    assert "from a job" in shown_for('jobs.spawn("noisy", || println!("from a job"))?;', "1 + 1")
    assert "cannot find value `lost`" in shown_for('let lost = 1; panic!("in the cell")', "lost")
    assert "0 : fit" in shown_for("jobs")
    slow = 'let slow: Job<()> = jobs.spawn("slow", || std::thread::sleep(Duration::from_secs(3)))?;'
    assert "Completed" in shown_for(slow, "let jobs = JobManager::new();", "slow")
    repl.sendline('println!("it waits"); std::thread::park();')
    repl.expect("it waits")
    repl.sendintr()
    repl.expect(PROMPT)
    assert "Subprocess terminated" in repl.before
    assert "cannot find value `jobs`" in shown_for("jobs")
    repl.sendeof()
    repl.expect(pexpect.EOF)


def test_a_jupyter_kernel_shows_the_same_and_tables_as_html(environment: dict[str, str]) -> None:
    subprocess.run(
        [str(EVCXR / "bin/evcxr_jupyter"), "--install"], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    manager = KernelManager(kernel_name="rust")
    manager.start_kernel(env=environment)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        tables = []
        for code, expected in cells():
            shown = run(client, code)
            if not code.startswith(":dep"):
                assert without_times(shown.get("text/plain", "")) == without_times(expected), code
            tables += [shown["text/html"]] if "text/html" in shown else []
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert [len(re.findall("<tr>", table)) for table in tables] == [4, 4, 4, 4]
    for table, text in zip(tables, ["No such file", "500500", "too slow", "no rows"]):
        assert re.fullmatch(r"<table>.*</table>", table) and text in table and "<script" not in table


def run(client: object, code: str) -> dict[str, str]:
    """Runs a cell, and returns what it shows in each form; text that it prints counts as plain."""
    shown: dict[str, str] = {}

    def look(message: dict) -> None:
        content = message["content"]
        if message["msg_type"] == "execute_result":
            shown.update(content["data"])
        elif message["msg_type"] == "stream":
            shown["text/plain"] = shown.get("text/plain", "") + content["text"]

    reply = client.execute_interactive(code, output_hook=look, timeout=PATIENCE)
    assert reply["content"]["status"] == "ok", (code, reply["content"])
    return shown
