"""What a body reports of its progress, and where it is shown."""

from __future__ import annotations

import os
import re
import threading
import time

import pytest

import bgjobs
from bgjobs import BackgroundJobManager
from bgjobs.reporting import Progress

needs_posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a POSIX system")


@pytest.fixture
def jobs():
    return BackgroundJobManager()


@pytest.fixture
def half_done(jobs):
    """A job that has reported half of its work, and waits."""
    begun, gate = threading.Event(), threading.Event()

    def fit():
        bgjobs.progress(1, 4, "fitting")
        bgjobs.progress(2, 4)
        begun.set()
        gate.wait()

    job = jobs.new(fit)
    begun.wait()
    yield job
    gate.set()
    job.join()


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_text_is_what_is_known():
    for progress, text in [
        (Progress(2, 3, "fitting", 4.0), "fitting, 66%, about 4.0 s left"),
        (Progress(5, 3, None, None), "100%"),
        (Progress(7, None, None, None), "7 done"),
        (Progress(0, None, "looking", None), "looking"),
        (Progress(0, 0, None, None), ""),
        (Progress(1, 2, "red\x1b[31m\nfit", None), r"red\x1b[31m fit, 50%"),
    ]:
        assert str(progress) == text


def test_the_last_text_stays_and_the_rest_takes_as_long_as_the_first_half(half_done):
    progress = half_done.progress
    assert (progress.done, progress.total, progress.text) == (2, 4, "fitting")
    assert 0 < progress.remaining <= half_done._ran


def test_lists_tables_and_summaries_show_it_while_the_job_runs(half_done, jobs):
    assert ">fitting, 50%, about " in jobs._repr_html_()
    assert "<th" in half_done._repr_html_() and "Progress</th>" in half_done._repr_html_()
    summary = half_done.summary()
    assert summary["progress"] == {"done": 2, "total": 4, "text": "fitting"} and summary["remaining"] > 0


def test_the_list_of_the_prompt_shows_it(shell):
    shell.see("import bgjobs, threading\ngate, begun = threading.Event(), threading.Event()")
    shell.see("def fit(): bgjobs.progress(1, 4, '\\x1b[2Jfit'); begun.set(); gate.wait()")
    shell.see("%bg fit()")
    shell.see("begun.wait()")
    shown = shell.see("%jobs")
    assert re.search(r"0 : fit\(\)\n    .* m?s, \\x1b\[2Jfit, 25%, about ", shown)
    shell.see("gate.set(); jobs.wait()")
    assert "0 : fit()\n" in shell.see("%jobs")


def test_a_job_that_says_nothing_has_no_progress(jobs):
    job = jobs.new(abs, 1)
    job.join()
    assert job.progress is None
    assert (job.summary()["progress"], job.summary()["remaining"]) == (None, None)


def test_outside_of_jobs_nothing_is_reported():
    assert bgjobs.progress(1, 2) is None


@pytest.mark.parametrize("wrong", [-1, 0.5, "half"])
def test_a_wrong_count_is_an_error_that_names_it(jobs, wrong):
    message = rf"progress takes whole numbers, as in progress\(3, 10\), not {wrong!r}"
    with pytest.raises(ValueError, match=message):
        jobs.new(bgjobs.progress, wrong, 10).get()
    with pytest.raises(ValueError, match=message):
        bgjobs.progress(1, wrong)


def test_a_job_counts_those_of_a_map_that_have_ended(jobs):
    begun, gate = threading.Event(), threading.Event()

    def fit(n):
        if n == 2:
            begun.set()
            gate.wait(30)

    started = jobs.map(fit, range(4), limit=1, progress=True)
    assert begun.wait(30)
    whole = jobs[4]
    wait_until(lambda: whole.progress is not None and whole.progress.done == 2)
    assert [job.num for job in started] == [0, 1, 2, 3]
    assert "<td" in jobs._repr_html_() and ">all 4 of fit()</td>" in jobs._repr_html_()
    assert (whole.daemon, whole.progress.total) == (True, 4)
    gate.set()
    whole.get(30)
    assert whole.progress[:2] == (4, 4)


@needs_posix
def test_a_job_in_its_own_process_reports_too(jobs):
    def fit():
        import time

        import bgjobs

        bgjobs.progress(1, 4, "fitting")
        bgjobs.progress(3, 4)
        time.sleep(3600)

    job = jobs.new(fit, process=True)
    wait_until(lambda: job.progress is not None and job.progress.done == 3)
    assert (job.progress.total, job.progress.text) == (4, "fitting")
    assert job.progress.remaining > 0
    assert job.stop(timeout=30).stopped
    assert job.progress == (3, 4, "fitting", None)
