"""Figures of matplotlib in a notebook: each job has its own.

All tests share one kernel, because its start and the import of matplotlib take seconds. The first one is about a job
that imports matplotlib before anybody else.
"""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("ipykernel")


def pictures(it, cell: str) -> int:
    return sum("image/png" in output.get("data", {}) for output in it.outputs[cell])


DRAWS = """\
%%bg
import matplotlib.pyplot as plt
plt.plot([1, 2])
begun.set()
gate.wait(60)
plt.plot([2, 1])
lines = len(plt.gca().lines)
"""


def test_a_figure_that_a_job_draws_bit_by_bit_is_shown_at_its_end_under_its_cell(it):
    job = it.run(DRAWS)
    other = it.run("begun.wait(60)\nimport matplotlib.pyplot as plt\nplt.plot([3, 3]); mine = len(plt.gca().lines)")
    assert (pictures(it, job), pictures(it, other)) == (0, 1)
    ending = it.run("gate.set(); jobs.wait()")
    it.wait_text(job, "has set", "text/plain")
    assert (pictures(it, job), pictures(it, ending)) == (1, 0)
    assert it.text(it.run("lines, mine"), "text/plain") == "(2, 1)"


def test_show_shows_a_jobs_figures_at_once_and_leaves_those_of_a_running_cell(it):
    it.run("import matplotlib.pyplot as plt")
    job = it.run("%%bg\nbegun.wait(60)\nplt.plot([1]); plt.show()\ngate.set()")
    cell = it.run("plt.plot([2])\nbegun.set(); gate.wait(60); jobs.wait()\nprint(plt.get_fignums())")
    it.wait_text(job, "Completed", "text/plain")
    assert (pictures(it, job), pictures(it, cell)) == (1, 1)
    assert it.text(cell) == "[1]\n"


def test_the_figures_of_jobs_that_run_at_once_are_apart(it):
    it.run("import matplotlib.pyplot as plt; barrier = threading.Barrier(2)")
    first, second = (
        it.run(
            f"%%bg --name {name}\nplt.plot([1])\nbarrier.wait(60)\nn{name} = len(plt.gca().lines), plt.get_fignums()"
        )
        for name in "ab"
    )
    for cell in (first, second):
        it.wait_text(cell, "has set", "text/plain")
        assert pictures(it, cell) == 1
    assert it.text(it.run("na, nb"), "text/plain") == "((1, [1]), (1, [1]))"


def test_a_job_that_fails_shows_what_it_has_drawn(it):
    it.run("import matplotlib.pyplot as plt")
    job = it.run("%%bg\nplt.plot([1])\n1 / 0")
    it.wait_text(job, "ZeroDivisionError", "text/plain")
    assert pictures(it, job) == 1


def test_with_ioff_only_show_shows_figures(it):
    it.run("import matplotlib.pyplot as plt; plt.ioff();")
    job = it.run("%%bg\nplt.plot([1]); plt.show()\nplt.plot([2])")
    it.wait_text(job, "Completed", "text/plain")
    it.run("plt.ion();")
    assert pictures(it, job) == 1


def test_a_figure_that_can_not_be_drawn_fails_no_job(it):
    it.run("import matplotlib.pyplot as plt")
    job = it.run("%%bg\nplt.title('$\\\\wrong$');")
    it.wait_text(job, "ValueError", "error")
    it.wait_text(job, "Completed", "text/plain")
