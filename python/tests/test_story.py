"""Whole notebooks show what is saved in them, in each version of the kernel, and when a program runs them.

With UPDATE_EXPECT=1 in the environment, the saved outputs are rewritten instead. Each takes some seconds, because it
starts a kernel and its jobs sleep.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hosts import DEADLINE, environment, kernel

HERE = Path(__file__).parent
STORY = HERE.parents[1] / "examples" / "story.ipynb"
TWENTY = HERE / "notebooks" / "twenty_cells.ipynb"


def code_cells(notebook: dict) -> list[dict]:
    """Its cells of code, but for those that need what is not installed."""
    missing = {name for name in ("matplotlib",) if importlib.util.find_spec(name) is None}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [cell for cell in cells if not missing & set(tags(cell))]


def tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


def saved(outputs: list[dict]) -> list[dict]:
    """Outputs in the notebook format; what is printed comes first, because a job prints when it will."""
    found = []
    for stream in ("stdout", "stderr"):
        text = "".join("".join(output["text"]) for output in outputs if output.get("name") == stream)
        if text:
            found.append({"name": stream, "output_type": "stream", "text": text.splitlines(True)})
    for output in outputs:
        assert output["output_type"] != "error", output
        if "data" in output:
            data = {mime: "".join(text).splitlines(True) for mime, text in sorted(output["data"].items())}
            data.update({mime: ["(a picture)"] for mime in data if mime.startswith("image/")})
            found.append({**output, "data": data})
    return found


def steady(outputs: list[dict], cell: dict) -> str:
    """The outputs as text, without what changes from run to run."""
    outputs = json.loads(json.dumps(outputs))
    for output in outputs:
        output["execution_count"] = 0
        # A frame's line may be marked, from Python 3.11 on.
        data = output.get("data", {})
        data.update({mime: [line for line in data[mime] if line.strip(" ~^\n")] for mime in data})
    text = json.dumps(outputs, sort_keys=True)
    if "differs" in tags(cell):
        # Each version of IPython shows the location in its own way.
        text = text[text.rindex("Error") :]
    text = re.sub(r"\\u001b\[[0-9;]*m", "", text)
    text = re.sub(r"\d+(\.\d+)? m?s\b", "some time", text)
    text = re.sub(r"Input In \[(\d+)\]", r"Cell In[\1]", text)
    return re.sub(r"0x[0-9a-f]+", "0x", text)


@pytest.mark.parametrize("path", [STORY, TWENTY], ids=["story", "twenty"])
def test_a_notebook_shows_what_is_saved_in_it(path):
    pytest.importorskip("ipykernel")
    notebook = json.loads(path.read_text())
    cells = code_cells(notebook)
    with kernel() as it:
        names = [it.run("".join(cell["source"])) for cell in cells]
        it.run("pass")
    shown = [saved(it.outputs[name]) for name in names]
    if os.environ.get("UPDATE_EXPECT"):
        for count, (cell, found) in enumerate(zip(cells, shown), 1):
            cell["execution_count"], cell["outputs"] = count, found
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    for cell, found in zip(cells, shown):
        assert steady(found, cell) == steady(cell["outputs"], cell), "".join(cell["source"])


@pytest.mark.parametrize(
    "command",
    [
        ["papermill", "in.ipynb", "out.ipynb"],
        ["nbconvert", "--execute", "--to=notebook", "--output=out.ipynb", "in.ipynb"],
    ],
    ids=["papermill", "nbconvert"],
)
def test_a_program_that_runs_a_notebook_saves_the_same_but_for_what_jobs_print_later_which_is_on_their_cards(
    command, tmp_path
):
    pytest.importorskip(command[0])
    notebook = json.loads(TWENTY.read_text())
    expected = notebook["cells"] = code_cells(notebook)
    (tmp_path / "in.ipynb").write_text(json.dumps(notebook))
    subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=2 * DEADLINE,
    )
    cells = code_cells(json.loads((tmp_path / "out.ipynb").read_text()))
    assert len(cells) == len(expected)
    logs = 0
    for cell, ours in zip(cells, expected):
        found, wanted = saved(cell["outputs"]), saved(ours["outputs"])
        if "clear_output()" in "".join(ours["source"]):
            # A card that such a program has seen cleared may be shown anew when the cell has ended.
            continue
        if "%bg" in "".join(ours["source"]):
            # Such a program drops what comes after a cell's end, but for changes of what it has shown.
            # What the job printed is on its card instead.
            logs += json.dumps(cards(found)).count(">Log</th>")
            found, wanted = cards(without_log(found)), cards(wanted)
        assert steady(found, ours) == steady(wanted, ours), "".join(ours["source"])
    assert logs > 0


def without_log(outputs: list[dict]) -> list[dict]:
    """The outputs of which the cards have no log."""
    for output in outputs:
        html = "".join(output.get("data", {}).get("text/html", []))
        if html:
            shown = re.sub(r"(?s)<tr><th[^>]*>Log</th>.*?</tr>", "", html)
            output["data"]["text/html"] = shown.splitlines(True)
    return outputs


def cards(outputs: list[dict]) -> list[dict]:
    return [output for output in outputs if "<BackgroundJob #" in output.get("data", {}).get("text/plain", [""])[0]]
