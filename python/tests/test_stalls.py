"""Which job has stalled the prompt, with C code that really holds the interpreter's lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from bgjobs import BackgroundJobManager, stalls, workers

pytestmark = pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="needs clocks of threads")


class Reports(list):
    """The reports of a monitor, which may come after the job has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.any = threading.Event()

    def __call__(self, stall: stalls.Stall) -> None:
        self.append(stall)
        self.any.set()


@pytest.fixture
def reports() -> Iterator[Reports]:
    reports = Reports()
    workers.on_start = stalls.StallMonitor(reports).add
    yield reports
    workers.on_start = None


@pytest.fixture(scope="module")
def size() -> int:
    """How many numbers to sum, so that one call into C takes a second of the processor."""
    size = 1_000_000
    began = time.thread_time()
    sum(range(size))
    return int(size / (time.thread_time() - began))


def test_a_job_that_holds_the_lock_is_named_with_its_call(reports: Reports, size: int) -> None:
    jobs = BackgroundJobManager()
    done: list[bool] = []

    def body() -> None:
        sum(range(size))
        # It stays in this function, where the monitor sees it.
        while not done:
            time.sleep(0.001)

    job = jobs.new(body)
    was_reported = reports.any.wait(30)
    done.append(True)
    job.join()
    assert was_reported
    [stall] = reports
    assert stall.job is job and stall.seconds >= 0.4
    assert stall.place is not None
    assert f"{__file__}:" in stall.place and stall.place.endswith("in body")


def test_a_job_that_ends_with_its_call_is_still_named(reports: Reports, size: int) -> None:
    job = BackgroundJobManager().new("sum(range(size))", {"size": size})
    assert reports.any.wait(30)
    job.join()
    assert reports[0].job is job
    assert "by job #0 (sum(range(size)))" in str(reports[0])


def test_a_stall_in_the_middle_of_a_look_is_told_and_delays_no_later_look(
    reports: Reports, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, begun = threading.Event(), threading.Event()
    used, looks = stalls._used, []

    def look() -> dict[int, float]:
        found = used()
        looks.append(found)
        if len(looks) == 2:
            go.set()
            begun.wait(60)
        return found

    def body() -> None:
        go.wait(60)
        begun.set()
        sum(range(size))

    monkeypatch.setattr(stalls, "_used", look)
    jobs = BackgroundJobManager()
    gate = threading.Event()
    jobs.new(gate.wait)
    job = jobs.new(body)
    was_reported = reports.any.wait(15)
    gate.set()
    jobs.wait()
    assert was_reported
    assert reports[0].job is job


def test_no_job_is_blamed_for_a_stall_by_the_prompt_itself(reports: Reports, size: int) -> None:
    jobs = BackgroundJobManager()
    gate = threading.Event()
    job = jobs.new(gate.wait)
    sum(range(size))
    gate.set()
    job.join()
    # The monitor has looked for the last time when its thread has ended.
    deadline = time.monotonic() + 30
    while any(thread.name == "bgjobs: stalls" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not reports


def test_without_jobs_no_monitor_runs(reports: Reports) -> None:
    BackgroundJobManager().new(int).join()
    deadline = time.monotonic() + 30
    while any(thread.name == "bgjobs: stalls" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
