"""The panel in a real JupyterLab, in Chromium: rows, a stop during a cell, reload, a second view, a restart, saving.

A test takes some seconds, as people's notebooks do: pages load, kernels start.
"""

from __future__ import annotations

import re

import pytest
from lab import notebook_of

pytest.importorskip("anywidget")

SETUP = """
%load_ext bgjobs
import os, time, threading, bgjobs
from bgjobs.panel import exchange
exchange.KEPT = 0.5

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
    row(window, 0).locator(".bgjobs-progress-text", has_text="0% · epoch").wait_for()
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


def picture(saved: dict) -> str:
    """The still picture of the panel that the third cell shows, in a notebook that was saved."""
    live, still = saved["cells"][2]["outputs"]
    assert "".join(live["data"]["text/html"]) == ""
    return "".join(still["data"]["text/html"])


def test_a_notebook_that_is_saved_while_jobs_run_shows_the_panel_of_then_without_its_kernel(opened, lab):
    window = opened("job = jobs.new(fit, 100000)", "%jobs --live")
    window.run(1)
    show(window, 2)
    still = window.page.locator(".bgjobs-still")
    assert not still.is_visible()
    assert window.until(lambda: re.search("step [1-9]", picture(window.save())))
    # A page that is loaded again saves what is new too.
    window.page.reload()
    window.wait_ready()
    row(window, 0).wait_for()
    before = picture(window.save())
    assert window.until(lambda: picture(window.save()) != before)
    assert not still.is_visible()
    window.evaluate("panel.sessionContext.shutdown()")
    for has_kernel in (True, False):
        again = lab.window(window.path.name, has_kernel=has_kernel)
        again.page.locator(".bgjobs-still").get_by_text("fit(100000)").wait_for()
        assert again.page.get_by_text("As of").is_visible()
        for words in ("Loading widget", "Error displaying"):
            assert not any(found.is_visible() for found in again.page.get_by_text(words).all())
        if has_kernel:
            again.evaluate("panel.sessionContext.shutdown()")
        again.close()


def test_when_all_jobs_have_ended_the_panel_stays_live_and_its_notebook_keeps_how_they_ended(opened):
    window = opened("job = jobs.new(fit, 3)", "%jobs --live", "job = jobs.new(fit, 3)")
    window.run(1)
    show(window, 2)
    window.page.locator("[data-id='0'][data-state='done']").wait_for()
    assert window.until(lambda: "As of" not in picture(window.save()))
    window.run(3)
    window.page.locator("[data-id='1'][data-state='done']").wait_for()
    assert window.until(lambda: "As of" not in picture(window.save()) and "#1" in picture(window.save()))
