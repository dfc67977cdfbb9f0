"""The panel in a real JupyterLab, in Chromium: rows, a stop during a cell, reload, a second view, a restart, saving.

A test takes some seconds, as people's notebooks do: pages load, kernels start.
"""

from __future__ import annotations

import pytest
from lab import notebook_of

pytest.importorskip("anywidget")

SETUP = """
%load_ext bgjobs
import os, time, threading, bgjobs
from bgjobs.panel import exchange
exchange.GRACE = 1.0

def fit(steps):
    for step in range(steps):
        bgjobs.progress(step, steps, "epoch")
        print("step", step)
        bgjobs.sleep(0.1)
"""

SLEEP = "while not os.path.exists('gate'): time.sleep(0.05)"


@pytest.fixture
def opened(lab):
    windows = []

    def opened(*cells: str, **options):
        window = lab.open(notebook_of(SETUP, *cells), **options)
        windows.append(window)
        window.run(0)
        return window

    yield opened
    for window in windows:
        window.evaluate("panel.sessionContext.shutdown()")
        window.close()


def row(window, number: int):
    return window.page.locator(f".bgjobs [data-id='{number}']")


def show(window, index: int) -> None:
    """Runs the cell, and waits until its panel is in view."""
    window.run(index)
    panel = window.page.locator(".bgjobs").last
    panel.wait_for()
    panel.scroll_into_view_if_needed()


def test_a_stop_is_heard_while_a_cell_runs(opened, lab):
    window = opened("job = jobs.new(fit, 100000)", "%jobs --live", SLEEP)
    window.run(1)
    show(window, 2)
    row(window, 0).locator(".bgjobs-progress-text", has_text="0 % · epoch").wait_for()
    window.begin(3)
    window.wait_for("cells.get(3).executionState === 'running'")
    row(window, 0).get_by_role("button", name="Stop").click()
    window.page.locator("[data-id='0'][data-state='stopped']").wait_for()
    assert window.evaluate("cells.get(3).executionState") == "running"
    (lab.folder / "gate").touch()


def test_an_open_row_shows_the_log_as_it_grows_and_keys_are_not_commands_of_the_notebook(opened):
    window = opened("job = jobs.new(fit, 100000)", "%jobs --live")
    window.run(1)
    show(window, 2)
    head = row(window, 0).locator(".bgjobs-head")
    head.click()
    row(window, 0).get_by_text("step 1", exact=True).wait_for()
    row(window, 0).get_by_text("in fit").wait_for()
    cells = window.evaluate("cells.length")
    head.focus()
    # In a notebook it adds a cell.
    window.page.keyboard.press("b")
    assert window.evaluate("cells.length") == cells
    window.page.get_by_role("searchbox", name="Show only the jobs").press("b")
    assert window.evaluate("cells.length") == cells


def test_a_page_that_is_loaded_again_and_a_second_view_show_the_same(opened):
    window = opened("job = jobs.new(fit, 100000)", "%jobs --live", "jobs.panel()")
    window.run(1)
    show(window, 2)
    row(window, 0).first.wait_for()
    show(window, 3)
    assert window.page.locator(".bgjobs").count() == 2
    row(window, 0).nth(1).locator(".bgjobs-progress-text", has_text="epoch").wait_for()
    window.save()
    window.page.reload()
    window.wait_ready()
    window.page.locator(".bgjobs").first.wait_for()
    window.page.locator(".bgjobs").first.scroll_into_view_if_needed()
    row(window, 0).first.locator(".bgjobs-progress-text", has_text="epoch").wait_for()
    row(window, 0).first.get_by_role("button", name="Stop").click()
    window.page.locator("[data-id='0'][data-state='stopped']").first.wait_for()


def test_after_a_restart_of_the_kernel_the_panel_says_that_it_is_disconnected(opened):
    window = opened("job = jobs.new(fit, 100000)", "%jobs --live")
    window.run(1)
    show(window, 2)
    row(window, 0).wait_for()
    window.evaluate("panel.sessionContext.session.kernel.restart()")
    window.page.locator(".bgjobs").get_by_text("Disconnected").wait_for()
    assert row(window, 0).get_by_role("button", name="Stop").is_disabled()


def test_a_notebook_that_is_saved_while_nothing_runs_has_the_panel_as_html(opened, lab):
    window = opened("job = jobs.new(fit, 3)", "%jobs --live", "job = jobs.new(fit, 100000)")
    window.run(1)
    show(window, 2)
    window.page.locator("summary", has_text="fit(3)").wait_for()
    assert window.page.locator(".bgjobs").count() == 0
    (output,) = window.save()["cells"][2]["outputs"]
    assert set(output["data"]) == {"text/html", "text/plain"}
    # The next job brings it back.
    window.run(3)
    row(window, 1).wait_for()
    assert row(window, 0).get_attribute("data-state") == "done"
