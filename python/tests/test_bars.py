"""Progress bars of tqdm, rich and joblib, which know nothing of jobs.

The last tests start processes that import them, which takes most of a second.
"""

from __future__ import annotations

import gc
import io
import os
import subprocess
import sys
import threading
import time

import pytest

from bgjobs import BackgroundJobManager

tqdm = pytest.importorskip("tqdm")
rich = pytest.importorskip("rich.progress")
joblib = pytest.importorskip("joblib")

needs_posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a POSIX system")


class Halfway:
    """Where a body waits until the test has looked."""

    def __init__(self):
        self.begun, self.gate = threading.Event(), threading.Event()

    def wait(self):
        self.begun.set()
        self.gate.wait(30)


@pytest.fixture
def jobs():
    return BackgroundJobManager()


@pytest.fixture
def halfway():
    it = Halfway()
    yield it
    it.gate.set()


def seen(jobs, halfway, body):
    """How far a job is at its half and at its end, without the time that is left."""
    job = jobs.new(body)
    assert halfway.begun.wait(30)
    progress = job.progress
    halfway.gate.set()
    job.get()
    return progress and progress[:3], job.progress and job.progress[:3]


def quiet(*args, **options):
    return tqdm.tqdm(*args, file=io.StringIO(), mininterval=0, miniters=1, **options)


def test_a_loop_over_tqdm(jobs, halfway):
    def body():
        for n in quiet(range(4), desc="rows"):
            if n == 2:
                halfway.wait()

    assert seen(jobs, halfway, body) == ((2, 4, "rows"), (4, 4, "rows"))


def test_of_nested_bars_the_outermost_counts(jobs, halfway):
    def body():
        for n in quiet(range(4), desc="epochs"):
            for m in quiet(range(3), desc="rows", leave=False):
                if (n, m) == (1, 2):
                    halfway.wait()

    assert seen(jobs, halfway, body) == ((1, 4, "epochs"), (4, 4, "epochs"))


@pytest.mark.parametrize("total", [4, None])
def test_a_bar_that_is_moved_by_hand(jobs, halfway, total):
    def body():
        with quiet(total=total) as bar:
            bar.update(3)
            halfway.wait()
            bar.update(1)

    assert seen(jobs, halfway, body) == ((3, total, None), (4, total, None))


def test_thread_map_and_tqdm_auto(jobs, halfway):
    from tqdm.contrib.concurrent import thread_map

    def body():
        thread_map(lambda n: halfway.wait() if n == 0 else None, range(4), file=io.StringIO(), desc="calls")

    first, last = seen(jobs, halfway, body)
    assert first[1:] == (4, "calls") and last == (4, 4, "calls")


def test_a_disabled_bar_is_none(jobs, halfway):
    def body():
        for _ in tqdm.tqdm(range(2), disable=True):
            halfway.wait()

    assert seen(jobs, halfway, body) == (None, None)


def test_a_job_that_dies_keeps_how_far_it_came(jobs):
    def body():
        for n in quiet(range(4)):
            if n == 3:
                raise ValueError("no rows")

    job = jobs.new(body)
    job.join()
    del body
    gc.collect()
    assert job.outcome == "failed" and job.progress[:2] == (3, 4)


def test_what_the_body_reports_itself_counts_more(jobs, halfway):
    def body():
        import bgjobs

        for _ in quiet(range(1)):
            bgjobs.progress(7, 8, "mine")
            halfway.wait()

    assert seen(jobs, halfway, body) == ((7, 8, "mine"), (7, 8, "mine"))


def test_bars_of_jobs_side_by_side_are_each_in_the_first_row(jobs):
    barrier = threading.Barrier(3)

    def body():
        bar = tqdm.tqdm(range(2), file=io.StringIO())
        barrier.wait()
        position = bar.pos
        barrier.wait()
        bar.close()
        return position

    assert [job.get() for job in [jobs.new(body) for _ in range(3)]] == [0, 0, 0]


def test_at_the_prompt_bars_are_as_ever_and_do_not_see_those_of_jobs(jobs, halfway):
    def body():
        for _ in quiet(range(1)):
            halfway.wait()

    job = jobs.new(body)
    halfway.begun.wait()
    with quiet(range(2)) as first, quiet(range(2)) as second:
        assert (first.pos, second.pos) == (0, 1)
        assert set(tqdm.tqdm._instances) == {first, second}
        # The thread that keeps slow bars moving sees all.
        assert len(tqdm.tqdm._instances.copy()) == 3
    halfway.gate.set()
    job.get()
    assert len(tqdm.tqdm._instances) == 0


def test_a_bar_does_not_live_longer_for_being_noted(jobs):
    import weakref

    def body():
        bar = quiet(range(2))
        return weakref.ref(bar)

    job = jobs.new(body)
    refer = job.get()
    gc.collect()
    assert refer() is None and job.progress[:2] == (0, 2)


def test_rich(jobs, halfway):
    from rich.console import Console

    def body():
        with rich.Progress(console=Console(file=io.StringIO())) as display:
            for n in display.track(range(4), description="rows..."):
                if n == 2:
                    wait_until(lambda: display.tasks[0].completed == 2)
                    halfway.wait()

    assert seen(jobs, halfway, body) == ((2, 4, "rows"), (4, 4, "rows"))


def test_joblib(jobs, halfway):
    def work(n):
        if n == 2:
            halfway.wait()

    def body():
        joblib.Parallel(n_jobs=1)(joblib.delayed(work)(n) for n in range(4))

    assert seen(jobs, halfway, body) == ((2, None, None), (4, 4, None))

    job = jobs.new(joblib.Parallel(n_jobs=2, backend="threading"), [joblib.delayed(abs)(n) for n in range(4)])
    job.get()
    assert job.progress[:3] == (4, 4, None)


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@needs_posix
def test_bars_in_a_process_of_its_own(jobs):
    def body():
        import time

        from tqdm import tqdm

        for n in tqdm(range(4), desc="rows", mininterval=0, miniters=1):
            if n == 3:
                time.sleep(3600)

    job = jobs.new(body, process=True)
    wait_until(lambda: job.progress is not None and job.progress.done == 3)
    assert job.progress[:3] == (3, 4, "rows") and job.progress.remaining > 0
    assert job.stop(timeout=30).stopped
    assert job.progress[:3] == (3, 4, "rows")


@needs_posix
def test_the_end_of_a_process_is_seen_however_short_it_was(jobs):
    def body():
        import tqdm

        for _ in tqdm.tqdm(range(4)):
            pass

    job = jobs.new(body, process=True)
    job.get()
    assert job.progress[:3] == (4, 4, None)


def test_the_first_bar_of_a_program_is_seen():
    program = """if True:
        import sys
        import bgjobs
        assert "tqdm" not in sys.modules
        jobs = bgjobs.BackgroundJobManager()
        def body():
            import io, tqdm
            for _ in tqdm.tqdm(range(3), file=io.StringIO()): pass
        job = jobs.new(body)
        job.get()
        print(job.progress)
    """
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr) == ("100%\n", "")
