"""Notebooks in a real JupyterLab, seen and driven in its page; the tests share one, whose start takes some seconds."""

from __future__ import annotations

import json
import sys

import pytest
from lab import notebook_of
from test_story import TWENTY, code_cells, saved, steady


def test_a_notebook_shows_what_is_saved_in_it_and_saves_the_same(lab, tmp_path):
    notebook = json.loads(TWENTY.read_text())
    ours = notebook["cells"] = code_cells(notebook)
    page = lab.open(notebook)

    def seen(cells: list[dict]) -> list[str]:
        return [steady(saved(cell["outputs"]), own) for cell, own in zip(cells, ours)]

    def shown() -> list[str]:
        return seen([{"outputs": page.outputs(index)} for index in range(len(ours))])

    page.begin_all()
    if not page.until(lambda: shown() == seen(ours)):
        page.screenshot(tmp_path / "page.png")
        print("the page:", tmp_path / "page.png")
    for own, found, wanted in zip(ours, shown(), seen(ours)):
        assert found == wanted, "".join(own["source"])
    assert seen(page.save()["cells"]) == seen(ours)


def test_an_interrupt_lets_go_of_a_cell_and_the_prompt_comes_back_to_it(lab):
    page = lab.open(
        notebook_of(
            "%load_ext bgjobs\nimport threading; gate = threading.Event()",
            "%%fg\nprint('begun')\ngate.wait(60)\nfound = 42",
            "gate.set()\n%fg 0\nprint(found)",
        )
    )
    page.run(0)
    page.begin(1)
    page.page.get_by_text("begun", exact=True).wait_for()
    page.page.get_by_title("Interrupt the kernel").first.click()
    page.page.get_by_text("Job #0 goes on: %fg 0 waits again, %kill 0 stops it.").wait_for()
    page.run(2)
    assert page.outputs(2)[0]["text"] == "begun\nJob #0 has set found.\n42\n"
    page.page.get_by_role("cell", name="Completed").wait_for()
    assert [output["output_type"] for output in page.outputs(1)] == ["stream", "display_data"]


@pytest.mark.skipif(sys.platform != "linux", reason="kept jobs need Linux")
def test_a_kept_cell_outlives_its_kernel_and_the_next_one_has_all_its_lines_and_its_value(lab, gate):
    keep = f"""
%%bg --keep
import os, time
for row in range(3):
    print("row", row)
    while row == 1 and not os.path.exists({gate.path!r}):
        time.sleep(0.01)
row * 21
"""
    attach = "job = %attach k1\nwhile 'row 1' not in str(job.log): time.sleep(0.01)"
    cells = ["%load_ext bgjobs\nimport time", keep.lstrip(), attach, "print(job.get(), job.log)"]
    page = lab.open(notebook_of(*cells))
    try:
        page.run(0)
        page.run(1)
        assert page.outputs(1)[0]["text"].startswith("Kept as k1: ")
        page.evaluate("panel.sessionContext.session.kernel.restart()")
        page.wait_ready()
        # Numbers begin again, so its number does not say when it has run.
        page.begin(0)
        assert page.until(lambda: any("Kept jobs: k1 " in output.get("text", "") for output in page.outputs(0)))
        page.run(2)
    finally:
        gate.open()
    page.run(3)
    assert page.outputs(3)[0]["text"] == "42 row 0\nrow 1\nrow 2\n\n"
