"""The example notebook shows what its cells really print.

With UPDATE_EXPECT=1 in the environment, its outputs are rewritten instead.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from hosts import kernel

NOTEBOOK = Path(__file__).parents[2] / "examples" / "story.ipynb"


def outputs(it, name: str) -> list[dict]:
    """A cell's outputs, in the notebook format; what is printed comes first, because a job prints when it will."""
    found = []
    for stream in ("stdout", "stderr"):
        if it.text(name, stream):
            lines = it.text(name, stream).splitlines(True)
            found.append({"name": stream, "output_type": "stream", "text": lines})
    assert not it.text(name, "error"), it.text(name, "error")
    for output in it.outputs.get(name, []):
        if "data" in output:
            data = {mime: text.splitlines(True) for mime, text in sorted(output["data"].items())}
            found.append({**output, "data": data})
    return found


def steady(outputs: list[dict], tags: list[str]) -> str:
    """The outputs as text, without what changes from run to run."""
    outputs = json.loads(json.dumps(outputs))
    for output in outputs:
        output["execution_count"] = 0
    text = json.dumps(outputs, sort_keys=True)
    if "differs" in tags:
        # Each version of IPython shows the location in its own way.
        text = text[text.rindex("Error") :]
    text = re.sub(r"\\u001b\[[0-9;]*m", "", text)
    text = re.sub(r"\d+(\.\d+)? m?s\b", "some time", text)
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def test_the_notebook_holds_what_its_cells_show():
    notebook = json.loads(NOTEBOOK.read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    with kernel() as it:
        names = [it.run("".join(cell["source"])) for cell in cells]
        it.run("pass")
    shown = [outputs(it, name) for name in names]
    if os.environ.get("UPDATE_EXPECT"):
        for count, (cell, found) in enumerate(zip(cells, shown), 1):
            cell["execution_count"], cell["outputs"] = count, found
        NOTEBOOK.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    for cell, found in zip(cells, shown):
        tags = cell["metadata"].get("tags", [])
        assert steady(found, tags) == steady(cell["outputs"], tags), "".join(cell["source"])
